"""Who may send: invitations with one-time codes, and the members that joined with them. No request is read here.

A code is stored as its digest alone and looked up by it, so that neither the store nor the time of an answer tells one.
"""

import base64
import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from sqlmodel import SQLModel

from probe.vantage.identity import key_id_of
from results.links import heads
from results.store import Store
from results.tables import MemberRow
from server.accounts import audit
from server.accounts.roles import OPERATOR
from server.pages.tongue import N_

_INVITATION = SQLModel.metadata.tables["invitation"]
_MEMBER = SQLModel.metadata.tables["member"]
_LINK = SQLModel.metadata.tables["link"]
_LETTERS = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"  # 32, of which none looks like another: no 0, O, 1, I
_CODE_LETTERS, _GROUP = 24, 4  # 120 bits


class NotInvited(Exception):
    """The code lets nobody in. It is not said whether it is unknown, used or expired."""


class JoinedAlready(Exception):
    """The key is a member's, or was one's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """A member as people see it, with how much it has sent."""

    row: MemberRow
    measurements: int


def invite(store: Store, *, vantage_class: str, country: str, now: datetime, hours: int, who: str = OPERATOR) -> str:
    """A new code, good for one vantage and so many hours. `who` makes it, for the audit."""
    letters = "".join(secrets.choice(_LETTERS) for _ in range(_CODE_LETTERS))
    values = {"digest": _digest(letters), "vantage_class": vantage_class, "country": country}
    with store.transaction(alone=True) as connection:
        connection.execute(
            sa.insert(_INVITATION).values(**values, made_at=now, expires_at=now + timedelta(hours=hours))
        )
        audit.write(connection, at=now, who=who, what=N_("invitation made"), about=f"{vantage_class}, {country}")
    return "-".join(letters[at : at + _GROUP] for at in range(0, _CODE_LETTERS, _GROUP))


def join(store: Store, *, code: str, key: Ed25519PublicKey, now: datetime) -> MemberRow:
    """The new member; the same again where this key joined with this code, which is not expired: an answer may be lost.

    Raises NotInvited and JoinedAlready.
    """
    mine, key_id = _INVITATION.c.digest == _digest(code), key_id_of(key)
    unused = sa.update(_INVITATION).where(mine, _INVITATION.c.used_at.is_(None), _INVITATION.c.expires_at > now)
    with store.transaction(alone=True) as connection:
        taken = connection.execute(unused.values(used_at=now)).rowcount == 1
        invitation = connection.execute(sa.select(_INVITATION).where(mine)).mappings().first()
        member = _member(connection, key_id)
        if invitation is None or (not taken and invitation["expires_at"] <= now):
            raise NotInvited
        if not taken:
            # They were written together, with one time.
            if member is None or member.revoked_at is not None or member.joined_at != invitation["used_at"]:
                raise NotInvited
            return member
        if member is not None:
            raise JoinedAlready
        values = {
            "key_id": key_id,
            "public_key": base64.b64encode(key.public_bytes_raw()).decode(),
            "vantage": _name(connection),
            "vantage_class": invitation["vantage_class"],
            "country": invitation["country"],
            "joined_at": now,
        }
        connection.execute(sa.insert(_MEMBER).values(values))
    return MemberRow(**values)


def member_of(store: Store, key_id: str) -> MemberRow | None:
    """The member with this key, unless it was revoked."""
    with store.transaction() as connection:
        found = _member(connection, key_id)
    return found if found is not None and found.revoked_at is None else None


def members(store: Store) -> list[Member]:
    """All, in the order in which they joined."""
    with store.transaction() as connection:
        sent = heads(connection)
        rows = connection.execute(sa.select(_MEMBER).order_by(_MEMBER.c.joined_at, _MEMBER.c.vantage)).mappings().all()
    return [Member(row=MemberRow(**row), measurements=sent.get(row["vantage"], (0, ""))[0]) for row in rows]


def revoke(store: Store, vantage: str, *, now: datetime, who: str = OPERATOR) -> bool:
    """From now on nothing is taken from it; what it sent stays. False where no member is called so."""
    mine = _MEMBER.c.vantage == vantage
    with store.transaction(alone=True) as connection:
        revoked = sa.update(_MEMBER).where(mine, _MEMBER.c.revoked_at.is_(None)).values(revoked_at=now)
        if connection.execute(revoked).rowcount:
            audit.write(connection, at=now, who=who, what=N_("member revoked"), about=vantage)
        return connection.execute(sa.select(_MEMBER.c.key_id).where(mine)).first() is not None


def watched(store: Store) -> Mapping[str, timedelta]:
    """Whose silence is noticed: members that said how often they measure, and were not revoked."""
    said = sa.select(_MEMBER.c.vantage, _MEMBER.c.interval_s).where(
        _MEMBER.c.revoked_at.is_(None), _MEMBER.c.interval_s.is_not(None)
    )
    with store.transaction() as connection:
        return {row.vantage: timedelta(seconds=row.interval_s) for row in connection.execute(said)}


def _member(connection: sa.Connection, key_id: str) -> MemberRow | None:
    row = connection.execute(sa.select(_MEMBER).where(_MEMBER.c.key_id == key_id)).mappings().first()
    return MemberRow(**row) if row else None


def _name(connection: sa.Connection) -> str:
    """One that nobody has or had here."""
    while True:
        name = f"v-{secrets.token_hex(4)}"
        known = sa.union_all(*(sa.select(table.c.vantage).where(table.c.vantage == name) for table in (_MEMBER, _LINK)))
        if connection.execute(known).first() is None:
            return name


def _digest(code: str) -> str:
    """However a person writes it: with or without its dashes, in small letters."""
    return hashlib.sha256("".join(filter(str.isalnum, code)).upper().encode()).hexdigest()
