"""The list of targets that comes from the server: read, held against the server's key, kept, and never an older one.

What of it is measured is decided in probe/lists.py. How it is fetched is in fetching.py.
"""

import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from probe.tongue import say
from probe.vantage import private, sealed
from probe.vantage.enrolment import BadEnrolment
from probe.vantage.sealed import Kind, NotSealed
from targets.row import BadRow, target_of
from targets.target import Target, Use

FILE = "server-list.jsonl"  # in the data folder
MAX_BYTES = 4 * 1024 * 1024
COLUMNS = ("url", "outlet", "role", "category", "language", "tier", "use")  # what a server tells of a target
_TARGETS_MAX = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerList:
    """One version of it."""

    version: str  # SHA-256 of what is sealed; an ETag, too
    made_at: datetime  # a later version was made later
    targets: tuple[Target, ...]
    unread: int = 0  # lines that this program can't use


def line_of(target: Target) -> bytes:
    """A target as a line of the list."""
    said = {name: value for name, value in asdict(target).items() if name in COLUMNS}
    return json.dumps(said, ensure_ascii=False, separators=(",", ":")).encode()


def read(content: bytes, believed: Ed25519PublicKey) -> ServerList:
    """Raises NotSealed where it is not the server's, or more than a server has to say."""
    if len(content) > MAX_BYTES:
        raise NotSealed(f"it is longer than {MAX_BYTES} bytes")
    lines = [line for line in map(bytes.strip, content.split(b"\n")) if line]
    found = sealed.checked(lines, Kind.TARGETS, lambda _head: believed)
    if found.lines > _TARGETS_MAX:
        raise NotSealed(f"it has more than {_TARGETS_MAX} targets")
    targets = tuple(_targets(sealed.between(lines)))
    return ServerList(
        version=found.sha256, made_at=found.head.made_at, targets=targets, unread=found.lines - len(targets)
    )


def kept(folder: Path, believed: Ed25519PublicKey | None) -> ServerList | None:
    """The newest that came; None where none did, or what is there is not the server's (it joined another since)."""
    if believed is None:
        return None
    try:
        return read((folder / FILE).read_bytes(), believed)
    except (FileNotFoundError, NotSealed):
        return None
    except OSError as exc:
        says = say("The server's list can't be read from {path}: {why}.", path=folder / FILE, why=exc.strerror)
        raise BadEnrolment(says) from exc


def keep(folder: Path, content: bytes) -> None:
    """What `read` has taken. Raises OSError."""
    with private.whole(folder / FILE) as file:
        file.write(content)


def _targets(lines: Iterable[bytes]) -> Iterator[Target]:
    """Those that this program can use; what a newer server says in another way is passed over."""
    for line in lines:
        try:
            said = json.loads(line)
            cells = {name: str(said[name]) for name in COLUMNS if said.get(name) is not None}
            yield target_of(cells, list_name="", use=Use.DEFAULT)
        except (ValueError, AttributeError, RecursionError, BadRow):
            continue
