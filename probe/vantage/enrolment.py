"""What joining a server gave this vantage: its name there, and where its measurements go. One private file.

How a vantage joins is in enrol.py, its key in identity.py. Nothing is sent here.
"""

import os
from contextlib import suppress
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

FILE = "enrolment.json"  # in the data folder
_PRIVATE = 0o600

Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9._-]{1,64}$")]
Country = Annotated[str, Field(pattern=r"^[A-Z]{2}$")]
Class = Literal["home", "mobile", "office", "hosting", "unknown"]


class BadEnrolment(Exception):
    """What is kept of joining can't be used. The message is one sentence for a person."""


class NotJoined(Exception):
    """Joining did not succeed. The message is one sentence for a person."""


class Enrolment(BaseModel):
    """Whose member this vantage is, and as what."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    servers: Annotated[tuple[str, ...], Field(min_length=1)]
    vantage: Name
    vantage_class: Class
    country: Country
    joined_at: AwareDatetime  # by the server's clock


def load(folder: Path) -> Enrolment | None:
    """What is kept; None where this vantage has joined no server. Raises BadEnrolment."""
    path = folder / FILE
    try:
        return Enrolment.model_validate_json(path.read_bytes())
    except FileNotFoundError:
        return None
    except OSError as exc:
        raise BadEnrolment(f"What joining the server gave can't be read from {path}: {exc.strerror}.") from exc
    except ValidationError as exc:
        raise BadEnrolment(
            f"{path} is not as joining a server wrote it; put it back, or delete it and join anew with a new code."
        ) from exc


def keep(folder: Path, joined: Enrolment) -> None:
    """Whole or not at all, readable by its owner alone. Raises BadEnrolment."""
    path = folder / FILE
    part = path.with_name(f".{FILE}.{os.getpid()}.part")
    try:
        try:
            with os.fdopen(
                os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _PRIVATE), "w", encoding="utf-8"
            ) as file:
                file.write(joined.model_dump_json(indent=1) + "\n")
                file.flush()
                os.fsync(file.fileno())
            part.replace(path)
        finally:
            with suppress(OSError):
                part.unlink(missing_ok=True)
    except OSError as exc:
        raise BadEnrolment(f"What joining the server gave can't be kept in {path}: {exc.strerror}.") from exc
