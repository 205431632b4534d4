"""What comes back may mention the vantage's own address: block pages print it, and redirects carry it along.

The own address is not known here and never asked for, so every address is taken out but those that were dialled.
"""

import re
from urllib.parse import urlsplit, urlunsplit

from results.records import is_address

MASK = "[address]"
# Wider than any address, since what it finds is looked at once more; bounded, since pages may be hostile.
_LIKE_AN_ADDRESS = re.compile(r"(?<![\w.:])[0-9A-Fa-f:.]{3,46}(?![\w:])")


def scrubbed(text: str, *keep: str) -> str:
    """The text with each IP address masked that is not one of `keep`."""
    return _LIKE_AN_ADDRESS.sub(lambda found: _masked(found[0], keep), text)


def scrubbed_url(url: str) -> str:
    """The URL with addresses masked in its path and query; its host is where it leads, and stays."""
    parts = urlsplit(url)
    return urlunsplit(parts._replace(path=scrubbed(parts.path), query=scrubbed(parts.query)))


def resolver_network(address: str) -> str:
    """A resolver's address as it may be kept: an IPv6 one, which may be the home's own router, by its /48 only."""
    if ":" not in address or not is_address(address.partition("%")[0]):
        return address
    groups = address.partition("%")[0].partition("::")[0].split(":")[:3]
    return ":".join(group for group in groups if group) + "::"


def _masked(found: str, keep: tuple[str, ...]) -> str:
    bare = found.rstrip(".:")
    return found if bare in keep or not is_address(bare) else MASK + found[len(bare) :]
