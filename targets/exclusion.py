"""What a volunteer never wants to be looked at: a host, an address or a category. A pure rule: no file, no network.

Who is asked for what, and when, is not known here.
"""

from collections.abc import Iterable

from targets.categories import categories
from targets.target import Target
from targets.url import BadUrl, ascii_host, canonical_url, parse

ALLOWED = 'allowed are a host ("example.org", with all below it), an address ("https://example.org/page") or a category'


def exclusion(text: str) -> str:
    """The one spelling of what is named. Raises ValueError with a sentence without its end."""
    text = text.strip()
    if text.upper() in categories():
        return text.upper()
    try:
        if "://" in text:
            return canonical_url(text)
        host = ascii_host(text.removeprefix("*.").strip("[]"))
    except BadUrl as exc:
        raise ValueError(ALLOWED) from exc
    if "." not in host and ":" not in host:
        raise ValueError(ALLOWED)  # a category that is none would exclude nothing, and nobody would notice
    return host


def is_excluded(target: Target, exclusions: Iterable[str]) -> bool:
    """Whether one of them names the target; they are spelt as `exclusion` does."""
    named = set(exclusions)
    return target.category in named or names_address(target.url, named)


def names_address(url: str, exclusions: Iterable[str]) -> bool:
    """Whether one of them names an address, or its host, or a host above it."""
    named = set(exclusions)
    where = parse(url)
    labels = where.host.split(".")
    above = {".".join(labels[at:]) for at in range(len(labels))}
    return str(where) in named or where.host in named or not named.isdisjoint(above)
