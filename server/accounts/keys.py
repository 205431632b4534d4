"""The server's own key, and what is made with it: signed cookies, tokens of forms, secrets at rest.

It lies in a file beside the store and never in it, so that a copy of the store alone opens nothing.
"""

import base64
import hmac
import os
import secrets
import tempfile
from contextlib import suppress
from datetime import datetime
from pathlib import Path

from cryptography.fernet import Fernet, InvalidToken

from probe.config import ConfigError

KEY_FILE = "accounts-key"  # in the data folder
_KEY_BYTES = 32


class Keys:
    """One key for each purpose, all from the one in the file."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    def digest(self, purpose: str, text: str) -> str:
        """Nobody without the key can make it, or guess from it what the text was."""
        return _letters(hmac.digest(self._of(purpose), text.encode(), "sha256"))

    def signed(self, purpose: str, text: str) -> str:
        return f"{text}.{self.digest(purpose, text)}"

    def read(self, purpose: str, signed: str) -> str | None:
        """What was signed for this purpose; None where it was not."""
        text, _, digest = signed.rpartition(".")
        return text if hmac.compare_digest(self.digest(purpose, text).encode(), digest.encode()) else None

    def sealed(self, purpose: str, text: str, *, now: datetime) -> str:
        """Encrypted and signed, with the time."""
        return self._fernet(purpose).encrypt_at_time(text.encode(), int(now.timestamp())).decode()

    def opened(self, purpose: str, sealed: str) -> str | None:
        """None where it was not sealed with this key for this purpose."""
        with suppress(InvalidToken):
            return self._fernet(purpose).decrypt(sealed.encode()).decode()
        return None

    def opened_within(self, seconds: int, purpose: str, sealed: str, *, now: datetime) -> str | None:
        """None also where it was sealed longer ago."""
        with suppress(InvalidToken):
            return self._fernet(purpose).decrypt_at_time(sealed.encode(), seconds, int(now.timestamp())).decode()
        return None

    def _of(self, purpose: str) -> bytes:
        return hmac.digest(self._key, purpose.encode(), "sha256")

    def _fernet(self, purpose: str) -> Fernet:
        return Fernet(base64.urlsafe_b64encode(self._of(purpose)))


def kept_keys(folder: Path) -> Keys:
    """From the file, which is made if it is not there; all who start at once get the same. Raises ConfigError."""
    path = folder / KEY_FILE
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if not path.exists():
            _make(path)
        key = base64.b64decode(path.read_bytes(), validate=False)
    except (OSError, ValueError) as exc:
        raise ConfigError(f"Can't keep the server's key in {path}: {exc}.") from exc
    if len(key) != _KEY_BYTES:
        raise ConfigError(f"{path} is no key of a server: allowed are {_KEY_BYTES} bytes in base64.")
    return Keys(key)


def _make(path: Path) -> None:
    """Whole or not at all, readable by its owner alone; whoever comes second leaves the first one's."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{KEY_FILE}-")  # 0600
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(base64.b64encode(secrets.token_bytes(_KEY_BYTES)) + b"\n")
            file.flush()
            os.fsync(file.fileno())
        with suppress(FileExistsError):
            os.link(name, path)
    finally:
        Path(name).unlink()


def _letters(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")
