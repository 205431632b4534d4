"""For everybody: names, scopes, contrast. Not all that access means, but what a machine can hold."""

from collections.abc import Callable, Mapping

import httpx
import pytest

from results.store import Store
from server.pages.charts.palette import BLOCKINGS, DARK, LIGHT
from targets.networks import CREDITS
from tests.server.html import Page, page
from tests.server.simulated import Simulated, judgement, rich

Ask = Callable[..., httpx.AsyncClient]

PATHS = ["/", "/site?url=https://a.kz/", "/measurement/rich", "/networks", "/network?key=9198", "/method", "/nothing"]


def luminance(colour: str) -> float:
    parts = (int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5))
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("palette", [LIGHT, DARK], ids=["light", "dark"])
@pytest.mark.parametrize("ink", ["ink", "soft", "accent", "ok-ink", "bad-ink", "slow-ink"])
@pytest.mark.parametrize("ground", ["paper", "wash"])
def test_text_can_be_read(palette: Mapping[str, str], ink: str, ground: str) -> None:
    assert contrast(palette[ink], palette[ground]) >= 4.5


@pytest.mark.parametrize("palette", [LIGHT, DARK], ids=["light", "dark"])
@pytest.mark.parametrize("kind", [kind.key for kind in BLOCKINGS])
def test_blocking_stands_out_from_paper_and_from_fine(palette: Mapping[str, str], kind: str) -> None:
    """3 to 1 is what WCAG asks of graphics."""
    assert contrast(palette[kind], palette["paper"]) >= 3
    assert contrast(palette[kind], palette["ok"]) >= 2.5


def test_contrast_is_computed_as_wcag_does() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


@pytest.fixture
def full(simulated: Simulated, store: Store) -> None:
    simulated.past("a.kz", "ooobbsdu o")
    simulated.rounds([True, False])
    store.add(rich(), judgement("b"))


async def fetch(client: httpx.AsyncClient, path: str) -> Page:
    return Page((await client.get(path)).text) if path == "/nothing" else await page(client, path)


@pytest.mark.anyio
@pytest.mark.usefixtures("full")
@pytest.mark.parametrize("path", PATHS)
async def test_a_page_has_its_landmarks_and_names(ask: Ask, path: str) -> None:
    found = await fetch(ask("a.kz"), path)
    assert [html.get("lang") for html in found.all("html")] == ["en"]
    assert [len(list(found.all(tag))) for tag in ("h1", "main", "header", "footer")] == [1, 1, 1, 1]
    ids = [attributes["id"] for _, attributes in found.elements if "id" in attributes]
    assert len(ids) == len(set(ids))


@pytest.mark.anyio
@pytest.mark.usefixtures("full")
@pytest.mark.parametrize("path", PATHS)
async def test_every_picture_has_a_name_or_is_hidden(ask: Ask, path: str) -> None:
    found = await fetch(ask("a.kz"), path)
    ids = {attributes.get("id") for _, attributes in found.elements}
    assert list(found.all("svg"))
    for svg in found.all("svg"):
        named = [name in ids for name in (svg.get("aria-labelledby") or "").split()]
        assert svg.get("aria-hidden") == "true" or (named and all(named)), svg


@pytest.mark.anyio
@pytest.mark.usefixtures("full")
@pytest.mark.parametrize("path", PATHS)
async def test_tables_have_captions_and_headers_scopes(ask: Ask, path: str) -> None:
    found = await fetch(ask("a.kz"), path)
    assert len(list(found.all("table"))) == len(list(found.all("caption")))
    assert all(header.get("scope") in {"col", "row"} for header in found.all("th"))


@pytest.mark.anyio
@pytest.mark.usefixtures("full")
@pytest.mark.parametrize("path", PATHS)
async def test_times_can_be_read_by_programs(ask: Ask, path: str) -> None:
    found = await fetch(ask("a.kz"), path)
    assert all((time.get("datetime") or "").endswith("Z") for time in found.all("time"))


@pytest.mark.anyio
async def test_every_field_of_the_form_has_its_label(ask: Ask) -> None:
    text = (await ask("a.kz").get("/")).text
    assert '<label>Verdict <select name="kind"' in text
    assert '<label>Name <input type="search" name="q"' in text


@pytest.mark.anyio
@pytest.mark.usefixtures("full")
@pytest.mark.parametrize("path", PATHS)
async def test_whoever_gave_the_table_of_networks_is_named_with_a_link(ask: Ask, path: str) -> None:
    found = await fetch(ask("a.kz"), path)
    assert {link for _, link in CREDITS} <= {anchor.get("href") for anchor in found.all("a")}
