"""The catalogues of server/i18n: nothing is untranslated, doubtful or left over, and what is compiled is as written."""

import re
import shutil
import subprocess
import sys
from io import BytesIO
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

from results.rules import RULES
from server.pages.reasons import message_of
from server.pages.tongue import DOMAIN, FOLDER, LANGUAGES, OWN

ROOT = Path(__file__).parents[2]
OTHERS = [code for code in LANGUAGES if code != OWN]
Key = tuple[str | None, str]


def catalogue(language: str) -> Catalog:
    with (FOLDER / language / "LC_MESSAGES" / f"{DOMAIN}.po").open("rb") as file:
        return read_po(file, locale=language)


def entries(found: Catalog) -> dict[Key, Message]:
    return {(one.context, one.id if isinstance(one.id, str) else one.id[0]): one for one in found if one.id}


def forms(one: Message) -> list[str]:
    return [one.string] if isinstance(one.string, str) else list(one.string or [""])


def holes(text: str) -> set[str]:
    return set(re.findall(r"\{\w+\}", text))


@pytest.fixture(scope="module")
def in_code(tmp_path_factory: pytest.TempPathFactory) -> dict[Key, Message]:
    """Every message that the code and the templates hold, found as `make words` finds them."""
    marks = re.findall(r"^MARKS := \$\(addprefix -k ,(.*)\)$", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE)[0]
    made = tmp_path_factory.mktemp("words") / "words.pot"
    command = [str(Path(sys.executable).parent / "pybabel"), "-q", "extract", "-F", "pyproject.toml"]
    command += [word for mark in marks.split() for word in ("-k", mark)]
    subprocess.run([*command, "-o", str(made), "."], cwd=ROOT, check=True, timeout=120)
    with made.open("rb") as file:
        return entries(read_po(file))


@pytest.mark.skipif(shutil.which("pybabel", path=str(Path(sys.executable).parent)) is None, reason="no pybabel")
@pytest.mark.parametrize("language", OTHERS)
def test_every_message_of_the_code_has_its_entry_and_no_entry_is_left_over(
    language: str, in_code: dict[Key, Message]
) -> None:
    """After a change of words: make words."""
    known = entries(catalogue(language))
    assert sorted(key[1] for key in in_code.keys() - known.keys()) == []
    assert sorted(key[1] for key in known.keys() - in_code.keys()) == []


@pytest.mark.parametrize("language", OTHERS)
def test_nothing_is_untranslated_or_doubtful(language: str) -> None:
    found = entries(catalogue(language))
    assert [key for key, one in found.items() if not all(forms(one))] == []
    assert [key for key, one in found.items() if one.fuzzy] == []


@pytest.mark.parametrize("language", OTHERS)
def test_a_translation_has_the_holes_of_its_message(language: str) -> None:
    found = entries(catalogue(language)).values()
    wanted = [(one, holes(one.id if isinstance(one.id, str) else one.id[-1])) for one in found]
    assert [form for one, names in wanted for form in forms(one) if holes(form) != names] == []


@pytest.mark.parametrize("language", OTHERS)
def test_no_message_holds_markup_or_the_holes_of_another_habit(language: str) -> None:
    """`%(name)s` would be shown as it stands, and so would a tag."""
    said = [text for one in entries(catalogue(language)).values() for text in (*forms(one), str(one.id))]
    assert [text for text in said if re.search(r"%\(|</?\w+>|&\w+;", text)] == []


@pytest.mark.parametrize("language", OTHERS)
def test_there_are_as_many_plurals_as_the_language_has(language: str) -> None:
    found = catalogue(language)
    plural = [one for one in found if one.id and not isinstance(one.id, str)]
    assert plural
    assert [one.id for one in plural if len(forms(one)) != found.num_plurals] == []


@pytest.mark.parametrize("language", OTHERS)
def test_the_compiled_catalogue_is_the_written_one(language: str) -> None:
    """After a change of a catalogue: make words."""
    kept = BytesIO()
    write_mo(kept, catalogue(language))
    assert (FOLDER / language / "LC_MESSAGES" / f"{DOMAIN}.mo").read_bytes() == kept.getvalue()


def test_every_sentence_of_a_rule_is_a_message(in_code: dict[Key, Message]) -> None:
    assert [rule.id for rule in RULES if rule.says and (None, message_of(rule.says)) not in in_code] == []


@pytest.mark.parametrize("language", OTHERS)
def test_blocking_and_throttling_are_never_one_word(language: str) -> None:
    """The two must not be mistaken for each other, whatever one's language."""
    found = entries(catalogue(language))
    block = {"ru": "блок", "kk": "бұғатт"}[language]
    mixed = [
        key[1]
        for key, one in found.items()
        if "throttl" in key[1] and "block" not in key[1].lower() and any(block in form.lower() for form in forms(one))
    ]
    assert mixed == []


def test_kazakh_says_the_same_word_for_blocking_throughout() -> None:
    said = [form for one in entries(catalogue("kk")).values() for form in forms(one)]
    assert [form for form in said if "блокта" in form.lower()] == []
