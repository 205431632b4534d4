"""A disk that is small, seen by a few processes alone: it can be filled, and be given room again."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

_HOLD = "mount -t tmpfs -o size={mib}m,mode=0755 none {folder} && chmod 0777 {folder} && echo ready && exec cat"
_FILL = (
    "left=$(df --output=avail -k {folder} | tail -1) && head -c $(( (left - {kib}) * 1024 )) /dev/zero > {folder}/fill"
)


@dataclass(frozen=True, slots=True)
class SmallDisk:
    """`inside` stands before a command that shall see it."""

    folder: Path
    inside: list[str]

    def fill(self, *, left_kib: int) -> None:
        self._run(_FILL.format(folder=self.folder, kib=left_kib))

    def make_room(self) -> None:
        self._run(f"rm {self.folder}/fill")

    def _run(self, script: str) -> None:
        subprocess.run([*self.inside, "sh", "-c", script], check=True, timeout=60)


@contextmanager
def small_disk(folder: Path, mib: int) -> Iterator[SmallDisk]:
    """Below this folder, which others see empty. Takes the rights of root."""
    command = ["unshare", "--mount", "--propagation", "private", "sh", "-c", _HOLD.format(folder=folder, mib=mib)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "ready\n"
        yield SmallDisk(folder, ["nsenter", f"--mount=/proc/{holder.pid}/ns/mnt", "--"])
        holder.kill()
