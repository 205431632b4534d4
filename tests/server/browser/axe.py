"""axe-core in a page: what it finds wrong for readers with a keyboard, a screen reader, or eyes that see contrast less.

Its script is part of axe-playwright-python. What is wrong for whom is axe's word; how bad that may be, the tests' own.
"""

from collections.abc import Collection
from importlib.resources import files
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from playwright.sync_api import Page

_AXE = files("axe_playwright_python").joinpath("axe.min.js").read_text(encoding="utf-8")
SCHEMES = ("light", "dark")
GRAVE = frozenset({"serious", "critical"})
EVERY = GRAVE | {"moderate", "minor"}


def found(page: "Page", impacts: Collection[str] = EVERY) -> list[str]:
    """What is wrong with the page as it is shown now, in either theme; a line for each kind."""
    page.evaluate(_AXE)
    lines = []
    for scheme in SCHEMES:
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        violations: list[dict[str, Any]] = page.evaluate("axe.run({resultTypes: ['violations']})")["violations"]
        lines += [_line(scheme, one) for one in violations if one["impact"] in impacts]
    return lines


def _line(scheme: str, violation: dict[str, Any]) -> str:
    where = "; ".join(f"{node['target']} {node['html'][:120]}" for node in violation["nodes"][:3])
    count = len(violation["nodes"])
    return f"{scheme}: {violation['impact']}: {violation['id']} ({violation['help']}), {count} times: {where}"
