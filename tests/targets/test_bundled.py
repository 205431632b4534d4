"""The lists that come with the program, and what they say about addresses of other lists."""

from collections import Counter
from pathlib import Path

import pytest

from targets.bundled import LISTS, UnknownList, bundled, bundled_names, guarded, resolve
from targets.categories import categories, tier_of
from targets.load import load
from targets.row import COLUMNS
from targets.selection import select
from targets.target import TIERS, Role, Target, Use
from targets.url import canonical_url

ROWS = [pytest.param(target, id=target.url) for name in bundled_names() for target in bundled(name)]


def test_the_lists_are_those_of_kazakhstan_and_the_references() -> None:
    assert bundled_names() == ("kz", "reference")


@pytest.mark.parametrize("name", bundled_names())
def test_a_bundled_list_has_no_problem(name: str) -> None:
    targets, problems = load(LISTS / f"{name}.csv")
    assert problems == []
    assert targets == bundled(name)
    assert {target.list_name for target in targets} == {name}
    assert (LISTS / f"{name}.csv").read_text(encoding="utf-8").splitlines()[0] == ",".join(COLUMNS)


@pytest.mark.parametrize("target", ROWS)
def test_a_bundled_row_is_complete(target: Target) -> None:
    assert target.url == canonical_url(target.url)
    assert target.outlet
    assert target.category in categories()
    assert target.language in {"ru", "kk", "en"}
    assert target.source


@pytest.mark.parametrize("target", ROWS)
def test_a_sensitive_row_is_never_measured_unasked(target: Target) -> None:
    allowed = {1: set(Use), 2: {Use.OPT_IN, Use.HISTORY}, 3: {Use.NEVER}}
    assert target.use in allowed[target.tier]
    assert (target.use is Use.REFERENCE) == (target.list_name == "reference")


def test_no_address_stands_in_two_bundled_lists() -> None:
    counts = Counter(target.url for name in bundled_names() for target in bundled(name))
    assert max(counts.values()) == 1


@pytest.mark.parametrize("url", ["https://ratel.kz/", "https://zonakz.net/", "https://www.livejournal.com/"])
def test_a_volunteer_measures_the_sites_that_started_it(url: str) -> None:
    measured = select(bundled("kz"), vantage_class="home")
    assert url in {target.url for target in measured}
    assert {target.tier for target in measured} == {1}


def test_an_unknown_name_says_which_there_are() -> None:
    with pytest.raises(UnknownList, match=r'^"kzz" is not a bundled list; allowed are kz, reference\.$'):
        bundled("kzz")


def test_who_changes_a_bundled_list_changes_a_copy() -> None:
    bundled("kz").clear()
    assert bundled("kz")


@pytest.mark.parametrize(
    ("url", "tier", "use"),
    [
        ("https://ratel.kz/", 1, Use.DEFAULT),
        ("https://other.livejournal.com/", 1, Use.DEFAULT),
        ("http://kavkazcenter.com/page", 3, Use.NEVER),
        ("https://WWW.KavkazCenter.com:8443/", 3, Use.NEVER),
        ("https://blog.ablyazov.org/", 3, Use.NEVER),
        ("https://notablyazov.org/", 1, Use.DEFAULT),
        ("https://islamunveiled.livejournal.com/1.html", 3, Use.NEVER),
        ("https://respublika.kz.media/archives/1", 2, Use.DEFAULT),
        ("https://192.0.2.1/", 1, Use.DEFAULT),
    ],
)
def test_no_list_lowers_a_tier_of_the_bundled_ones(url: str, tier: int, use: Use) -> None:
    target, says = guarded(Target(url=url))
    assert (target.url, target.tier, target.use) == (url, tier, use)
    assert bool(says) == (tier > 1)


def test_a_list_may_be_more_careful_than_the_bundled_ones() -> None:
    target = Target(url="https://respublika.kz.media/", tier=3, use=Use.OPTIONAL)
    assert guarded(target) == (target, "")


def test_lists_are_joined_in_order_and_each_address_counts_once(tmp_path: Path) -> None:
    path = tmp_path / "mine.csv"
    path.write_text("url,outlet\nhttps://RATEL.kz,Mine\nhttps://a.kz/,Mine\nhttps://ablyazov.org/,Mine\nftp://b.kz/,\n")
    targets, problems = resolve([path, "kz"])
    assert [(target.url, target.outlet, target.tier) for target in targets[:4]] == [
        ("https://RATEL.kz", "Mine", 1),
        ("https://a.kz/", "Mine", 1),
        ("https://ablyazov.org/", "Mine", 3),
        ("https://ratel.su/", "Ratel.kz", 1),
    ]
    assert len(targets) == 2 + len(bundled("kz"))
    assert [(problem.line, problem.says) for problem in problems] == [
        (4, '"https://ablyazov.org/" gets tier 3 and use never, because the bundled list kz has its host.'),
        (5, '"ftp://b.kz/" has the scheme "ftp"; allowed are http and https.'),
    ]


def test_a_name_that_is_neither_list_nor_file_is_a_problem() -> None:
    targets, problems = resolve(["kzz"])
    assert targets == []
    assert [str(problem) for problem in problems] == [
        "kzz:0: The file cannot be read: No such file or directory.",
        "kzz:0: The bundled lists are kz, reference.",
    ]


@pytest.mark.parametrize("code", sorted(categories()))
def test_a_careful_category_has_its_reason(code: str) -> None:
    category = categories()[code]
    assert category.tier in TIERS
    assert bool(category.reason) == (category.tier > 1)
    assert tier_of(code) == category.tier


@pytest.mark.parametrize("word", [*Role, *Use, *COLUMNS])
def test_every_word_of_the_lists_is_explained(word: str) -> None:
    assert f"`{word}`" in (LISTS.parent / "README.md").read_text(encoding="utf-8")
