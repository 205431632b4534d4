"""docs/api.md tells the truth: each of its examples is asked, and each name of data stands in it."""

import re
from pathlib import Path

import httpx
import pytest

from server.api.exports import EXPORTS
from tests.server.api.test_document import SPECIFICATION

DOCUMENT = (Path(__file__).parents[3] / "docs" / "api.md").read_text("utf-8")
BASE = "https://kedergi.example.org"


def examples() -> list[tuple[str, str]]:
    """Each address that is asked, and what is said to come; an ellipsis stands for anything."""
    blocks = "\n".join(re.findall(r"^```console\n(.*?)^```", DOCUMENT, re.DOTALL | re.MULTILINE))
    parts = re.split(r"^\$ ", blocks, flags=re.MULTILINE)[1:]
    asked = [re.fullmatch(rf"curl '{BASE}(.*?)'\n(.*)", part.strip(), re.DOTALL) for part in parts]
    return [(found[1], found[2]) for found in asked if found]


@pytest.mark.anyio
@pytest.mark.parametrize(("path", "shown"), examples())
async def test_what_an_example_shows_is_what_comes(client: httpx.AsyncClient, path: str, shown: str) -> None:
    text = (await client.get(path)).text.replace("\r\n", "\n").strip()
    assert re.fullmatch(re.escape(shown).replace("…", ".*"), text, re.DOTALL), text


def test_there_are_examples_of_every_kind() -> None:
    assert {path.split("/")[1].partition(".")[0].partition("?")[0] for path, _ in examples()} == {"api", "data", "feed"}
    assert len(examples()) == DOCUMENT.count("$ curl")


def test_every_name_of_data_and_every_list_is_told() -> None:
    assert [name for name in EXPORTS if f"`{name}`" not in DOCUMENT] == []
    lists = [path for path in SPECIFICATION["paths"] if "{" not in path]
    assert [path for path in lists if path not in DOCUMENT] == []
