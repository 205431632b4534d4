"""Makes the namespaces of one lab, starts router and world in them, and ends all that lives there when the lab goes.

Started by `Lab` as a process of its own, with a life line: when that closes, for whatever reason, every process in
the two network namespaces is ended, and the kernel takes the namespaces away.
"""

import os
import resource
import select
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from multiprocessing.connection import Connection
from pathlib import Path

from tests.lab import kernel, world
from tests.lab.orders import ALIVE, CLIENT_ROOTS, Orders, Plan, Route
from tests.lab.router import Router

DEVICE = "tun0"
MTU = 1500
_QUEUE_PACKETS = 3000
OS_ROOTS = (Path("/etc/ssl/certs/ca-certificates.crt"), Path("/etc/pki/tls/certs/ca-bundle.crt"))
_SETTINGS = {
    f"ipv6/conf/{DEVICE}/disable_ipv6": "1",  # the lab has IPv4 only
    "ipv4/ip_forward": "0",  # a new namespace may take this and the next from the host
    "ipv4/conf/all/rp_filter": "0",
    f"ipv4/conf/{DEVICE}/rp_filter": "0",
    "ipv4/ping_group_range": "0 65535",
}


def _network(addresses: str) -> int:
    """A network namespace of our own with `lo` and a TUN device as its default route. Returns the device."""
    kernel.unshare(kernel.NEW_NETWORK)
    device = kernel.open_tun(DEVICE)
    for name, value in _SETTINGS.items():
        with suppress(OSError):  # a container may forbid it; most machines begin with these values
            Path("/proc/sys/net", name).write_text(value, encoding="ascii")
    lines = f"link set lo up\n{addresses}link set {DEVICE} mtu {MTU} txqueuelen {_QUEUE_PACKETS} up\n"
    lines += f"route add default dev {DEVICE}\n"
    subprocess.run(["ip", "-batch", "-"], input=lines, text=True, check=True)
    return device


def _follow_ipv6(route: Route) -> None:
    """A way into the IPv6 internet that the client believes in; the router loses all that is sent on it."""
    if route.client_ipv6 is None:
        return
    Path(f"/proc/sys/net/ipv6/conf/{DEVICE}/disable_ipv6").write_text("0", encoding="ascii")
    lines = f"address add {route.client_ipv6}/128 dev {DEVICE} nodad\nroute add default dev {DEVICE}\n"
    subprocess.run(["ip", "-6", "-batch", "-"], input=lines, text=True, check=True)


def _trust(folder: Path) -> None:
    """The operating system's root certificates are those of the lab, in this mount namespace."""
    roots = folder / CLIENT_ROOTS
    roots.touch()
    for store in OS_ROOTS:
        if store.exists():
            kernel.bind(roots, store.resolve())


def _resolve_with(folder: Path, name: str, resolver: str) -> None:
    """Name resolution of this mount namespace: DNS only, and only this resolver."""
    kernel.own_mounts()
    files = {
        "resolv.conf": f"nameserver {resolver}\n",
        "hosts": "127.0.0.1 localhost\n::1 localhost\n",
        "nsswitch.conf": "hosts: files dns\n",
    }
    for file, text in files.items():
        source, target = folder / f"{name}-{file}", Path("/etc", file)
        source.write_text(text, encoding="ascii")
        if target.exists():
            kernel.bind(source, target)
    if Path("/run/nscd").exists():  # a cache of the host's that would answer in our place
        (folder / "empty").mkdir(exist_ok=True)
        kernel.bind(folder / "empty", Path("/run/nscd"))


def _child(task: Callable[[], None], not_its: tuple[Connection, ...]) -> int:
    """Run the task in a child that dies with us, and that holds no end of another's channel."""
    pid = os.fork()
    if pid:
        return pid
    try:
        for end in not_its:
            end.close()
        kernel.die_with_parent(signal.SIGKILL)
        task()
    except KeyboardInterrupt:
        os._exit(130)
    except BaseException:  # noqa: BLE001 - whatever it is, a forked child must never return
        sys.excepthook(*sys.exc_info())
        os._exit(1)
    os._exit(0)


def _this_network() -> int:
    return Path("/proc/self/ns/net").stat().st_ino


def _end_inhabitants(namespaces: set[int]) -> bool:
    """Whoever lives in the namespaces of the lab ends with it. False if nobody does any more."""
    found = False
    for folder in Path("/proc").iterdir():
        if not folder.name.isdigit() or int(folder.name) == os.getpid():
            continue
        with suppress(OSError):
            if (folder / "ns/net").stat().st_ino in namespaces:
                os.kill(int(folder.name), signal.SIGKILL)
                found = True
    return found


def main() -> None:
    to_lab, to_world, to_router = (Connection(int(number)) for number in sys.argv[1:4])
    orders: Orders = to_lab.recv()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))  # each site of the world listens on two ports
    if orders.own_user:
        kernel.own_user_namespace()
    outside = _network("")
    inhabited = {_this_network()}
    world_pid = _child(lambda: _run_world(orders.plan, to_world), (to_lab, to_router))
    client = _network(f"address add {orders.route.client}/32 dev {DEVICE}\n")
    _follow_ipv6(orders.route)
    inhabited.add(_this_network())
    router_pid = _child(lambda: _run_router(orders, client, outside, to_router), (to_lab, to_world))
    to_world.close()
    to_router.close()
    alive = orders.plan.folder / ALIVE
    alive.touch()
    to_lab.send((router_pid, world_pid))
    ends = (to_lab.fileno(), os.pidfd_open(router_pid), os.pidfd_open(world_pid))
    select.select(ends, [], [])
    alive.unlink(missing_ok=True)  # nobody begins to live here after this
    while _end_inhabitants(inhabited):
        pass
    shutil.rmtree(orders.plan.folder, ignore_errors=True)


def _run_world(plan: Plan, control: Connection) -> None:
    _resolve_with(plan.folder, "world", plan.clean_resolver)
    world.run(plan, control)


def _run_router(orders: Orders, client: int, outside: int, control: Connection) -> None:
    _resolve_with(orders.plan.folder, "client", orders.plan.isp_resolver)
    _trust(orders.plan.folder)
    router = Router(client, outside, orders.road, orders.route, orders.rules, orders.seed)
    control.send(None)
    router.run(control)


if __name__ == "__main__":
    main()
