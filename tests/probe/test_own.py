"""What tells this machine or its owner is in no stored byte, wherever it was planted."""

import sqlite3
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from probe.check import check
from probe.contexts import web_context
from probe.own import Ours, own
from probe.sanity import Line
from probe.scrub import Masks, Own, discreet, spellings
from probe.services import Services
from probe.tools import Tools
from results.formats.jsonl import line
from results.judgement import Verdict
from results.packing import unpacked
from results.records import (
    Certificate,
    Control,
    DnsAnswer,
    DnsStep,
    HttpStep,
    Measurement,
    Reference,
    TlsStep,
    Vantage,
    Via,
    adapter,
)
from results.store import Store
from results.verdict import judge
from tests.probe.servers import page, site

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
PLANTED = Own(
    addresses=frozenset({"95.56.10.20", "192.168.1.77", "2a02:1234:5:6::9", "fe80::1c2d:3eff:fe4f:5a6b"}),
    hardware=frozenset({"1e:2d:3e:4f:5a:6b"}),
    hosts=frozenset({"steppe-thinkpad.lan"}),
    users=frozenset({"steppe.s"}),
    folders=frozenset({"/home/steppe.s", "C:\\Users\\steppe.s"}),
    wifi=frozenset({"Кафе Қайнар 5G"}),
)
MASKS = Masks(PLANTED)
PLANTS = [
    *(form for address in sorted(PLANTED.addresses) for form in sorted(spellings(address))),
    *("1e:2d:3e:4f:5a:6b", "1E-2D-3E-4F-5A-6B", "1e2d.3e4f.5a6b", "1e2d3e4f5a6b"),
    *("steppe-thinkpad.lan", "STEPPE-THINKPAD", "steppe.s", "/home/steppe.s", "C:\\Users\\steppe.s"),
    "Кафе Қайнар 5G",
]


def planted(what: str) -> Measurement:
    """In each field in which what comes from the network, or from this machine, is kept."""
    text = f"You ({what}) came from:{what}, {what}:443; id={what}&x."
    certificate = Certificate(sha256="0", subject=f"CN={what}", issuer=f"O={text}")
    url = f"http://portal.example/{what}?from={what}&u=1"
    steps = (
        DnsStep(
            endpoint=f"udp://{what}",
            t0=0,
            t=0,
            name=f"{what}.example",
            via=Via.UDP,
            detail=text,
            answers=(DnsAnswer(t=0, failure=None, addresses=(what,)),),
        ),
        TlsStep(endpoint=f"{what}:443", t0=0, t=0, name="ratel.kz", detail=text, chain=(certificate,), alert=text),
        HttpStep(
            endpoint="93.184.216.34:80",
            t0=0,
            t=0,
            url=url,
            headers=(("x-client", what), ("via", text)),
            location=url,
            title=text,
            body=text,
        ),
    )
    return Measurement(
        uid="1",
        url="http://ratel.kz/",
        started_at=NOW,
        runtime_ms=1,
        vantage=Vantage(name="v-1"),
        hops=(url,),
        steps=steps,
        control=Control(name="https://control.example", detail=text, steps=steps, hops=(url,)),
        asns={what: 1},
        references=(Reference(url="https://www.wikipedia.org/", detail=text, chain=(certificate,), plain_host=what),),
    )


@pytest.mark.parametrize("what", PLANTS)
def test_what_is_ones_own_is_in_no_field_of_the_record(what: str) -> None:
    kept = line(discreet(planted(what), MASKS), judge(discreet(planted(what), MASKS))).lower()
    word = what.lower().replace("\\", "\\\\")
    if any(name in word for name in ("steppe", "кафе")):
        # A site may be called like a person: hosts, endpoints and addresses keep names, and nothing else does.
        for place in (
            f"udp://{word}",
            f'"{word}.example',
            f'"{word}:443',
            f'["{word}"]',
            f'{{"{word}":',
            f'"{word}"}}',
        ):
            kept = kept.replace(place, "")
    assert word not in kept


def test_the_record_is_the_same_where_nothing_is_ones_own() -> None:
    there = planted("8.8.4.4")
    assert discreet(there, MASKS) is there


def test_the_target_and_who_measures_stand_as_they_are() -> None:
    called = replace(planted("steppe.s"), url="https://steppe.s/", vantage=Vantage(name="steppe.s"))
    kept = discreet(called, MASKS)
    assert (kept.url, kept.vantage) == (called.url, called.vantage)
    assert kept.hops[0].startswith("http://portal.example/[user]")


@pytest.mark.parametrize("name", ["root", "pi", "user", "localhost", "home"])
def test_names_that_many_machines_have_are_nobodys(name: str) -> None:
    masks = Masks(Own(users=frozenset({name}), hosts=frozenset({name}), folders=frozenset({f"/home/{name}"})))
    assert not masks.found(f"{name}: /home/{name}, ISRG Root X1, {name}.example")


def test_a_longer_word_or_number_is_another() -> None:
    text = "195.56.10.201 steppe.sm xsteppe.s 192.168.1.770 fe80::1c2d:3eff:fe4f:5a6b0 [95.56.10.2]"
    assert MASKS.prose(text) == text


def test_both_sides_of_a_comparison_are_masked_alike() -> None:
    """Else a page about somebody of that name would differ from the control's."""
    kept = discreet(planted("steppe.s"), MASKS)
    assert kept.control is not None
    here, there = kept.steps[-1], kept.control.steps[-1]
    assert here == there


# This machine, and all of it


@pytest.mark.anyio
async def test_what_a_page_tells_of_this_machine_is_in_no_byte_of_the_store(tmp_path: Path) -> None:
    """A page, with a header and a redirect, that knows all about whoever reads it."""
    mine = own()
    secrets = {*mine.addresses, *mine.hardware, "steppe-thinkpad", "Кафе Қайнар 5G", "95.56.10.20", "95-56-10-20"}

    class Everyones(Ours):
        def masks(self) -> Masks:
            return Masks(replace(mine, hosts=PLANTED.hosts, wifi=PLANTED.wifi, addresses=mine.addresses))

    told = " | ".join(sorted(secrets))
    context = web_context(None)
    body = f"<title>{told}</title><p>{told}</p>".encode()
    headers = {"X_Client": told.encode("ascii", "ignore").decode(), "Content_Type": "text/html; charset=utf-8"}
    async with site(page(body, **headers)) as port:
        tools = Tools(
            vantage=Vantage(name="v-1"),
            context=context,
            services=Services(context),
            line=Line((), context),
            utcnow=lambda: NOW,
            software="test",
            may_dial=lambda _ip, _port: True,
            ours=Everyones(),
        )
        measurement = await check(f"http://127.0.0.1:{port}/", tools)
    [seen] = [step for step in measurement.steps if isinstance(step, HttpStep)]
    assert seen.title is not None
    assert "[address]" in seen.title
    store = Store(f"sqlite:///{tmp_path}/kedergi.db")
    store.add(measurement, judge(measurement))
    store.close()
    texts = list(everything(tmp_path / "kedergi.db"))
    assert any("[address]" in text for text in texts)
    assert [(secret, text[:80]) for text in texts for secret in secrets if secret.lower() in text.lower()] == []


def everything(file: Path) -> Iterable[str]:
    """Each value of each table, unpacked where it is packed; and the file itself."""
    with sqlite3.connect(file) as connection:
        connection.row_factory = sqlite3.Row
        tables = [row["name"] for row in connection.execute("select name from sqlite_master where type = 'table'")]
        for table in tables:
            for row in connection.execute(f"select * from {table}"):
                packed = table == "evidence"
                yield unpacked(row["codec"], row["blob"]).decode() if packed else str(tuple(row))
    connection.close()
    yield file.read_bytes().decode("utf-8", "replace")


def test_a_masked_answer_can_be_judged_and_read_again() -> None:
    kept = discreet(planted("95.56.10.20"), MASKS)
    assert adapter().validate_json(adapter().dump_json(kept)) == kept
    assert judge(kept).verdict in set(Verdict)


def test_looking_at_this_machine_is_cheap_and_done_once_a_place() -> None:
    ours = Ours()
    assert ours.masks() is ours.masks()
