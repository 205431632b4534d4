"""Which answers are block pages and which are not, and what is said about lines that are wrong."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from results.knowledge import HERE, bundled
from results.knowledge.blockpages import (
    BLOCKING,
    COLUMNS,
    Fingerprint,
    Scope,
    block_page,
    cells,
    forged_address,
    matching,
    read,
)
from results.knowledge.pattern import Pattern, PatternType
from results.records import HttpStep
from tests.results.anything import STEPS

FULL, PREFIX, CONTAINS, REGEXP = PatternType


def row(name: str, scope: Scope, location: str, kind: PatternType, pattern: str, **more: Any) -> Fingerprint:
    return Fingerprint(name=name, scope=scope, location=location, pattern=Pattern.of(kind, pattern), **more)


KNOWN = (
    row("vague", Scope.VBW, "body", CONTAINS, "blocked"),
    row("school", Scope.INST, "body", CONTAINS, "School filter"),
    row("product", Scope.PROD, "header.server", PREFIX, "Filter/"),
    row("unsure operator", Scope.ISP, "body", CONTAINS, "Telecom", confidence=2),
    row("operator", Scope.ISP, "body", CONTAINS, "<title>Blocked by Telecom</title>"),
    row("country", Scope.NAT, "header.location", PREFIX, "http://register.example.kz/", countries=("KZ",)),
    row("whole page", Scope.ISP, "body", FULL, "<title>Stop</title>"),
    row("beginning", Scope.ISP, "body", PREFIX, "<title>Halt"),
    row("host refuses", Scope.PROV, "body", CONTAINS, "not available in your region"),
    row("pay your bill", Scope.INJB, "header.location", PREFIX, "http://bill.example.kz/"),
    row("false alarm", Scope.FP, "body", CONTAINS, "Welcome to nginx!"),
    row("false redirect", Scope.FP, "header.location", PREFIX, "https://www.apple.example/"),
    row("server of none", Scope.ISP, "dns", FULL, "10.10.34.35"),
    row("forged six", Scope.NAT, "dns", FULL, "d0::11"),
    row("forged net", Scope.ISP, "dns", PREFIX, "192.0.2."),
    row("alias", Scope.ISP, "dns", FULL, "blockpage.example.id"),
    row("good address", Scope.FP, "dns", FULL, "192.0.2.80"),
    row("vague address", Scope.VBW, "dns", FULL, "0.0.0.0"),
)


def answer(**more: Any) -> HttpStep:
    usual: dict[str, Any] = {"endpoint": "93.184.216.34:80", "t0": 0, "t": 1, "url": "http://ratel.kz/", "status": 200}
    return HttpStep(**usual | more)


REGISTER = "http://register.example.kz/?u=ratel.kz"


@pytest.mark.parametrize(
    ("more", "name"),
    [
        ({}, None),
        ({"body": "<title>News</title>"}, None),
        ({"body": "<title>Blocked by Telecom</title>"}, "operator"),
        ({"body": "We are Telecom"}, "unsure operator"),
        ({"body": "We are telecom"}, None),
        ({"body": "School filter of Telecom"}, "unsure operator"),
        ({"body": "School filter"}, "school"),
        ({"headers": (("server", "nginx"), ("server", "Filter/2"))}, "product"),
        ({"headers": (("via", "Filter/2"),)}, None),
        ({"headers": (("server", "Filter/2"),), "body": "School filter"}, "product"),
        # redirects
        ({"status": 302, "location": REGISTER}, "country"),
        ({"status": 302, "headers": (("location", REGISTER),)}, "country"),
        ({"status": 302, "location": REGISTER, "body": "<title>Blocked by Telecom</title>"}, "country"),
        ({"status": 302, "location": "https://register.example.kz/"}, None),
        ({"status": 302, "location": "http://register.example.kz.evil.example/"}, None),
        ({"status": 302, "location": REGISTER, "url": "http://register.example.kz/"}, None),
        ({"status": 302, "headers": (("location", REGISTER),), "url": "http://REGISTER.example.kz:80/a"}, None),
        ({"status": 302, "location": "http://[", "url": "http://["}, None),
        # a page of which only the title was kept
        ({"title": "Blocked by Telecom"}, "operator"),
        ({"title": "Blocked by Telecom", "body": "<title>News</title>"}, None),
        ({"title": "Stop"}, None),
        ({"title": "Halt, friend"}, None),
        ({"body": "<title>Stop</title>"}, "whole page"),
        ({"body": "<title>Stop</title> "}, None),
        ({"body": "<title>Halt, friend</title>"}, "beginning"),
        ({"title": "Welcome to nginx!"}, None),
        # what alone says nothing of blocking
        ({"body": "This user was blocked."}, None),
        ({"body": "not available in your region"}, None),
        ({"status": 302, "location": "http://bill.example.kz/?you"}, None),
        ({"body": "not available in your region, says Telecom"}, "unsure operator"),
        # a false alarm silences everything
        ({"body": "Welcome to nginx! Blocked by Telecom"}, None),
        ({"status": 302, "location": REGISTER, "body": "Welcome to nginx!"}, None),
        ({"status": 302, "location": "https://www.apple.example/", "body": "Blocked by Telecom"}, None),
        # an address in a page is no DNS answer
        ({"body": "10.10.34.35"}, None),
    ],
)
def test_an_answer_is_a_block_page_or_is_not(more: dict[str, Any], name: str | None) -> None:
    hit = block_page(answer(**more), KNOWN)
    assert (hit and hit.name) == name


@pytest.mark.parametrize(
    ("ip", "name"),
    [
        ("10.10.34.35", "server of none"),
        ("10.10.34.3", None),
        ("d0::11", "forged six"),
        ("00d0:0:0::11", "forged six"),
        ("192.0.2.7", "forged net"),
        ("192.0.2.80", None),
        ("0.0.0.0", None),
        ("93.184.216.34", None),
        ("blockpage.example.id", None),
        ("", None),
    ],
)
def test_an_address_is_a_forged_one_or_is_not(ip: str, name: str | None) -> None:
    hit = forged_address(ip, KNOWN)
    assert (hit and hit.name) == name


def test_what_says_nothing_alone_can_be_asked_for() -> None:
    names = [hit.name for hit in matching(answer(body="blocked: not available in your region. Telecom"), KNOWN)]
    assert names == ["vague", "unsure operator", "host refuses"]


def test_the_words_name_the_fingerprint_whose_it_is_and_the_source() -> None:
    hit = block_page(answer(location=REGISTER), KNOWN)
    assert hit is not None
    assert (hit.words, hit.countries) == ("country (nat in KZ; known from its file)", ("KZ",))


@settings(derandomize=True, deadline=None)
@given(STEPS)
def test_no_answer_is_a_crash(step: object) -> None:
    if isinstance(step, HttpStep):
        hit = block_page(step, KNOWN)
        assert hit is None or hit.scope in BLOCKING


@settings(derandomize=True, deadline=None)
@given(st.text(), st.text(), st.text(), st.text())
def test_no_text_is_a_crash(body: str, location: str, url: str, ip: str) -> None:
    block_page(answer(body=body, location=location, url=url, headers=(("location", location),)), KNOWN)
    forged_address(ip, KNOWN)


# What comes with the program


def test_the_bundled_file_has_no_problem_and_our_columns() -> None:
    path = HERE / "blockpages.csv"
    fingerprints, problems = read([path])
    assert problems == []
    assert fingerprints == bundled().fingerprints
    assert path.read_text(encoding="utf-8").splitlines()[0] == ",".join(COLUMNS)


@pytest.mark.parametrize("fingerprint", bundled().fingerprints, ids=lambda one: one.name)
def test_a_bundled_fingerprint_has_a_source_and_is_of_one_country(fingerprint: Fingerprint) -> None:
    assert fingerprint.source.startswith("https://")
    assert len(fingerprint.countries) == 1
    assert fingerprint.scope in BLOCKING


@pytest.mark.parametrize(
    ("more", "name"),
    [
        ({"location": "http://homeline.kg/access/blockpage.html"}, "kg_homeline"),
        ({"location": "http://homeline.kg/"}, None),
        (
            {"body": '<p class="error">Access to the requested website has been blocked by judicial decision!</p>'},
            "kg_elcat",
        ),
        ({"location": "http://reestr.mitc.uz/xtrm.html"}, "uz_reestr"),
        ({"location": "http://reestr.mitc.uz/a", "url": "http://reestr.mitc.uz/"}, None),
        ({"body": "<title>Страница заблокирована</title>"}, None),  # a social network's own words for a banned user
    ],
)
def test_the_block_pages_known_for_central_asia(more: dict[str, Any], name: str | None) -> None:
    hit = block_page(answer(**more), bundled().fingerprints)
    assert (hit and hit.name) == name


# Files

GOOD = dict(zip(COLUMNS, ("a", "isp", "", "body", "contains", "Blocked", "5", "KZ", "", "", ""), strict=True))


def written(path: Path, *rows: dict[str, str]) -> Path:
    lines = [",".join(COLUMNS), *(",".join(f'"{one[column]}"' for column in COLUMNS) for one in rows)]
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"name": " "}, "The name is empty."),
        ({"scope": "state"}, 'The scope "state" is not known; allowed are nat, isp, prod, inst, prov, injb, vbw, fp.'),
        ({"scope": ""}, 'The scope "" is not known;'),
        ({"location_found": "title"}, 'The location_found "title" is not known; allowed are body, dns, and header.'),
        ({"location_found": "header."}, 'The location_found "header." is not known;'),
        ({"pattern_type": "glob"}, 'The pattern_type "glob" is not known; allowed are full, prefix, contains, regexp.'),
        ({"pattern": " "}, "The pattern is empty."),
        ({"pattern_type": "regexp", "pattern": "(a+)+"}, 'The regular expression "(a+)+" has "(";'),
        ({"confidence_no_fp": "11"}, 'The confidence_no_fp "11" is not allowed; allowed are 0 to 10.'),
        ({"expected_countries": "KZ,Uzbekistan"}, 'The country "Uzbekistan" is not known;'),
    ],
)
def test_a_bad_line_is_told_and_harms_no_other(tmp_path: Path, change: dict[str, str], says: str) -> None:
    path = written(tmp_path / "f.csv", GOOD | change, GOOD)
    fingerprints, problems = read([path])
    assert [(problem.file, problem.line) for problem in problems] == [(str(path), 2)]
    assert says in problems[0].says
    assert [fingerprint.name for fingerprint in fingerprints] == ["a"]


@pytest.mark.parametrize(
    ("column", "given_", "kept"),
    [
        ("pattern", " <title>Stop", " <title>Stop"),
        ("pattern", "two\nlines, a comma", "two\nlines, a comma"),
        ("scope", " NAT ", "nat"),
        ("location_found", "header.X-App-URL", "header.x-app-url"),
        ("confidence_no_fp", "", "5"),
        ("expected_countries", ",ZZ", "ZZ"),
        ("expected_countries", "IT, IR", "IT,IR"),
        ("expected_countries", "", ""),
    ],
)
def test_a_row_is_read_as_other_collections_write_it(tmp_path: Path, column: str, given_: str, kept: str) -> None:
    fingerprints, problems = read([written(tmp_path / "f.csv", GOOD | {column: given_})])
    assert problems == []
    assert cells(fingerprints[0]) == GOOD | {column: kept}


def test_what_stands_twice_counts_once_and_a_name_may_be_shared(tmp_path: Path) -> None:
    one = written(tmp_path / "a.csv", GOOD, GOOD | {"name": "b"}, GOOD | {"pattern": "Other"})
    two = written(tmp_path / "b.csv", GOOD, GOOD | {"scope": "fp"})
    fingerprints, problems = read([one, two])
    assert problems == []
    assert [(one.name, one.scope, one.pattern.text) for one in fingerprints] == [
        ("a", "isp", "Blocked"),
        ("a", "isp", "Other"),
        ("a", "fp", "Blocked"),
    ]
