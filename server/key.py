"""The server's own key, with which it signs lists, passes and receipts: a file beside the configuration of the store.

All servers on one store have the same: the store knows its public half, and another one is refused. Probes keep the
public half when they join, so that a lost file cannot be replaced by a new one unnoticed.
"""

import os
import secrets
from contextlib import suppress
from datetime import datetime
from pathlib import Path

import sqlalchemy as sa
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlmodel import SQLModel

from probe.config import ConfigError
from probe.vantage.identity import Identity
from results.store import Store

FILE = "server-key.pem"  # in the data folder
_PRIVATE = 0o600
_SERVER_KEY = SQLModel.metadata.tables["server_key"]


def server_key(store: Store, folder: Path, *, now: datetime) -> Identity:
    """The key of this store's server, made where there is none yet. Blocks. Raises ConfigError and StoreError.

    Of several programs that start at once, on one machine, all get the same.
    """
    path = folder / FILE
    known = _known(store)
    key = _read(path)
    if key is None and known is not None:
        raise ConfigError(
            f"{path}, with the server's key, is gone: put it back from a copy or from another server of this store. "
            "Nobody who has joined believes a new one (docs/server.md says what to do where it is lost for good)."
        )
    key = key or _made(path)
    if known is None:
        known = _noted(store, key, now)
    if known != key.public:
        raise ConfigError(
            f"{path} is another key than this store's; all servers on one store have the same file, as its copy."
        )
    return key


def _known(store: Store) -> str | None:
    with store.transaction() as connection:
        return connection.execute(sa.select(_SERVER_KEY.c.public_key)).scalar()


def _noted(store: Store, key: Identity, now: datetime) -> str:
    """What stands in the store afterwards, which may have been another's doing."""
    row = {"id": 1, "public_key": key.public, "made_at": now}
    with store.transaction(alone=True) as connection:
        once = sa.select(sa.literal(1)).where(sa.exists(sa.select(_SERVER_KEY.c.id)))
        if connection.dialect.name == "postgresql":
            connection.execute(sa.text("lock table server_key in exclusive mode"))
        if connection.execute(once).first() is None:
            connection.execute(sa.insert(_SERVER_KEY), row)
        return str(connection.execute(sa.select(_SERVER_KEY.c.public_key)).scalar_one())


def _read(path: Path) -> Identity | None:
    try:
        key = serialization.load_pem_private_key(path.read_bytes(), password=None)
    except FileNotFoundError:
        return None
    except OSError as exc:
        raise ConfigError(f"The server's key can't be read from {path}: {exc.strerror}.") from exc
    except (ValueError, TypeError, UnsupportedAlgorithm) as exc:
        raise ConfigError(f"{path} holds no key that can be used; allowed is Ed25519, in PEM.") from exc
    if not isinstance(key, Ed25519PrivateKey):
        raise ConfigError(f"{path} holds a key of another kind; allowed is Ed25519.")
    return Identity(key)


def _made(path: Path) -> Identity:
    """A new one in the file, or the one that another program has put there meanwhile."""
    key = Ed25519PrivateKey.generate()
    written = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    part = path.with_name(f".{path.name}.{secrets.token_hex(8)}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _PRIVATE), "wb") as file:
                file.write(written)
                file.flush()
                os.fsync(file.fileno())
            with suppress(FileExistsError):
                os.link(part, path)  # unlike a renaming, it takes nobody's place
        finally:
            part.unlink(missing_ok=True)
    except OSError as exc:
        raise ConfigError(f"The server's key can't be kept in {path}: {exc.strerror}.") from exc
    found = _read(path)
    assert found is not None
    return found
