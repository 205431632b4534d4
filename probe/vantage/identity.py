"""The key of this vantage: made and kept here in a private file, never sent. Its public half is who it is to a server.

How a request is signed is in signing.py.
"""

import base64
import hashlib
import os
from dataclasses import dataclass, field
from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from probe.tongue import N_, say

FILE = "vantage-key.pem"  # in the data folder
_PRIVATE = 0o600
_NOT_USABLE = N_("{path} holds no key that can be used; `kedergi vantage enrol` makes a new one once it is gone.")


class NoKey(Exception):
    """There is no key here, or none that can be used. The message is one sentence for a person."""


@dataclass(frozen=True, slots=True)
class Identity:
    """A private key. Its representation shows nothing of it."""

    key: Ed25519PrivateKey = field(repr=False)

    @property
    def public(self) -> str:
        """The public half: 32 bytes in base64."""
        return base64.b64encode(_raw(self.key.public_key())).decode()

    @property
    def key_id(self) -> str:
        return key_id_of(self.key.public_key())


def key_id_of(key: Ed25519PublicKey) -> str:
    """What a key is called in a signature: SHA-256 of its 32 bytes, in hexadecimal digits."""
    return hashlib.sha256(_raw(key)).hexdigest()


def public_key(text: str) -> Ed25519PublicKey:
    """Of base64, as `Identity.public` writes it. Raises ValueError."""
    return Ed25519PublicKey.from_public_bytes(base64.b64decode(text, validate=True))


def make(folder: Path) -> Identity:
    """A new key, in a file that nobody else may read. Raises NoKey where one is there already, or none can be kept."""
    identity = Identity(Ed25519PrivateKey.generate())
    written = identity.key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path = folder / FILE
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _PRIVATE), "wb") as file:
            file.write(written)
            file.flush()
            os.fsync(file.fileno())
    except FileExistsError as exc:
        raise NoKey(say("This vantage has a key already: {path}.", path=path)) from exc
    except OSError as exc:
        says = say("The key of this vantage can't be kept in {path}: {why}.", path=path, why=exc.strerror)
        raise NoKey(says) from exc
    return identity


def load(folder: Path) -> Identity | None:
    """The key that is kept here; None where none was made. Raises NoKey where it can't be read."""
    path = folder / FILE
    try:
        key = serialization.load_pem_private_key(path.read_bytes(), password=None)
    except FileNotFoundError:
        return None
    except OSError as exc:
        says = say("The key of this vantage can't be read from {path}: {why}.", path=path, why=exc.strerror)
        raise NoKey(says) from exc
    except (ValueError, TypeError, UnsupportedAlgorithm) as exc:
        raise NoKey(say(_NOT_USABLE, path=path)) from exc
    if not isinstance(key, Ed25519PrivateKey):
        raise NoKey(say("{path} holds a key of another kind; allowed is Ed25519.", path=path))
    return Identity(key)


def _raw(key: Ed25519PublicKey) -> bytes:
    return key.public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
