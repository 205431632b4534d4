"""Commands inside the lab: run to their end, or started and ended with it.

Which namespaces those are is the lab's business.
"""

import os
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

Command = Sequence[str | Path]
_PROXIES = ("http_proxy", "https_proxy", "all_proxy", "no_proxy")
_GRACE_S = 3

# Once inside: is the lab still there? Whoever came after its end would be overlooked. Then go back to the working
# directory, and become the command, so that signals reach it.
_ENTER = '[ -e "$1" ] && cd "$2" && shift 2 && exec "$@"'


class Place:
    """The client's country, or the world outside: where a command may live."""

    def __init__(self, pid: int, alive: Path, *, own_user: bool, environment: Mapping[str, str]) -> None:
        user = ["--user", "--preserve-credentials"] if own_user else []
        self._enter = [
            "nsenter",
            "--target",
            str(pid),
            *user,
            "--net",
            "--mount",
            "--",
            "sh",
            "-c",
            _ENTER,
            "lab",
            str(alive),
        ]
        self._environment = environment
        self._started: list[subprocess.Popen[str]] = []

    def run(
        self, command: Command, *, env: Mapping[str, str] | None = None, timeout_s: float = 60.0, **options: Any
    ) -> subprocess.CompletedProcess[str]:
        if "stdout" not in options and "stderr" not in options:
            options["capture_output"] = True
        check = options.pop("check", False)
        argv, options = self._inside(command, options)
        return subprocess.run(argv, env=self._with(env), text=True, timeout=timeout_s, check=check, **options)

    def popen(self, command: Command, *, env: Mapping[str, str] | None = None, **options: Any) -> subprocess.Popen[str]:
        argv, options = self._inside(command, options)
        process = subprocess.Popen(argv, env=self._with(env), text=True, **options)
        self._started.append(process)
        return process

    def _inside(self, command: Command, options: dict[str, Any]) -> tuple[list[str], dict[str, Any]]:
        folder = options.pop("cwd", None) or Path.cwd()
        return [*self._enter, str(folder), *map(str, command)], options

    def _with(self, env: Mapping[str, str] | None) -> dict[str, str]:
        return {**self._environment, **(env or {})}

    def end(self) -> None:
        """Ask those that still run, then insist."""
        running = [process for process in self._started if process.poll() is None]
        for process in running:
            process.terminate()
        for process in self._started:
            with suppress(subprocess.TimeoutExpired):
                process.wait(_GRACE_S)
            process.kill()
            for stream in (process.stdin, process.stdout, process.stderr):
                if stream is not None:
                    with suppress(OSError):
                        stream.close()
            process.wait()


def environment(folder: Path, path: str, ca_file: Path) -> dict[str, str]:
    """This environment without proxies, with the lab's CA alone, and with a home for data in the lab's folder."""
    own = {name: value for name, value in os.environ.items() if name.lower() not in _PROXIES}
    homes = {f"XDG_{name}_HOME": str(folder / name.lower()) for name in ("CONFIG", "DATA", "STATE")}
    return {**own, **homes, "PATH": path, "SSL_CERT_FILE": str(ca_file), "CURL_CA_BUNDLE": str(ca_file)}
