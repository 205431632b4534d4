"""The few system calls of Linux that Python has no function for: namespaces, mounts, TUN devices.

Nothing is decided here, and nothing outside the calling process's own namespaces is changed.
"""

import ctypes
import fcntl
import os
import struct
from pathlib import Path

NEW_MOUNTS = 0x0002_0000
NEW_USER = 0x1000_0000
NEW_NETWORK = 0x4000_0000

_BIND, _PRIVATE_TREE = 0x1000, 0x4_4000
_TUNSETIFF, _IFF_TUN, _IFF_NO_PI = 0x4004_54CA, 0x0001, 0x1000
_PR_SET_PDEATHSIG = 1

_libc = ctypes.CDLL(None, use_errno=True)


def _check(result: int, what: str) -> None:
    if result != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")


def unshare(flags: int) -> None:
    _check(_libc.unshare(flags), "unshare")


def enter(namespace: int) -> None:
    """Go back into a namespace of which a descriptor was kept."""
    _check(_libc.setns(namespace, 0), "setns")


def die_with_parent(signal_number: int) -> None:
    _check(_libc.prctl(_PR_SET_PDEATHSIG, signal_number, 0, 0, 0), "prctl")


def own_user_namespace() -> None:
    """Become root of a new user namespace, as an ordinary user may."""
    uid, gid = os.geteuid(), os.getegid()
    unshare(NEW_USER)
    Path("/proc/self/setgroups").write_text("deny", encoding="ascii")
    Path("/proc/self/uid_map").write_text(f"0 {uid} 1", encoding="ascii")
    Path("/proc/self/gid_map").write_text(f"0 {gid} 1", encoding="ascii")


def own_mounts() -> None:
    """A mount namespace whose changes nobody else sees."""
    unshare(NEW_MOUNTS)
    _check(_libc.mount(b"none", b"/", None, _PRIVATE_TREE, None), "mount")


def bind(source: Path, target: Path) -> None:
    """Let `source` stand in the place of `target`."""
    _check(_libc.mount(os.fsencode(source), os.fsencode(target), None, _BIND, None), f"bind {target}")


def open_tun(name: str) -> int:
    """A new TUN device in the network namespace of the caller; the descriptor works from everywhere."""
    descriptor = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)
    fcntl.ioctl(descriptor, _TUNSETIFF, struct.pack("16sH22x", name.encode(), _IFF_TUN | _IFF_NO_PI))
    return descriptor
