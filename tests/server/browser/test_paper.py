"""On paper and in grey: what was said of a site is told by its texture, not by its colour."""

from io import BytesIO
from itertools import combinations
from typing import TYPE_CHECKING

import pytest
from PIL import Image, ImageStat

from server.pages.charts import patterns
from server.pages.charts.palette import BLOCKINGS, DOWN, OK, SLOW, UNSURE, stylesheet
from server.pages.charts.strip import PAINT
from server.pages.charts.svg import element

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytestmark = pytest.mark.browser

SIDE = 40
LEAST = 10  # levels of 256: on paper, side by side, less than that looks alike
SWATCHES = {
    "accessible": patterns.box(OK, None, 0, 0, SIDE, SIDE),
    "throttled": patterns.box(SLOW, "likely", 0, 0, SIDE, SIDE),
    "down": patterns.box(DOWN, "likely", 0, 0, SIDE, SIDE),
    "can't be told": patterns.box(UNSURE, None, 0, 0, SIDE, SIDE),
    "no data": element("rect", width=SIDE, height=SIDE, fill=patterns.NO_DATA),
    **{
        f"blocked by {kind.word}, {sure}": patterns.box(kind, sure, 0, 0, SIDE, SIDE)
        for kind in BLOCKINGS
        for sure in ("weak", "likely", "confirmed")
    },
}


def family(name: str) -> str:
    """Ways of blocking have letters and words; their textures tell how sure it is."""
    return name.partition(",")[2] if name.startswith("blocked") else name


@pytest.fixture(scope="module")
def looks(browser: "Browser") -> dict[str, tuple[float, ...]]:
    """Each swatch on paper, in grey: how bright, how rough, how it changes along four directions, and its edge."""
    drawn = "".join(
        f'<svg width="{SIDE}" height="{SIDE}" viewBox="0 0 {SIDE} {SIDE}">{inner}</svg>' for inner in SWATCHES.values()
    )
    page = browser.new_page(device_scale_factor=3)
    page.set_content(
        f"<style>{stylesheet()}{PAINT}body{{margin:0;background:#fff}}svg{{display:block}}</style>"
        f'<svg width="0" height="0" style="position:absolute">{patterns.definitions()}</svg>{drawn}'
    )
    page.emulate_media(media="print", color_scheme="dark")
    found = {}
    for name, svg in zip(SWATCHES, page.locator("body > svg").all()[1:], strict=True):
        found[name] = look(Image.open(BytesIO(svg.screenshot())).convert("L"))
    page.close()
    return found


def look(grey: Image.Image) -> tuple[float, ...]:
    stat = ImageStat.Stat(grey)
    changes = (change(grey, *step) for step in ((6, 0), (0, 6), (5, 5), (5, -5)))
    edge = grey.crop((0, 0, grey.width, 4))
    return (stat.mean[0], stat.stddev[0], *changes, ImageStat.Stat(edge).mean[0])


def change(grey: Image.Image, right: int, down: int) -> float:
    """The mean difference of points that lie so far apart."""
    width, height = grey.size
    pixels = grey.load()
    assert pixels
    steps = [
        abs(int(pixels[x, y]) - int(pixels[x + right, y + down]))  # type: ignore[arg-type]
        for x in range(0, width - right, 2)
        for y in range(max(0, -down), height - max(0, down), 2)
    ]
    return sum(steps) / len(steps)


def test_in_grey_each_verdict_looks_otherwise(looks: dict[str, tuple[float, ...]]) -> None:
    alike = [
        (one, other, [round(value) for value in looks[one]], [round(value) for value in looks[other]])
        for one, other in combinations(looks, 2)
        if family(one) != family(other)
        and all(abs(a - b) < LEAST for a, b in zip(looks[one], looks[other], strict=True))
    ]
    assert alike == []


def test_on_paper_the_dark_theme_is_light(looks: dict[str, tuple[float, ...]]) -> None:
    assert looks["accessible"][0] > 200
