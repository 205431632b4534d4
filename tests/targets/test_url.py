"""What is a web address, how it is spelled, and what is said of everything else."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from targets.url import BadUrl, Url, ascii_host, canonical_url, parse, shown


@pytest.mark.parametrize(
    ("given_text", "spelling"),
    [
        ("https://ratel.kz/", "https://ratel.kz/"),
        ("https://ratel.kz", "https://ratel.kz/"),
        ("  HTTPS://Ratel.KZ/News\n", "https://ratel.kz/News"),
        ("http://ratel.kz:80/", "http://ratel.kz/"),
        ("https://ratel.kz:443", "https://ratel.kz/"),
        ("https://ratel.kz:/", "https://ratel.kz/"),
        ("https://ratel.kz:80/", "https://ratel.kz:80/"),
        ("https://ratel.kz:65535/", "https://ratel.kz:65535/"),
        ("https://ratel.kz./", "https://ratel.kz/"),
        ("https://ratel.kz/a?b=1&b=2#part", "https://ratel.kz/a?b=1&b=2"),
        ("https://ratel.kz?b", "https://ratel.kz/?b"),
        ("https://ratel.kz/%D0%B0,b[1]", "https://ratel.kz/%D0%B0,b[1]"),
        ("https://ratel.kz/жол|жаңа", "https://ratel.kz/%D0%B6%D0%BE%D0%BB%7C%D0%B6%D0%B0%D2%A3%D0%B0"),
        ("https://пример.қаз/", "https://xn--e1afmkfd.xn--80ao21a/"),
        ("https://xn--e1afmkfd.xn--80ao21a/", "https://xn--e1afmkfd.xn--80ao21a/"),
        ("https://a_b.livejournal.com/", "https://a_b.livejournal.com/"),
        ("http://192.0.2.1:8080/", "http://192.0.2.1:8080/"),
        ("http://[2001:DB8:0::1]:8080/x", "http://[2001:db8::1]:8080/x"),
        ("http://site/", "http://site/"),
    ],
)
def test_an_address_has_one_spelling(given_text: str, spelling: str) -> None:
    assert canonical_url(given_text) == spelling
    assert canonical_url(spelling) == spelling


def test_the_parts_are_ready_for_a_connection() -> None:
    assert parse("http://[::1]/a?b") == Url(scheme="http", host="::1", port=80, path="/a?b")
    assert parse("https://Қаз.kz") == Url(scheme="https", host="xn--80ao21a.kz", port=443, path="/")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", 'The address is empty; allowed are http and https addresses such as "https://example.org/".'),
        ("ratel.kz", '"ratel.kz" has no http:// or https:// before it; write "https://ratel.kz/".'),
        ("ratel.kz:8080/x", '"ratel.kz:8080/x" has no http:// or https:// before it; write "https://ratel.kz:8080/x".'),
        ("//ratel.kz/", '"//ratel.kz/" has no http:// or https:// before it; write "https://ratel.kz/".'),
        ("tel:123", "has no http:// or https:// before it; allowed are http and https"),
        ("mailto:a@ratel.kz", "has no http:// or https:// before it; allowed are http and https"),
        ("ftp://ratel.kz/", '"ftp://ratel.kz/" has the scheme "ftp"; allowed are http and https.'),
        ("https:///path", '"https:///path" has no host;'),
        ("https://:443/", "has no host;"),
        ("https://me:secret@ratel.kz/", '"https://…@ratel.kz/" holds a user name or password;'),
        ("https://@ratel.kz/", "holds a user name or password;"),
        ("https://ratel.kz:0/", 'has the port "0"; allowed are 1 to 65535.'),
        ("https://ratel.kz:65536/", 'has the port "65536"; allowed are 1 to 65535.'),
        ("https://ratel.kz:a/", 'has the port "a";'),
        ("https://a b/", "holds a space; write it percent-encoded or leave it out."),
        ("https://ratel.kz/a\tb", "holds a tab;"),
        ("https://ratel.kz/a\nb", "holds a line break;"),
        ("https://ratel.kz/\x1b[2J", "holds the character U+001B;"),
        ("https://ratel.kz/\udc80", "holds the character U+DC80;"),
        ("https://ratel.kz\\@evil/", "holds a backslash;"),
        ("https://a..b/", 'In "https://a..b/" the host "a..b" is not a host name; allowed are letters'),
        ("https://-/", "is not a host name;"),
        ("https://a%2eb/", "is not a host name;"),
        ("https://" + "a" * 64 + ".kz/", "is not a host name;"),
        ("https://" + "a." * 130 + "kz/", "is not a host name;"),
        ("https://☕.kz/", 'the host "☕.kz" is not an international host name;'),
        ("https://1.2.3/", "neither a host name nor an IP address; write IPv4 as four numbers up to 255."),
        ("https://256.1.1.1/", "neither a host name nor an IP address;"),
        ("https://0x7f000001/", "neither a host name nor an IP address;"),
        ("https://\uff11\uff12\uff17.\uff10.\uff10.\uff11/", "neither a host name nor an IP address;"),
        ("https://[::1]x/", "has a host in brackets;"),
        ("https://a[::1]/", "brackets"),
        ("https://[fe80::1%eth0]/", "has a host in brackets;"),
        ("https://[::g]/", "has a host that cannot be read;"),
        ("https://[::1/", "has a host that cannot be read;"),
        ("https://x/" + "a" * 2048, "is 2058 characters long; allowed are 2048."),
    ],
)
def test_what_is_no_address_is_named_with_what_is_allowed(text: str, says: str) -> None:
    with pytest.raises(BadUrl) as caught:
        canonical_url(text)
    sentence = str(caught.value)
    assert says in sentence
    assert sentence.endswith(".")
    assert "secret" not in sentence
    assert sentence.isprintable()


@pytest.mark.parametrize(
    ("host", "ascii_form"),
    [("Ratel.KZ.", "ratel.kz"), ("қаз", "xn--80ao21a"), ("192.0.2.1", "192.0.2.1"), ("2001:DB8::1", "2001:db8::1")],
)
def test_a_host_has_a_form_for_the_wire(host: str, ascii_form: str) -> None:
    assert ascii_host(host) == ascii_form


@pytest.mark.parametrize("host", ["", ".", "a b", "a/b", "fe80::1%eth0"])
def test_what_is_no_host_is_refused(host: str) -> None:
    with pytest.raises(BadUrl):
        ascii_host(host)


def test_what_is_shown_is_short_and_harmless() -> None:
    assert shown("a\x1b[2Jb") == "a\\x1b[2Jb"
    assert len(shown("a" * 1000)) == 120


@given(
    st.text() | st.text().map("https://{}".format) | st.from_regex(r"https?://[\[\]a-zж-я:.@%0-9]*/?", fullmatch=True)
)
def test_any_text_is_an_address_or_a_sentence(text: str) -> None:
    spelling = sentence = ""
    try:
        spelling = canonical_url(text)
    except BadUrl as exc:
        sentence = str(exc)
    assert sentence.isprintable()
    assert spelling.isascii()
    assert not spelling or canonical_url(spelling) == spelling
