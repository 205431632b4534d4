"""A real server under attack: what is not a member's own batch is refused, counted, and leaves nothing in the store.

Signatures that fit no longer are in test_measurements.py, codes in test_enrol.py; here is what takes a real connection,
a process whose memory can be looked at, or many thousands of lines.
"""

import gzip
import io
import json
import re
import socket
import zlib
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import Any

import pytest
import zstandard

from tests.server.conftest import browser, serve
from tests.server.fort import Fort
from tests.server.intake.sending import NDJSON, Sender, body_of, fates
from tests.server.serving import cpu_s, forget_peak, peak_mib, until

__all__ = ["browser", "serve"]

MEBIBYTE = 1024 * 1024
MOST_MIB = 400  # of the process, whatever is sent to it: 64 are a whole body's, some 150 the program's own


@pytest.fixture(scope="module")
def sender(fort: Fort) -> Sender:
    return fort.member()


@pytest.fixture(scope="module")
def bomber(fort: Fort) -> Sender:
    return fort.member()


@pytest.fixture
def untouched(fort: Fort, sender: Sender, bomber: Sender) -> Iterator[None]:  # noqa: ARG001 - they have joined before
    """Nothing that the test sends is in the store afterwards, and the server takes honest batches as before."""
    before = fort.rows()
    yield
    assert fort.rows() == before
    assert fort.client.get("/readyz").status_code == 200
    assert fort.served.process is not None
    assert fort.served.process.poll() is None


# Signatures


def head(headers: dict[str, str], path: str = "/v1/measurements", method: str = "POST") -> bytes:
    return f"{method} {path} HTTP/1.1\r\n".encode() + b"".join(
        f"{name}: {value}\r\n".encode("latin-1") for name, value in headers.items()
    )


def request_of(sender: Sender, body: bytes, *, said: dict[str, str] | None = None, **more: Any) -> bytes:
    """A signed request as bytes; `said` stands in the place of what was signed."""
    signed = sender.signed("/v1/measurements", body, {"content-type": NDJSON}, **more)
    headers = {name.lower(): value for name, value in signed.items()}
    headers |= {"host": f"127.0.0.1:{sender.client.base_url.port}", "content-length": str(len(body))}
    headers |= said or {}
    return head({name: value for name, value in headers.items() if value}) + b"\r\n" + body


def statuses(answer: bytes) -> list[int]:
    return [int(one) for one in re.findall(rb"^HTTP/1\.1 (\d{3})", answer, re.MULTILINE)]


def _altered(name: str, change: Callable[[str], str]) -> Callable[[Sender, bytes], bytes]:
    def made(sender: Sender, body: bytes) -> bytes:
        signed = {
            key.lower(): value
            for key, value in sender.signed("/v1/measurements", body, {"content-type": NDJSON}).items()
        }
        return request_of(sender, body, said={**signed, name: change(signed[name])})

    return made


def _of_another(sender: Sender, body: bytes) -> bytes:
    """Signed with a key of one's own, in the name of another's."""
    signed = Sender(sender.client).signed("/v1/measurements", body, {"content-type": NDJSON})
    claimed = re.sub(r'keyid="\w+"', f'keyid="{sender.identity.key_id}"', signed["Signature-Input"])
    return request_of(
        sender, body, said={**{key.lower(): value for key, value in signed.items()}, "signature-input": claimed}
    )


FORGED: dict[str, Callable[[Sender, bytes], bytes]] = {
    "unsigned": lambda sender, body: request_of(sender, body, said={"signature": "", "signature-input": ""}),
    "no signature, but its input": lambda sender, body: request_of(sender, body, said={"signature": ""}),
    "in another's name": _of_another,
    "by nobody's key": lambda sender, body: request_of(Sender(sender.client), body),
    "no nonce": _altered("signature-input", lambda said: re.sub(r';nonce="[^"]*"', "", said)),
    "another nonce": _altered("signature-input", lambda said: re.sub(r';nonce="[^"]*"', ';nonce="x"', said)),
    "another tag": _altered("signature-input", lambda said: said.replace('tag="kedergi"', 'tag="other"')),
    "no tag": _altered("signature-input", lambda said: said.replace(';tag="kedergi"', "")),
    "a later time": _altered(
        "signature-input", lambda said: re.sub(r"created=(\d+)", lambda at: f"created={int(at[1]) + 1}", said)
    ),
    "two times": _altered("signature-input", lambda said: re.sub(r"(;created=\d+)", r"\1\1", said)),
    "fewer parts": _altered("signature-input", lambda said: said.replace('"@path" ', "")),
    "without the digest": _altered("signature-input", lambda said: said.replace(' "content-digest"', "")),
    "another algorithm": _altered("signature-input", lambda said: f'{said};alg="hmac-sha256"'),
    "two signatures": _altered("signature-input", lambda said: f"{said}, sig2={said.partition('=')[2]}"),
    "a digest of another kind": _altered("content-digest", lambda _: "md5=:XrY7u+Ae7tCTyyK7j1rNww==:"),
    "an empty digest": _altered("content-digest", lambda _: "sha-256=::"),
    "another digest beside": _altered("content-digest", lambda said: f"{said}, sha-256=:AAAA:"),
    "a flipped bit": _altered("signature", lambda said: said.replace("sig1=:", "sig1=:A", 1)),
    "another type": _altered("content-type", lambda said: f"{said}; charset=utf-7"),
    "another host": lambda sender, body: request_of(sender, body, said={"host": "other.example"}),
    "no host": lambda sender, body: request_of(sender, body, said={"host": ""}),
    "a query beside the path": lambda sender, body: request_of(sender, body).replace(
        b"/v1/measurements HTTP", b"/v1/measurements?a=1 HTTP"
    ),
    "another body": lambda sender, body: request_of(sender, body)[: -len(body)] + body[:-2] + b" \n",
    "for another path": lambda sender, body: request_of(sender, body, url=f"{sender.client.base_url}/v1/enrol"),
    "the packing is not signed": lambda sender, body: request_of(sender, body, said={"content-encoding": "gzip"}),
}


@pytest.mark.parametrize("name", FORGED)
@pytest.mark.usefixtures("untouched")
def test_a_request_that_is_not_wholly_a_member_s_own_is_refused_and_counted(
    fort: Fort, sender: Sender, name: str
) -> None:
    before = fort.counted()
    said = fort.raw(FORGED[name](sender, body_of([sender.measured("forged")])))
    (status,) = statuses(said)
    assert status in ({400} if name == "no host" else {401}), said
    if status == 401:
        assert fort.counted() == before + 1


@pytest.mark.usefixtures("untouched")
def test_who_guesses_codes_learns_nothing_and_is_counted(fort: Fort) -> None:
    before = fort.counted()
    guesses = ["", "AAAA-AAAA-AAAA-AAAA-AAAA-AAAA", "%", "_" * 24, "' or '1'='1", "\0", "ß" * 24, "A" * 100, "\ud7ff"]
    said = [Sender(fort.client).enrol(one) for one in guesses]
    assert [one.status_code for one in said] == [422] + [403] * (len(guesses) - 1)
    assert len({one.json()["detail"] for one in said[1:]}) == 1
    assert fort.counted() == before + len(guesses)


# Bombs


@cache
def _gzip_of(mebibytes: int) -> bytes:
    """One block again and again. Its end does not fit, which nobody comes to see."""
    stream = zlib.compressobj(9, wbits=31)
    begin = stream.compress(bytes(4 * MEBIBYTE)) + stream.flush(zlib.Z_FULL_FLUSH)
    block = stream.compress(bytes(4 * MEBIBYTE)) + stream.flush(zlib.Z_FULL_FLUSH)
    return begin + block * (mebibytes // 4 - 1)


@cache
def _zstd_of(mebibytes: int) -> bytes:
    packed = io.BytesIO()
    with zstandard.ZstdCompressor(level=1).stream_writer(packed, closefd=False) as stream:
        for _ in range(mebibytes // 4):
            stream.write(bytes(4 * MEBIBYTE))
    return packed.getvalue()


def _many_lines() -> bytes:
    return b"{}\n" * (60 * MEBIBYTE // 3)


BOMBS: dict[str, tuple[str, Callable[[], bytes]]] = {
    "gzip": ("gzip", lambda: _gzip_of(1024)),
    "zstd": ("zstd", lambda: _zstd_of(1024)),
    "gzip in gzip": ("gzip", lambda: gzip.compress(_gzip_of(1024))),
    "zstd in zstd": ("zstd", lambda: zstandard.compress(_zstd_of(1024))),
    "frame after frame": ("zstd", lambda: zstandard.compress(bytes(MEBIBYTE)) * 1024),
    "member after member": ("gzip", lambda: gzip.compress(bytes(MEBIBYTE)) * 1024),
    "sixty mebibytes of lines": ("zstd", lambda: zstandard.compress(_many_lines())),
    "sixty mebibytes of blanks": ("gzip", lambda: gzip.compress(b" \n" * (30 * MEBIBYTE))),
    "one line of sixty mebibytes": ("zstd", lambda: zstandard.compress(b'{"uid":"' + b"x" * (60 * MEBIBYTE))),
}


@pytest.mark.parametrize("name", BOMBS)
@pytest.mark.usefixtures("untouched")
def test_four_bombs_at_once_are_refused_in_little_memory(fort: Fort, bomber: Sender, name: str) -> None:
    packing, made = BOMBS[name]
    body = made()
    headers = {"content-type": NDJSON, "content-encoding": packing}
    (worker,) = fort.served.workers()
    forget_peak(worker)
    with ThreadPoolExecutor(4) as threads:
        said = list(threads.map(lambda _: bomber.post("/v1/measurements", body, headers), range(4)))
    taken = {200} if name == "one line of sixty mebibytes" else set()
    assert {one.status_code for one in said} <= {413, 422} | taken
    if taken:
        assert [fates(one) for one in said] == [["refused"]] * 4
    assert peak_mib(worker) < MOST_MIB


# Shapes of requests


def _both_lengths(sender: Sender, body: bytes) -> bytes:
    return request_of(sender, body).replace(b"content-length:", b"content-length: 0\r\ncontent-length:", 1)


def _length_and_chunks(sender: Sender, body: bytes) -> bytes:
    """Who goes by the length sees one request; who goes by the chunks sees two."""
    hidden = b"GET /v1/time HTTP/1.1\r\nhost: a\r\n\r\n"
    plain = request_of(sender, body, said={"transfer-encoding": "chunked"})
    return plain[: -len(body)] + b"0\r\n\r\n" + hidden


SMUGGLED: dict[str, Callable[[Sender, bytes], bytes]] = {
    "two lengths": _both_lengths,
    "a length and chunks": _length_and_chunks,
    "a list of lengths": lambda sender, body: request_of(sender, body, said={"content-length": f"{len(body)}, 5"}),
    "a length with a sign": lambda sender, body: request_of(sender, body, said={"content-length": f"+{len(body)}"}),
    "a negative length": lambda sender, body: request_of(sender, body, said={"content-length": "-1"}),
    "a length of letters": lambda sender, body: request_of(sender, body, said={"content-length": "0x10"}),
    "a length of a hundred digits": lambda sender, body: request_of(sender, body, said={"content-length": "9" * 100}),
    "an unknown transfer": lambda sender, body: request_of(sender, body, said={"transfer-encoding": "xchunked"}),
    "two transfers": lambda sender, body: request_of(sender, body, said={"transfer-encoding": "gzip, chunked"}),
    "a space before the colon": lambda sender, body: request_of(sender, body).replace(b"host:", b"host :"),
    "a folded name": lambda sender, body: request_of(sender, body).replace(b"host:", b" x-a: b\r\nhost:"),
    "a zero byte": lambda sender, body: request_of(sender, body, said={"x-a": "b\0c"}),
    "a lone carriage return": lambda sender, body: request_of(sender, body, said={"x-a": "b\rc: d"}),
    "a chunk of a lying length": lambda sender, body: request_of(
        sender, body, said={"content-length": "", "transfer-encoding": "chunked"}
    ).replace(body, b"ffffffffffffffffff\r\n" + body),
    "a head of a mebibyte": lambda sender, body: request_of(sender, body, said={"x-a": "b" * MEBIBYTE}),
    "an endless first line": lambda sender, body: b"POST /" + b"a" * MEBIBYTE + request_of(sender, body)[5:],
    "no HTTP": lambda _sender, _body: b"\x16\x03\x01\x02\x00" + bytes(512),
}


@pytest.mark.parametrize("name", SMUGGLED)
@pytest.mark.usefixtures("untouched")
def test_a_request_of_two_meanings_has_one_answer_and_it_is_no(fort: Fort, sender: Sender, name: str) -> None:
    request = SMUGGLED[name](sender, body_of([sender.measured("smuggled")]))
    said = fort.raw(request, breaks_off=name == "a chunk of a lying length")
    found = statuses(said)
    assert len(found) <= 1, said
    assert all(400 <= status < 500 for status in found), said


@pytest.mark.parametrize("part", [1, 2, 3], ids=["in the head", "before the body", "in the body"])
@pytest.mark.usefixtures("untouched")
def test_a_request_that_breaks_off_is_not_taken(fort: Fort, sender: Sender, part: int) -> None:
    body = body_of([sender.measured("broken-off")])
    whole = request_of(sender, body)
    cut = {1: 60, 2: len(whole) - len(body), 3: len(whole) - 1}[part]
    assert all(400 <= status < 500 for status in statuses(fort.raw(whole[:cut], breaks_off=True)))


def test_ten_thousand_fields_cost_no_more_than_a_few(fort: Fort, sender: Sender) -> None:
    """Whoever wants to join is heard, so that anybody may send them."""
    body = json.dumps({"code": "AAAA", "public_key": sender.identity.public}).encode()
    signed = {
        "content-length": str(len(body)),
        **sender.signed("/v1/enrol", body, {"content-type": "application/json"}),
    }
    fields = b"".join(f"{chr(97 + number % 26)}{number}:\r\n".encode() for number in range(8_000))
    before_s = cpu_s(fort.served.workers())
    (status,) = statuses(
        fort.raw(head({"host": f"127.0.0.1:{fort.served.port}", **signed}, "/v1/enrol") + fields + b"\r\n" + body)
    )
    assert status == 403
    assert cpu_s(fort.served.workers()) - before_s < 2


PATHS = [
    "/v1//measurements", "//v1/measurements", "/v1/measurements/", "/v1/./measurements", "/v1/x/../measurements",
    "/v1/measurements/..%2f", "/v1%2fmeasurements", "/v1/measurements%00", "/v1/measurements;a=b",
    "/V1/measurements", "/v1/measurements%20", "/v1\\measurements", "/../../etc/passwd", "/%2e%2e/%2e%2e/etc/passwd",
    "/static/../../pyproject.toml", "/v1/%6deasurements/%2e%2e/enrol", "/v1/measurements/' or 1=1", "/%ff%fe",
]  # fmt: skip


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.usefixtures("untouched")
def test_another_spelling_of_an_address_leads_nowhere(fort: Fort, sender: Sender, path: str) -> None:
    body = body_of([sender.measured("astray")])
    asked = request_of(sender, body).replace(b"/v1/measurements HTTP", f"{path} HTTP".encode(), 1)
    (status,) = statuses(fort.raw(asked))
    assert status in {400, 401, 404, 405}


METHODS = ("GET", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT", "PROPFIND", "post", "X" * 1000)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("path", ["/v1/measurements", "/v1/enrol"])
@pytest.mark.usefixtures("untouched")
def test_another_method_is_refused(fort: Fort, sender: Sender, path: str, method: str) -> None:
    body = body_of([sender.measured("method")])
    signed_as = method if method.isupper() else "POST"
    asked = request_of(sender, body, method=signed_as).replace(b"POST /v1/measurements", f"{method} {path}".encode(), 1)
    found = statuses(fort.raw(asked))
    assert len(found) <= 1
    assert all(400 <= status < 500 for status in found)


@pytest.mark.usefixtures("untouched")
def test_hundreds_of_connections_that_say_nothing_keep_nobody_out(fort: Fort, sender: Sender) -> None:
    idle = [socket.create_connection(("127.0.0.1", fort.served.port)) for _ in range(300)]
    try:
        for one in idle[::2]:
            one.sendall(b"POST /v1/measurements HTTP/1.1\r\nhost:")
        until(lambda: fort.client.get("/readyz").status_code == 200)
        assert fates(sender.send("{}")) == ["refused"]
    finally:
        for one in idle:
            one.close()
