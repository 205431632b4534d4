"""Asking for a page: what is kept of an answer, whole or broken, and what is never kept."""

import ssl
import tracemalloc

import pytest
import trustme

from probe.net import place
from probe.steps import http
from probe.trace import Course
from results.failure import Failure
from tests.probe import servers
from tests.probe.asking import asked
from tests.probe.conftest import NAME, serving
from tests.probe.servers import page, response, says, speaks_h2

pytestmark = pytest.mark.anyio


# A whole page


async def test_a_page_is_kept_by_its_status_headers_title_length_and_hash(course: Course) -> None:
    step = (await asked(course, page(x_served_by="a"))).step
    assert (step.failure, step.status, step.http_version) == (None, 200, "HTTP/1.1")
    assert ("x-served-by", "a") in step.headers
    assert step.title == "Ratel & others"
    assert step.body_bytes == len(servers.HTML)
    assert step.body_sha256 is not None
    assert step.t0 < (step.first_byte_t or 0) <= step.t


async def test_the_body_is_evidence_where_anyone_on_the_path_may_have_written_it(course: Course) -> None:
    assert (await asked(course, page())).step.body == servers.HTML.decode()


async def test_the_body_is_not_kept_over_tls(course: Course, theirs: ssl.SSLContext, ours: ssl.SSLContext) -> None:
    step = (await asked(course, page(), theirs, ours)).step
    assert (step.failure, step.body, step.title) == (None, None, "Ratel & others")


async def test_http_2_is_spoken_where_it_was_agreed(
    course: Course, authority: trustme.CA, ours: ssl.SSLContext
) -> None:
    two = serving(authority.issue_cert(NAME), alpn=("h2",))
    step = (await asked(course, speaks_h2(), two, ours)).step
    assert (step.failure, step.status, step.http_version, step.title) == (None, 200, "HTTP/2", "Ratel & others")


@pytest.mark.parametrize("status", ["403 Forbidden", "404 Not Found", "451 Unavailable", "503 Busy"])
async def test_an_error_page_is_a_page(course: Course, status: str) -> None:
    step = (await asked(course, page(servers.HTML, status))).step
    assert (step.failure, step.status) == (None, int(status[:3]))


async def test_a_zipped_body_is_counted_unzipped(course: Course) -> None:
    step = (await asked(course, servers.zipped(servers.HTML))).step
    assert (step.failure, step.title, step.body_bytes) == (None, "Ratel & others", len(servers.HTML))


@pytest.mark.parametrize(
    ("charset", "title"),
    [("utf-8", "Қазақ"), ("windows-1251", "Русский"), ("kz1048", "Қазақ"), ("utf-8-but-unheard-of", "Қазақ")],
)
async def test_titles_are_read_in_the_pages_own_letters(course: Course, charset: str, title: str) -> None:
    letters = "utf-8" if charset.startswith("utf-8") else charset
    body = f"<title>{title}</title>".encode(letters)
    assert (await asked(course, page(body, content_type=f"text/html; charset={charset}"))).step.title == title


@pytest.mark.parametrize("charset", ["idna", "undefined", "utf-7", "unicode_escape", "hex", "mbcs"])
async def test_no_charset_that_a_page_claims_can_break_us(course: Course, charset: str) -> None:
    """Python knows charsets that decode nothing, and some that make text which no file can hold."""
    body = b"<title>\xff \\ud800 \\q +2AA-</title>"
    step = (await asked(course, page(body, content_type=f"text/html; charset={charset}"))).step
    assert step.status == 200
    assert (step.body or "").encode("utf-8")
    assert (step.title or "x").encode("utf-8")


# Too much


async def test_no_more_than_half_a_mebibyte_is_read(course: Course) -> None:
    step = (await asked(course, page(b"x" * (http.BODY_CAP_BYTES + 100_000)))).step
    assert (step.failure, step.body_bytes, step.capped) == (None, http.BODY_CAP_BYTES, True)
    assert len(step.body or "") == 64 * 1024


async def test_a_small_answer_that_unpacks_without_end_is_cut(course: Course) -> None:
    bomb = servers.zipped(b"\0" * 64_000_000)
    tracemalloc.start()
    try:
        step = (await asked(course, bomb)).step
        peak_bytes = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert (step.body_bytes, step.capped) == (http.BODY_CAP_BYTES, True)
    assert peak_bytes < 16_000_000


async def test_headers_without_end_are_no_http(course: Course) -> None:
    step = (await asked(course, servers.endless_headers)).step
    assert (step.failure, step.status) == (Failure.HTTP_GARBAGE, None)


async def test_long_headers_are_shortened_and_many_are_left_out(course: Course) -> None:
    many = {f"x_{number}": "v" * 600 for number in range(80)}
    step = (await asked(course, page(**many))).step
    assert len(step.headers) == 64
    assert max(len(value) for _, value in step.headers) == 512


# Redirects


@pytest.mark.parametrize(
    ("location", "leads_to"),
    [
        ("https://www.ratel.example/", "https://www.ratel.example/"),
        ("//m.ratel.example/x", "http://m.ratel.example/x"),
        ("/login?to=%2F", "http://ratel.example:{port}/login?to=%2F"),
        ("next", "http://ratel.example:{port}/a/next"),
        ("http://блок.қаз/", "http://xn--90ascm.xn--80ao21a/"),
        ("https://user:secret@b.example/", "https://b.example/"),
        ("next#part", "http://ratel.example:{port}/a/next#part"),
        ("tel:+7700", "tel:+7700"),
    ],
)
async def test_where_a_redirect_leads_is_absolute(course: Course, location: str, leads_to: str) -> None:
    peer = says(b"HTTP/1.1 302 Found\r\nlocation: " + location.encode() + b"\r\ncontent-length: 0\r\n\r\n")
    result = await asked(course, peer, path="/a/b")
    port = place(result.step.url).port
    assert result.leads_to == result.step.location == leads_to.format(port=port)


@pytest.mark.parametrize(("status", "followed"), [(s, s in {301, 302, 303, 307, 308}) for s in range(300, 309)])
async def test_which_statuses_redirect(course: Course, status: int, followed: bool) -> None:
    result = await asked(course, page(b"", f"{status} There", location="http://b.example/"))
    assert (result.step.status, result.leads_to is not None) == (status, followed)


@pytest.mark.parametrize("location", ["http://[", "http://a:b/", "http://host:99999/"])
async def test_a_redirect_that_leads_nowhere_is_its_own_failure(course: Course, location: str) -> None:
    """Not "no HTTP": a status and headers came, and they are kept."""
    step = (await asked(course, page(b"", "302 Found", location=location))).step
    assert step.status == 302
    assert step.failure is Failure.HTTP_LOCATION


# Cookies


async def test_a_cookie_goes_to_the_next_request_and_its_value_into_no_record(course: Course) -> None:
    """Sites that test for cookies redirect for ever without them; a cookie's value can tell who it was given to."""
    first = await asked(course, page(set_cookie="session=hunter2; Path=/"))
    heads: list[bytes] = []
    again = await asked(course, servers.remembers(heads, response()), cookies=first.cookies)
    assert b"session=hunter2" in heads[0]
    assert ("set-cookie", "session") in first.step.headers
    assert "hunter2" not in repr(first.step) + repr(again.step)


async def test_the_value_of_a_cookie_without_a_name_is_in_no_record(course: Course) -> None:
    step = (await asked(course, page(set_cookie="hunter2"))).step
    assert "hunter2" not in repr(step)


async def test_a_request_looks_like_a_browsers(course: Course) -> None:
    heads: list[bytes] = []
    await asked(course, servers.remembers(heads, response()))
    head = heads[0].decode()
    assert head.startswith("GET / HTTP/1.1\r\n")
    assert f"host: {NAME}:" in head.lower()
    assert "Firefox/" in head
    assert "python" not in head.lower()
    assert "kedergi" not in head.lower()
