"""What joining a server gave this vantage: its name there, and where its measurements go. One private file.

How a vantage joins is in enrol.py, its key in identity.py. Nothing is sent here.
"""

from pathlib import Path
from typing import Annotated, Literal

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from probe.tongue import N_, say
from probe.vantage import private
from probe.vantage.identity import key_id_of, public_key

FILE = "enrolment.json"  # in the data folder

Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9._-]{1,64}$")]
Country = Annotated[str, Field(pattern=r"^[A-Z]{2}$")]
Class = Literal["home", "mobile", "office", "hosting", "unknown"]


def _a_key(value: str) -> str:
    public_key(value)
    return value


Key = Annotated[str, Field(max_length=100), AfterValidator(_a_key)]  # in base64
Controls = Annotated[tuple[Annotated[str, Field(pattern=r"^https?://[!-~]{1,500}$")], ...], Field(max_length=10)]


_BROKEN = N_("{path} is not as joining a server wrote it; put it back, or delete it and join anew with a new code.")


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
    server_key: Key | None = (
        None  # what is signed with another is not the server's; None: it joined before there was one
    )
    controls: Controls = ()

    @property
    def believed(self) -> Ed25519PublicKey | None:
        """The server's key."""
        return public_key(self.server_key) if self.server_key else None


def fingerprint(key: str) -> str:
    """Of a key in base64, for two people to compare: its id's first half, in groups."""
    digits = key_id_of(public_key(key))[:32]
    return " ".join(digits[at : at + 4] for at in range(0, len(digits), 4))


def load(folder: Path) -> Enrolment | None:
    """What is kept; None where this vantage has joined no server. Raises BadEnrolment."""
    path = folder / FILE
    try:
        return Enrolment.model_validate_json(path.read_bytes())
    except FileNotFoundError:
        return None
    except OSError as exc:
        says = say("What joining the server gave can't be read from {path}: {why}.", path=path, why=exc.strerror)
        raise BadEnrolment(says) from exc
    except ValidationError as exc:
        raise BadEnrolment(say(_BROKEN, path=path)) from exc


def keep(folder: Path, joined: Enrolment) -> None:
    """Whole or not at all, readable by its owner alone. Raises BadEnrolment."""
    path = folder / FILE
    try:
        with private.whole(path) as file:
            file.write((joined.model_dump_json(indent=1) + "\n").encode())
    except OSError as exc:
        says = say("What joining the server gave can't be kept in {path}: {why}.", path=path, why=exc.strerror)
        raise BadEnrolment(says) from exc
