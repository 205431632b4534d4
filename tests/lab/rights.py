"""Can a lab run on this machine, and how? Asked of the kernel, in a process of its own; nothing is changed."""

import os
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path

_CAP_SYS_ADMIN, _CAP_NET_ADMIN = 1 << 21, 1 << 12
_TRIAL = """
import os, sys
from tests.lab import kernel
if sys.argv[1] == "own":
    kernel.own_user_namespace()
kernel.unshare(kernel.NEW_NETWORK)
os.close(kernel.open_tun("tun0"))
kernel.own_mounts()
"""


def needs_own_user() -> bool:
    """Whether this process must make a user namespace before the others."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    effective = next(int(line.split()[1], 16) for line in status.splitlines() if line.startswith("CapEff"))
    wanted = _CAP_SYS_ADMIN | _CAP_NET_ADMIN
    return os.geteuid() != 0 or effective & wanted != wanted


@cache
def missing() -> str | None:
    """Why no lab can run here, or nothing."""
    if sys.platform != "linux":
        return "the lab needs Linux"
    for program in ("ip", "nsenter", "sh"):
        if shutil.which(program, path=program_path()) is None:
            return f"the lab needs the program {program}"
    if not Path("/dev/net/tun").exists():
        return "the lab needs /dev/net/tun"
    user = "own" if needs_own_user() else "given"
    root = Path(__file__).resolve().parents[2]
    trial = subprocess.run(
        [sys.executable, "-c", _TRIAL, user], cwd=root, capture_output=True, text=True, check=False, timeout=30
    )
    if trial.returncode != 0:
        return f"the lab may not make namespaces here: {trial.stderr.strip().splitlines()[-1]}"
    return None


def program_path() -> str:
    """PATH with this Python's programs first, and those of the administrator too."""
    parts = [str(Path(sys.executable).parent), *os.environ.get("PATH", os.defpath).split(":"), "/usr/sbin", "/sbin"]
    return ":".join(dict.fromkeys(part for part in parts if part))
