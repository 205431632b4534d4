"""Where an archive lies, a folder or a bucket of S3's kind: how files come and go there whole, and who may write.

Which files belong to the archive is results/archive/manifest.py's to say. Names within a place have slashes everywhere.
"""

import os
import sys
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import IO, Any, Protocol
from urllib.parse import urlsplit
from uuid import uuid4

from pyarrow import fs

from results.archive.needs import ArchiveError

NEW = ".new"  # at the end of a name: not yet part of anything
_INCOMING, _LOCK, _WRITERS = "incoming", "writing.lock", "writing"
_KEYS = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")
_PATIENCE_S, _ATTEMPTS = 20.0, 4


class Place(Protocol):
    """What an archive needs of where it lies. As a text, it is what a person calls it."""

    @property
    def system(self) -> fs.FileSystem:
        """Through which its files are read."""

    def path(self, inside: str) -> str:
        """What that system calls a file."""

    def text(self, inside: str) -> str | None:
        """A whole file; None where there is none."""

    def commit(self, inside: str, text: str) -> None:
        """A whole file in the place of what was there: whoever reads finds the one or the other."""

    def part(self, inside: str) -> AbstractContextManager[IO[bytes]]:
        """A new file to write to, that is under its name once it is whole and `settled`."""

    def settled(self, parts: Iterable[str]) -> None:
        """All at once, so that who reads without the manifest sees little before its time."""

    def remove(self, inside: str) -> None:
        """A file that is there."""

    def files(self, inside: str) -> list[str]:
        """All files below."""

    def bare(self) -> bool:
        """Whether nothing is there."""

    def alone(self) -> AbstractContextManager[None]:
        """The only writer. Raises ArchiveError where another one is."""

    def scratch(self) -> AbstractContextManager[Path]:
        """A folder of this machine for what is on its way into the archive."""


@dataclass(frozen=True)
class Folder:
    """A folder of this machine. What is committed is on the disk, and there after a power cut too."""

    root: Path

    def __str__(self) -> str:
        return str(self.root)

    @property
    def system(self) -> fs.FileSystem:
        return fs.LocalFileSystem()

    def path(self, inside: str) -> str:
        return str(self.root / inside)

    def text(self, inside: str) -> str | None:
        try:
            return (self.root / inside).read_text("utf-8")
        except FileNotFoundError:
            return None
        except NotADirectoryError as exc:
            raise ArchiveError(f"{self} is no folder, and so no archive.") from exc

    def commit(self, inside: str, text: str) -> None:
        path = self.root / inside
        new = path.with_name(path.name + NEW)
        with new.open("w", encoding="utf-8") as file:
            file.write(text)
            to_disk(file)
        new.replace(path)
        _folder_to_disk(path.parent)

    @contextmanager
    def part(self, inside: str) -> Iterator[IO[bytes]]:
        path = self.root / inside
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.with_name(path.name + NEW).open("wb") as file:
            yield file
            to_disk(file)

    def settled(self, parts: Iterable[str]) -> None:
        folders: set[Path] = set()
        for inside in parts:
            path = self.root / inside
            path.with_name(path.name + NEW).replace(path)
            folders.update((path.parent, path.parent.parent))
        for one in folders:
            _folder_to_disk(one)

    def remove(self, inside: str) -> None:
        (self.root / inside).unlink()

    def files(self, inside: str) -> list[str]:
        found = (path for path in (self.root / inside).rglob("*") if path.is_file())
        return [path.relative_to(self.root).as_posix() for path in found]

    def bare(self) -> bool:
        return not self.root.exists() or all(path.name == _LOCK for path in self.root.iterdir())

    @contextmanager
    def alone(self) -> Iterator[None]:
        """The system lets go of the lock when the program ends, however that comes."""
        self.root.mkdir(parents=True, exist_ok=True)
        with (self.root / _LOCK).open("a+b") as file:
            if not _locked(file):
                raise ArchiveError(f"Another program writes to the archive {self}; try again when it has ended.")
            yield

    @contextmanager
    def scratch(self) -> Iterator[Path]:
        """Beside the archive, where there is room. What a killed program left there goes first."""
        folder = self.root / _INCOMING
        folder.mkdir(exist_ok=True)
        for path in folder.iterdir():
            path.unlink()
        yield folder


@dataclass(frozen=True)
class Objects:
    """Objects below a name in a bucket. One is there whole or not at all, and seen by all from then on."""

    root: str  # "bucket/prefix"

    def __str__(self) -> str:
        return f"s3://{self.root}"

    @property
    def system(self) -> fs.FileSystem:
        return _storage(os.environ.get("AWS_ENDPOINT_URL_S3") or os.environ.get("AWS_ENDPOINT_URL"))

    def path(self, inside: str) -> str:
        return f"{self.root}/{inside}"

    def text(self, inside: str) -> str | None:
        try:
            with self.system.open_input_file(self.path(inside)) as file:
                return str(file.read(), "utf-8")
        except FileNotFoundError:
            return None

    def commit(self, inside: str, text: str) -> None:
        content = text.encode()
        with self.system.open_output_stream(self.path(inside)) as file:
            file.write(content)

    @contextmanager
    def part(self, inside: str) -> Iterator[IO[bytes]]:
        with self.system.open_output_stream(self.path(inside)) as file:
            yield file

    def settled(self, parts: Iterable[str]) -> None:
        """They are: an object is there when it is whole."""

    def remove(self, inside: str) -> None:
        self.system.delete_file(self.path(inside))

    def files(self, inside: str) -> list[str]:
        below = fs.FileSelector(self.path(inside), recursive=True, allow_not_found=True)
        found = self.system.get_file_info(below)
        return [one.path.removeprefix(f"{self.root}/") for one in found if one.type is fs.FileType.File]

    def bare(self) -> bool:
        return all(name.startswith(f"{_WRITERS}/") for name in self.files(""))

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Each says first that it writes, then looks who else does: of two, one at most finds itself alone."""
        mine = f"{_WRITERS}/{uuid4().hex}"
        self.commit(mine, "")
        try:
            others = [name for name in self.files(_WRITERS) if name != mine]
            if others:
                left = f"if it was killed, remove {self}/{others[0]}"
                raise ArchiveError(
                    f"Another program writes to the archive {self}; try again when it has ended, or {left}."
                )
            yield
        finally:
            self.remove(mine)

    @contextmanager
    def scratch(self) -> Iterator[Path]:
        with tempfile.TemporaryDirectory(prefix="kedergi-") as folder:
            yield Path(folder)


def at(name: str) -> Place:
    """The place that a person names. Raises ArchiveError for an address of another kind."""
    scheme, separator, rest = name.partition("://")
    if not separator or scheme == "file":
        return Folder(Path(name.removeprefix("file://")))
    parts = urlsplit(name)
    if scheme != "s3":
        raise ArchiveError(f"--archive is {name!r}: allowed is a folder, or s3://BUCKET/NAME.")
    if not parts.netloc or not parts.path.strip("/") or "@" in parts.netloc or parts.query or parts.fragment:
        raise ArchiveError("--archive is not an address like s3://BUCKET/NAME; keys are taken from the environment.")
    return Objects(rest.strip("/"))


def to_disk(file: IO[Any]) -> None:
    file.flush()
    os.fsync(file.fileno())


def _folder_to_disk(folder: Path) -> None:
    """So that a new name is there after a power cut too."""
    if sys.platform == "win32":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _locked(file: IO[bytes]) -> bool:
    try:
        if sys.platform == "win32":
            import msvcrt  # noqa: PLC0415 - is on Windows alone

            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        else:
            import fcntl  # noqa: PLC0415 - is not on Windows

            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


@cache
def _storage(endpoint: str | None) -> fs.FileSystem:
    """With the keys of the environment; without any as anybody, for what is public."""
    key, secret, token = map(os.environ.get, _KEYS)
    retries = fs.AwsStandardS3RetryStrategy(max_attempts=_ATTEMPTS)
    try:
        return fs.S3FileSystem(
            access_key=key,
            secret_key=secret,
            session_token=token,
            anonymous=key is None,
            region=os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION") or "us-east-1",
            endpoint_override=endpoint,
            connect_timeout=_PATIENCE_S,
            request_timeout=_PATIENCE_S,
            retry_strategy=retries,
        )
    except (OSError, ValueError) as exc:
        raise ArchiveError(f"The keys or the address of the storage in the environment are not usable: {exc}.") from exc
