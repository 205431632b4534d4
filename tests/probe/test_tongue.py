"""Three languages: which one is spoken, that nothing is left untranslated, and that any terminal can show it."""

import re
import subprocess
import sys
from contextvars import copy_context
from io import BytesIO
from pathlib import Path

import pytest
from babel.messages.extract import extract_from_file
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

from probe import tongue
from probe.tongue import DOMAIN, FOLDER, of_system, say
from server import consent_page
from tests.probe.vantage.test_vantage import Machine

OWN = [language for language in tongue.LANGUAGES if language != "en"]
PROBE = FOLDER.parent


@pytest.mark.parametrize(
    ("environment", "language"),
    [
        ({"LANG": "ru_RU.UTF-8"}, "ru"),
        ({"LANG": "kk_KZ.UTF-8"}, "kk"),
        ({"LANG": "kk_KZ.RK1048"}, "kk"),
        ({"LANG": "ru"}, "ru"),
        ({"LANG": "en_US.UTF-8"}, "en"),
        ({"LANG": "de_DE.UTF-8"}, "en"),
        ({"LANG": "C.UTF-8"}, "en"),
        ({"LANG": "ru_RU.UTF-8", "LC_ALL": "C"}, "en"),
        ({"LANG": "en_US.UTF-8", "LC_MESSAGES": "kk_KZ.UTF-8"}, "kk"),
        ({"LANG": "Russian_Kazakhstan.1251"}, "ru"),
        ({"LANG": "Kazakh_Kazakhstan.1251"}, "kk"),
        ({"LANG": "ru-KZ"}, "ru"),
    ],
)
def test_the_language_is_that_of_the_machine(environment: dict[str, str], language: str) -> None:
    assert of_system(environment) == language


def test_a_language_that_is_spoken_in_one_context_is_not_in_another() -> None:
    context = copy_context()
    context.run(tongue.speak, "kk")
    assert context.run(say, "There was no pause.") == "Кідіріс болған жоқ."
    assert say("There was no pause.") == "There was no pause."


# Catalogs


def extracted() -> set[str]:
    """Every word for volunteers in the code."""
    found: set[str] = set()
    for module in (*PROBE.rglob("*.py"), Path(consent_page.__file__)):
        words = extract_from_file("python", str(module), keywords={"say": None, "N_": None})
        found |= {str(said) for _, said, _, _ in words}
    return found


def holes(text: str) -> list[str]:
    return sorted(re.findall(r"\{\w+\}", text))


@pytest.mark.parametrize("language", OWN)
def test_every_word_is_translated_and_none_is_left_over(language: str) -> None:
    with (FOLDER / language / "LC_MESSAGES" / f"{DOMAIN}.po").open("rb") as file:
        entries = {str(one.id): one for one in read_po(file, locale=language) if one.id}
    assert set(entries) == extracted()
    assert [key for key, entry in entries.items() if entry.fuzzy or holes(str(entry.string)) != holes(key)] == []


@pytest.mark.parametrize("language", OWN)
def test_the_compiled_catalog_is_that_of_the_words(language: str) -> None:
    """After a change: pybabel compile -d probe/i18n -D kedergi."""
    folder, kept = FOLDER / language / "LC_MESSAGES", BytesIO()
    with (folder / f"{DOMAIN}.po").open("rb") as file:
        write_mo(kept, read_po(file, locale=language))
    assert (folder / f"{DOMAIN}.mo").read_bytes() == kept.getvalue()


# Any terminal


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    found = Machine(tmp_path)
    found.config.mkdir(parents=True)
    (found.config / "Қазақстан.csv").write_text("url,outlet\nhttp://10.0.0.1/,Қазақстан\n", "utf-8")
    (found.config / "kedergi.toml").write_text(
        f'[vantage]\nnetwork = "Қазақтелеком"\n[probe]\nlists = ["{found.config}/Қазақстан.csv"]\n'
        "[dns]\ntrusted = []\n[reference]\nurls = []\n",
        "utf-8",
    )
    return found


def run(machine: Machine, encoding: str, *words: str, answer: bytes = b"") -> "subprocess.CompletedProcess[bytes]":
    env = {name: value for name, value in machine.env.items() if name not in {"PYTHONUTF8", "LC_ALL", "LANG"}}
    env |= {"PYTHONIOENCODING": encoding, "LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    command = [sys.executable, "-m", "kedergi", *words]
    return subprocess.run(command, capture_output=True, timeout=120, check=False, env=env, input=answer)


@pytest.mark.parametrize(
    ("encoding", "shown"), [("cp866", "К\\u0456д\\u0456р\\u0456с"), ("cp1251", "Кідіріс"), ("ascii", "Кідіріс")]
)
def test_what_a_terminal_lacks_is_shown_as_its_number(machine: Machine, encoding: str, shown: str) -> None:
    done = run(machine, encoding, "vantage", "resume", "--language", "kk")
    assert done.returncode == 0
    assert shown in done.stdout.decode("utf-8" if encoding == "ascii" else encoding)  # click takes it for a mistake


@pytest.mark.whole
@pytest.mark.parametrize("encoding", ["cp866", "cp1251", "ascii"])
def test_no_command_of_a_volunteer_crashes_on_letters_that_the_terminal_lacks(machine: Machine, encoding: str) -> None:
    language = ("--language", "kk")
    refused = run(machine, encoding, "probe", "--once", *language, answer="Қазақстан\n".encode())
    assert refused.returncode == 2
    done = [
        run(machine, encoding, "probe", "--once", "--accept-risks", *language),
        run(machine, encoding, "check", "http://10.0.0.1/"),
        run(machine, encoding, "vantage", "pause", *language),
        run(machine, encoding, "vantage", "show"),
        run(machine, encoding, "vantage", "enrol", "Қазақстан", *language),
        run(machine, encoding, "doctor", *language),
        run(machine, encoding, "targets", "list", "--list", str(machine.config / "Қазақстан.csv")),
        run(machine, encoding, "episodes"),
        run(machine, encoding, "export"),
        run(machine, encoding, "vantage", "purge", "--yes", *language),
    ]
    said = [one.stdout + one.stderr for one in (refused, *done)]
    assert [text for text in said if b"Traceback" in text or b"UnicodeEncodeError" in text] == []
    assert [one.returncode for one in done if one.returncode not in {0, 1, 2, 3}] == []
    assert "телеком" in done[3].stdout.decode("utf-8" if encoding == "ascii" else encoding)
    assert not machine.data.exists()


def test_json_stays_utf_8_for_programs_that_read_it(machine: Machine) -> None:
    shown = run(machine, "utf-8", "vantage", "show", "--format", "json")
    assert "Қазақтелеком" in shown.stdout.decode("utf-8")


def test_a_file_that_is_named_in_kazakh_is_read(machine: Machine) -> None:
    done = machine.command("probe", "--once", "--accept-risks")
    assert done.returncode == 0, done.stderr
    assert (machine.data / "kedergi.db").exists()
