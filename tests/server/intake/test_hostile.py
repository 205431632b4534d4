"""What a hostile member or a stranger may send: bombs, floods, and texts that mean something elsewhere."""

import gzip
import io
import json
import resource
import secrets
import tracemalloc
from collections.abc import Callable
from dataclasses import replace

import httpx
import pytest
import zstandard

from results.records import HttpStep, Vantage
from results.store import Store
from server.body import Refused
from server.intake.limits import MEBIBYTE, Limits
from server.intake.unpacking import unpacked
from tests.server.intake.conftest import Joined, Serving
from tests.server.intake.sending import NDJSON, PACK, Sender, body_of, fates, sentence

GIBIBYTE = 1024 * MEBIBYTE
SCRIPT = "'; drop table measurement; -- <script>alert(1)</script> ${7*7} {{7*7}} \u202e\x07 😀"


def bomb(packing: str) -> bytes:
    """A gibibyte of zeros."""
    packed = io.BytesIO()
    with (
        gzip.GzipFile(fileobj=packed, mode="wb", compresslevel=9)
        if packing == "gzip"
        else zstandard.ZstdCompressor(level=3).stream_writer(packed, closefd=False)
    ) as stream:
        for _ in range(256):
            stream.write(bytes(4 * MEBIBYTE))
    return packed.getvalue()


@pytest.mark.parametrize("packing", ["gzip", "zstd"])
def test_a_bomb_is_left_in_the_middle(sender: Sender, packing: str) -> None:
    body = bomb(packing)
    assert len(body) < 2 * MEBIBYTE
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    headers = {"content-type": NDJSON, "content-encoding": packing}
    says = sentence(sender.post("/v1/measurements", body, headers), 413)
    assert "npacked" in says
    grown_mib = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    assert grown_mib < 300
    assert fates(sender.send(sender.measured("a"))) == ["stored"]


@pytest.mark.parametrize("packing", ["gzip", "zstd"])
def test_what_unpacking_takes_is_bounded(packing: str) -> None:
    body = bomb(packing)
    tracemalloc.start()
    try:
        with pytest.raises(Refused, match="longer than 1048576 bytes"):
            unpacked(body, packing, most_bytes=MEBIBYTE)
        assert tracemalloc.get_traced_memory()[1] < 40 * MEBIBYTE
    finally:
        tracemalloc.stop()


def wide_window(body: bytes) -> bytes:
    parameters = zstandard.ZstdCompressionParameters.from_level(3, window_log=27, enable_ldm=True)
    stream = zstandard.ZstdCompressor(compression_params=parameters).compressobj()
    return stream.compress(body) + stream.flush()


DAMAGED: list[tuple[str, Callable[[bytes], bytes]]] = [
    ("gzip", lambda body: body),
    ("zstd", lambda body: body),
    ("gzip", lambda body: PACK["gzip"](body)[:-5]),
    ("zstd", lambda body: PACK["zstd"](body)[:-5]),
    ("gzip", lambda body: PACK["gzip"](body) + b"more"),
    ("zstd", lambda body: PACK["zstd"](body) + b"more"),
    ("gzip", lambda _: b""),
    ("zstd", lambda _: b""),
    ("zstd", wide_window),
    ("", lambda body: body + b"\xff\n"),
    ("", lambda _: b""),
    ("", lambda _: b"\n \n"),
]


@pytest.mark.parametrize(("packing", "spoil"), DAMAGED)
def test_what_is_not_what_it_says_is_refused_whole(
    sender: Sender, store: Store, packing: str, spoil: Callable[[bytes], bytes]
) -> None:
    headers = {"content-type": NDJSON, **({"content-encoding": packing} if packing else {})}
    # Many, so that lines have come before the damage is seen.
    body = body_of([sender.measured(f"u{number}", software=secrets.token_hex(2000)) for number in range(100)])
    says = sentence(sender.post("/v1/measurements", spoil(body), headers), 422)
    assert ("Content-Encoding" in says) is bool(packing)
    assert store.held().measurements == 0


@pytest.mark.parametrize(
    "headers",
    [
        {"content-type": "application/json"},
        {"content-type": NDJSON, "content-encoding": "br"},
        {"content-type": NDJSON, "content-encoding": "gzip, gzip"},
    ],
)
def test_other_types_and_packings_are_refused(sender: Sender, headers: dict[str, str]) -> None:
    sentence(sender.post("/v1/measurements", b"{}\n", headers), 415)


def test_a_body_that_is_too_long_is_not_read(sender: Sender) -> None:
    body = bytes(9 * MEBIBYTE)
    headers = sender.signed("/v1/measurements", body, {"content-type": NDJSON})
    says = sentence(sender.client.post("/v1/measurements", content=body, headers=headers), 413)
    assert "8388608" in says
    chunked = sender.client.post(
        "/v1/measurements", content=(body[at : at + MEBIBYTE] for at in range(0, len(body), MEBIBYTE)), headers=headers
    )
    sentence(chunked, 413)


def test_whoever_has_no_key_here_has_no_body_read(client: httpx.Client) -> None:
    stranger, body = Sender(client), bytes(9 * MEBIBYTE)
    headers = stranger.signed("/v1/measurements", body, {"content-type": NDJSON})
    sentence(client.post("/v1/measurements", content=body, headers=headers), 401)


def test_so_many_lines_are_taken_and_not_one_more(sender: Sender, store: Store) -> None:
    sent = [sender.measured(f"u{number}") for number in range(501)]
    assert "500 lines" in sentence(sender.send(*sent, packing="zstd"), 413)
    assert store.held().measurements == 0
    assert fates(sender.send(*sent[1:], packing="zstd")) == ["stored"] * 500


DEEP = "[" * 200_000 + "]" * 200_000


@pytest.mark.parametrize(
    "line",
    [
        DEEP,
        '{"evidence":' + DEEP + "}",
        '{"a":' + "9" * 10_000 + "}",
        "[" + "{}," * 1_200_000 + "{}]",
        '"\\ud800"',
        "NaN",
        "\x00",
    ],
    ids=["deep", "deep inside", "digits", "pieces", "half a letter", "NaN", "zero byte"],
)
def test_a_line_that_is_hard_to_read_is_refused_as_a_line(sender: Sender, line: str) -> None:
    assert fates(sender.send(line, sender.measured("a"), packing="zstd")) == ["refused", "stored"]


def test_a_line_that_is_too_long_is_refused_as_a_line(sender: Sender) -> None:
    said = sender.send('"' + "x" * (4 * MEBIBYTE) + '"', sender.measured("a"), packing="gzip")
    assert fates(said) == ["refused", "stored"]
    assert "4 MiB" in said.json()["receipts"][0]["says"]


def test_texts_that_mean_something_elsewhere_come_back_as_they_were(sender: Sender, store: Store) -> None:
    whole = sender.measured(SCRIPT[:60], url=f"https://ratel.kz/?{SCRIPT}", round_uid=SCRIPT[:60], software=SCRIPT)
    steps = tuple(
        replace(step, body=f"{SCRIPT}\x00", title=f"{SCRIPT}\x00", detail=SCRIPT, headers=((SCRIPT, SCRIPT),))
        if isinstance(step, HttpStep)
        else replace(step, detail=SCRIPT)
        for step in whole.steps
    )
    vantage = Vantage(name=sender.name, country=SCRIPT[:60], asn=1, network=SCRIPT, vantage_class=SCRIPT[:60])
    odd = replace(whole, steps=steps, vantage=vantage, asns={SCRIPT: 1})
    assert fates(sender.send(odd)) == ["stored"]
    kept = store.measurement(odd.uid)
    assert kept is not None
    assert (kept[0].steps, kept[0].vantage, kept[0].url) == (odd.steps, odd.vantage, odd.url)
    assert [point.url for point in store.points(since=odd.started_at.replace(year=2000))] == [odd.url]


def test_numbers_that_a_column_can_not_hold_are_refused_as_lines(sender: Sender) -> None:
    one = sender.measured("a")
    steps = tuple(replace(step, status=2**40) if isinstance(step, HttpStep) else step for step in one.steps)
    sent = [replace(one, steps=steps), replace(one, uid="b", vantage=replace(one.vantage, asn=2**40))]
    assert fates(sender.send(*sent, sender.measured("c"))) == ["refused", "refused", "stored"]


@pytest.mark.parametrize(
    "headers",
    [
        {"signature-input": "x"},
        {"signature-input": 'sig1=();created=1;keyid="' + "0" * 64 + '"'},
        {"signature": "sig1=:!!:"},
        {"content-digest": "sha-256=:AAAA:"},
        {"content-digest": "x"},
        {"signature-input": 'sig1=("@method" "@method");created=1;keyid="{}"'},
        {"host": "bücher.example"},
    ],
)
def test_a_signature_that_is_none_is_refused(sender: Sender, headers: dict[str, str]) -> None:
    body = body_of([sender.measured("a")])
    signed = sender.signed("/v1/measurements", body, {"content-type": NDJSON})
    spoilt = {name: value.replace("{}", sender.identity.key_id) for name, value in headers.items()}
    sent = [(name.encode(), value.encode()) for name, value in (signed | spoilt).items()]
    lower = {name.lower(): value for name, value in sent if name.decode().lower() not in spoilt}
    final = [*lower.items(), *((name.encode(), value.encode()) for name, value in spoilt.items())]
    sentence(sender.client.post("/v1/measurements", content=body, headers=final), 401)


def test_too_many_batches_at_once_are_told_to_come_later(serving: Serving, store: Store, joined: Joined) -> None:
    import socket

    limits = Limits(bodies_of_one=2, bodies=3)
    client = serving(store, limits)
    one, other, third = joined(client), joined(client), joined(client)
    body = body_of([one.measured("a")])
    port = client.base_url.port
    assert port is not None

    def begun(sender: Sender) -> socket.socket:
        """A batch of which the head has come, and nothing else comes."""
        headers = {**sender.signed("/v1/measurements", body, {"content-type": NDJSON}), "content-length": "1000"}
        head = "".join(f"{name}: {value}\r\n" for name, value in {**headers, "host": f"127.0.0.1:{port}"}.items())
        sock = socket.create_connection(("127.0.0.1", port))
        sock.sendall(f"POST /v1/measurements HTTP/1.1\r\nExpect: 100-continue\r\n{head}\r\n".encode())
        assert sock.recv(100).startswith(b"HTTP/1.1 100")  # the server wants the body: it counts
        return sock

    with begun(one), begun(one):
        refused = one.send(one.measured("b"))
        assert "this vantage" in sentence(refused, 429)
        assert refused.headers["retry-after"]
        with begun(other):
            assert "in work" in sentence(third.send(third.measured("c")), 429)
    until_taken(third)


def until_taken(sender: Sender) -> None:
    """The connections that ended give their places back."""
    import time

    end = time.monotonic() + 10
    while sender.send(sender.measured("d")).status_code != 200:
        assert time.monotonic() < end
        time.sleep(0.05)


def test_a_refusal_shows_nothing_of_the_store(sender: Sender, store: Store) -> None:
    with store.transaction() as connection:
        connection.exec_driver_sql("alter table nonce rename to nonce_away")
    says = sentence(sender.send(sender.measured("a")), 503)
    assert "nonce" not in json.dumps(says)
