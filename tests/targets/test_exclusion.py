"""What a volunteer excludes is never looked at, however the list writes it."""

import pytest

from targets.exclusion import exclusion, is_excluded
from targets.target import Target


@pytest.mark.parametrize(
    ("named", "url", "category", "excluded"),
    [
        ("example.org", "https://example.org/", "", True),
        ("example.org", "http://www.example.org:8080/a?b", "", True),
        ("EXAMPLE.org.", "https://example.org/", "", True),
        ("*.example.org", "https://a.example.org/", "", True),
        ("example.org", "https://notexample.org/", "", False),
        ("www.example.org", "https://example.org/", "", False),
        ("пример.kz", "https://xn--e1afmkfd.kz/", "", True),
        ("93.184.215.14", "https://93.184.215.14/", "", True),
        ("2001:db8::1", "https://[2001:DB8:0::1]/", "", True),
        ("https://example.org/page", "https://EXAMPLE.org:443/page#top", "", True),
        ("https://example.org/page", "https://example.org/", "", False),
        ("https://example.org/page", "http://example.org/page", "", False),
        ("lgbt", "https://example.org/", "LGBT", True),
        ("LGBT", "https://example.org/", "NEWS", False),
    ],
)
def test_hosts_addresses_and_categories(named: str, url: str, category: str, *, excluded: bool) -> None:
    target = Target(url=url, category=category)
    assert is_excluded(target, [exclusion("unrelated.example"), exclusion(named)]) is excluded


@pytest.mark.parametrize(
    "named", ["", " ", "news paper", "NEWSS", "localhost", "https://", "ftp://example.org/", "a..b"]
)
def test_what_would_exclude_nothing_is_said_at_once(named: str) -> None:
    with pytest.raises(ValueError, match="allowed are a host"):
        exclusion(named)
