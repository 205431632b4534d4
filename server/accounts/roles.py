"""Who may do what: three roles, each of which may do what those before it may. Who has which is in the store."""

import re
from enum import StrEnum

from server.pages.tongue import N_

_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,39}")
OPERATOR = "operator"  # whoever runs the commands, in the audit; nobody's account is called so
_TAKEN = {OPERATOR}
NAME_RULE = N_(
    "Name: allowed are up to 40 of a-z, 0-9, dot, dash and underscore, a letter or digit first, and not “operator”."
)


class Role(StrEnum):
    """In the order of what they may do."""

    VIEWER = N_("viewer")  # reads the pages of a server that is closed
    ANALYST = N_("analyst")  # annotates what was measured
    ADMIN = N_("admin")  # members, accounts, the audit


def allows(role: str, wanted: Role) -> bool:
    """Whether whoever has `role` may do what `wanted` may."""
    order = list(Role)
    return order.index(Role(role)) >= order.index(wanted)


def plain_name(entered: str) -> str:
    """The name as it is kept: people write theirs with a capital letter too."""
    return entered.strip().lower()


def is_name(name: str) -> bool:
    return bool(_NAME.fullmatch(name)) and name not in _TAKEN
