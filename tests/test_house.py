"""What the repository promises about itself: documents that fit the code, one direction of imports, small pieces."""

import ast
import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from results.failure import Failure
from results.judgement import MECHANISMS, Confidence, Fault, Verdict
from results.records import Aim, Layer, Source, Via
from targets.target import Role, Use

ROOT = Path(__file__).parent.parent
BIN = Path(sys.executable).parent
PACKAGES = ("probe", "results", "server", "targets")
MODULES = sorted([ROOT / "kedergi.py", *(path for name in PACKAGES for path in (ROOT / name).rglob("*.py"))])
DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
DECISIONS = sorted((ROOT / "docs" / "decisions").glob("[0-9]*.md"))
WORDS = (ROOT / "docs" / "words.md").read_text(encoding="utf-8")

MOST_LINES_OF_A_FILE = 400
MOST_LINES_OF_A_FUNCTION = 60
LONGER = {"probe/check.py": 80}  # the flow reads from top to bottom; cut up, it would hide the order
MIGRATIONS = "results/migrations/versions/"  # lists of tables, as Alembic writes them
NAMES_FROM_LIBRARIES = {"handle_async_request"}  # httpx calls it

LEFT_BY_TOOLS = {"__pycache__", "build", "dist", "node_modules", "uv.lock"}
REGISTRIES = [
    ".".join(labels).encode()
    for labels in (
        ("pypi", "org"),
        ("pythonhosted", "org"),
        ("npmjs", "org"),
        ("npmjs", "com"),
        ("crates", "io"),
        ("docker", "io"),
        ("anaconda", "org"),
        ("proxy", "golang", "org"),
    )
]
MACHINE_PATH = re.compile(rb"(?<![\w.-])/" + rb"work/")  # a page of a site may be called so, a folder of ours may not

Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


def short(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def command(*arguments: str | Path, folder: Path = ROOT) -> subprocess.CompletedProcess[str]:
    """A program as it runs in a plain terminal of 100 columns, whatever started these tests."""
    env = {
        "PATH": os.environ["PATH"],
        "HOME": os.environ.get("HOME", str(folder)),
        "COLUMNS": "100",
        "TERM": "dumb",
        "NO_COLOR": "1",
        "PYTHONUTF8": "1",
        "LC_ALL": "C",
    }
    return subprocess.run(
        arguments, cwd=folder, env=env, capture_output=True, encoding="utf-8", timeout=60, check=False
    )


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def definitions(path: Path) -> Iterator[Definition]:
    return (node for node in ast.walk(tree(path)) if isinstance(node, Definition))


def parametrize_paths(name: str, paths: list[Path]) -> pytest.MarkDecorator:
    assert paths, f"there is nothing to check for {name}"
    return pytest.mark.parametrize(name, paths, ids=short)


# Modules


@parametrize_paths("module", MODULES)
def test_the_first_line_of_a_module_is_a_sentence_that_says_its_purpose(module: Path) -> None:
    first_line = (ast.get_docstring(tree(module)) or "").partition("\n")[0]
    assert re.fullmatch(r"\S+ .*[.!?:]", first_line), f"{short(module)} begins with {first_line!r}"


def test_no_file_is_longer_than_a_reader_can_hold() -> None:
    lines = {short(module): len(module.read_text(encoding="utf-8").splitlines()) for module in MODULES}
    assert {name: count for name, count in lines.items() if count > MOST_LINES_OF_A_FILE} == {}


def test_no_function_is_longer_than_a_screen() -> None:
    lines = {
        f"{short(module)}:{node.lineno} {node.name}": (node.end_lineno or node.lineno) - node.lineno + 1
        for module in MODULES
        for node in definitions(module)
        if not isinstance(node, ast.ClassDef) and not short(module).startswith(MIGRATIONS)
    }
    most = {name: LONGER.get(name.partition(":")[0], MOST_LINES_OF_A_FUNCTION) for name in lines}
    assert {name: count for name, count in lines.items() if count > most[name]} == {}


# Words


def words_in(name: str) -> set[str]:
    """`handleTheData` and `handle_the_data` are the same words."""
    return {word.lower() for word in re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+", name)}


def never_in_a_name() -> set[str]:
    section = WORDS.partition("## Words that are in no name of ours")[2].partition("\n## ")[0]
    return {word for row in re.findall(r"^\| (`.+?) \|", section, re.MULTILINE) for word in re.findall(r"`(\w+)`", row)}


def test_the_words_we_do_not_use_are_in_no_name() -> None:
    banned = never_in_a_name()
    assert {"helper", "manager", "anomaly"} <= banned
    names = [
        (short(path), name)
        for path in MODULES
        for name in [path.stem, *(node.name for node in definitions(path))]
        if name not in NAMES_FROM_LIBRARIES
    ]
    assert [(path, name) for path, name in names if words_in(name) & banned] == []


@pytest.mark.parametrize(
    "value",
    [*Failure, *MECHANISMS, *Verdict, *Confidence, *Fault, *Layer, *Via, *Source, *Aim, *Role, *Use],
)
def test_every_word_of_the_vocabularies_is_explained(value: str) -> None:
    assert f"`{value}`" in WORDS


def test_no_mechanism_and_no_failure_is_explained_that_the_code_does_not_know() -> None:
    layers = {name.partition(".")[0] for name in MECHANISMS}
    explained = set(re.findall(rf"`((?:{'|'.join(layers)})\.[a-z]+)`", WORDS))
    assert explained == set(MECHANISMS)
    section = WORDS.partition("### The failures")[2].partition("\n#")[0]
    assert set(re.findall(r"^\| `(\w+)` \|", section, re.MULTILINE)) == {str(failure) for failure in Failure}


# Imports


def lint_imports(folder: Path) -> subprocess.CompletedProcess[str]:
    return command(BIN / "lint-imports", "--no-cache", folder=folder)


def test_imports_go_in_one_direction() -> None:
    result = lint_imports(ROOT)
    assert result.returncode == 0, result.stdout


@pytest.mark.parametrize(
    ("module", "wrong"),
    [
        ("targets/planted.py", "import results"),
        ("results/planted.py", "import targets"),
        ("results/planted.py", "import probe.trace"),
        ("probe/planted.py", "import server"),
        ("server/planted.py", "import kedergi"),
        ("probe/steps/planted.py", "import httpx"),
        ("server/planted.py", "import httpcore"),
        ("probe/planted.py", "import apscheduler"),
        ("results/records.py", "import socket"),
        ("results/judgement.py", "import time"),
    ],
)
def test_a_wrong_import_is_noticed(tmp_path: Path, module: str, wrong: str) -> None:
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    shutil.copy(ROOT / "kedergi.py", tmp_path)
    for name in PACKAGES:
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    with (tmp_path / module).open("a", encoding="utf-8") as file:
        file.write(f"\n{wrong}\n")
    result = lint_imports(tmp_path)
    assert result.returncode == 1, result.stdout
    assert "1 broken" in result.stdout
    imported = wrong.removeprefix("import ")
    culprit = module.removesuffix(".py").replace("/", ".")
    assert re.search(rf"{re.escape(culprit)} ->\s+{re.escape(imported)}", result.stdout), result.stdout


# Dependencies


def distribution(requirement: str) -> str:
    """`httpx[http2]>=0.28` -> `httpx`, spelled as the registries compare names."""
    return re.sub(r"[-_.]+", "-", re.split(r"[\s\[;<>=!~]", requirement.strip(), maxsplit=1)[0]).lower()


def pins() -> list[str]:
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    return [line for line in lines if line and not line.startswith("#")]


@cache
def needed() -> list[str]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return sorted({distribution(line) for line in project["dependencies"] + project["optional-dependencies"]["dev"]})


def test_constraints_are_exact_versions_and_no_addresses() -> None:
    assert [
        line for line in pins() if not re.fullmatch(r"[\w.-]+==[\d.]+(\.post\d+)?(; [^@/]+)?( {2}# .+)?", line)
    ] == []
    assert "://" not in (ROOT / "constraints.txt").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", needed())
def test_every_dependency_is_pinned(name: str) -> None:
    assert name in {distribution(line) for line in pins()}


# Documents


@parametrize_paths("record", DECISIONS)
def test_a_decision_has_number_date_status_and_reasons(record: Path) -> None:
    text = record.read_text(encoding="utf-8")
    number = record.name.partition("-")[0]
    assert re.match(
        rf"# {number}\. \S.+\n\nDate: 20\d\d-[01]\d-[0-3]\d\nStatus: (accepted|replaced by \d{{3}})\n", text
    )
    assert re.findall(r"^## (.+)$", text, re.MULTILINE) == ["Context", "Decision", "Consequences"]


def test_decisions_are_numbered_without_gaps() -> None:
    numbers = [int(record.name.partition("-")[0]) for record in DECISIONS]
    assert numbers == list(range(1, len(DECISIONS) + 1))


@parametrize_paths("document", DOCUMENTS)
def test_links_lead_to_files_that_exist(document: Path) -> None:
    text = re.sub(r"^```.*?^```", "", document.read_text(encoding="utf-8"), flags=re.DOTALL | re.MULTILINE)
    links = re.findall(r"\]\(([^)\s]+)\)", text) + re.findall(r'\b(?:src|href)="([^"]+)"', text)
    paths = [link.partition("#")[0] for link in links if not re.match(r"[a-z]+:|#", link)]
    assert [path for path in paths if not (document.parent / path).exists()] == []


def help_blocks(text: str) -> list[tuple[str, str]]:
    """What is asked for in `<!-- help check -->`, and the block of text below it."""
    return re.findall(r"^<!-- help ?([a-z ]*?) ?-->\n+```\w*\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)


def without_trailing_spaces(text: str) -> list[str]:
    return [line.rstrip() for line in text.strip("\n").splitlines()]


def test_the_readme_shows_the_help_that_the_command_gives() -> None:
    blocks = dict(help_blocks((ROOT / "README.md").read_text(encoding="utf-8")))
    assert "" in blocks, "README.md has no block marked <!-- help -->"
    shown = {name: without_trailing_spaces(block) for name, block in blocks.items()}
    given = {name: command(BIN / "kedergi", *name.split(), "--help") for name in blocks}
    assert {name: result.returncode for name, result in given.items()} == dict.fromkeys(blocks, 0)
    assert shown == {name: without_trailing_spaces(result.stdout) for name, result in given.items()}


def test_the_changelog_keeps_its_order() -> None:
    order = ["Security", "Removed", "Deprecated", "Added", "Changed", "Fixed"]
    versions = re.split(r"^## ", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]
    sections = [re.findall(r"^### (.+)$", version, re.MULTILINE) for version in versions]
    assert versions
    assert versions[0].startswith("Unreleased\n")
    assert sections == [[name for name in order if name in found] for found in sections]


# What must be in no file


def files() -> list[Path]:
    """What people wrote. Left out: hidden folders but .ci, and what tools leave behind."""
    found = []
    for folder, folders, names in os.walk(ROOT):
        folders[:] = [
            name
            for name in folders
            if name == ".ci" or not (name.startswith(".") or name in LEFT_BY_TOOLS or name.endswith(".egg-info"))
        ]
        found += [
            Path(folder, name)
            for name in names
            if name == ".gitignore" or not (name.startswith(".") or name in LEFT_BY_TOOLS or ".db" in name)
        ]
    return found


def test_no_file_names_a_registry_or_a_folder_of_one_machine() -> None:
    contents = {short(path): path.read_bytes() for path in files() if path.is_file()}
    assert {"Makefile", ".ci/run", "README.md", "pyproject.toml", "tests/test_house.py"} <= set(contents)
    assert [(name, host) for name, text in contents.items() for host in REGISTRIES if host in text.lower()] == []
    assert [name for name, text in contents.items() if MACHINE_PATH.search(text)] == []


# make


def make(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return command("make", *arguments, folder=folder)


@pytest.fixture
def installed(tmp_path: Path) -> Path:
    """A checkout on which `make test` has run."""
    for name in ("Makefile", "pyproject.toml", "constraints.txt"):
        (tmp_path / name).write_bytes((ROOT / name).read_bytes())
        os.utime(tmp_path / name, (1e9, 1e9))
    (tmp_path / ".venv" / "bin").mkdir(parents=True)
    (tmp_path / ".venv" / "bin" / "python").symlink_to(sys.executable)
    for stamp in (".up", ".dev"):
        (tmp_path / ".venv" / stamp).touch()
    return tmp_path


needs_make = pytest.mark.skipif(shutil.which("make") is None, reason="make is not here, so its promises are not needed")


@needs_make
@pytest.mark.parametrize(("goal", "runs"), [("up", ".venv/bin/kedergi up"), ("test", ".venv/bin/pytest")])
def test_a_second_make_installs_nothing(installed: Path, goal: str, runs: str) -> None:
    assert make(installed, "--dry-run", goal).stdout.split() == runs.split()


@needs_make
@pytest.mark.parametrize("goal", ["up", "test"])
@pytest.mark.parametrize("changed", ["pyproject.toml", "constraints.txt"])
def test_make_installs_again_when_the_dependencies_change(installed: Path, goal: str, changed: str) -> None:
    os.utime(installed / changed, (4e9, 4e9))
    assert "pip install" in make(installed, "--dry-run", goal).stdout


@needs_make
def test_make_replaces_an_environment_whose_python_is_gone(installed: Path) -> None:
    old = installed / ".venv" / "bin" / "python"
    old.unlink()
    old.symlink_to(installed / "python-that-was-here")
    new = installed / "python"
    new.write_text(
        f"""#!/bin/sh
echo "$*" >> "{installed}/calls"
case "$*" in "-m venv"*) ln -sf "{new}" .venv/bin/python; ln -sf "{new}" .venv/bin/kedergi;; esac
""",
        encoding="utf-8",
    )
    new.chmod(0o755)
    os.utime(new, (1e9, 1e9))  # an interpreter is older than the environment it makes
    assert make(installed, "up", f"PYTHON={new}").returncode == 0
    calls = (installed / "calls").read_text(encoding="utf-8")
    assert re.search(r"-m venv --clear \.venv\n.*-m pip install .*\nup\n$", calls, re.DOTALL), calls


@needs_make
@pytest.mark.parametrize(
    ("python", "says"),
    [
        ("exit 127", "Kedergi needs Python 3.11 or newer"),
        ('case "$2" in *ensurepip*) exit 1;; esac', "its venv module is missing or incomplete"),
    ],
)
def test_make_says_in_one_sentence_what_is_missing(installed: Path, python: str, says: str) -> None:
    shutil.rmtree(installed / ".venv")
    candidate = installed / "python"
    candidate.write_text(f"#!/bin/sh\n{python}\n", encoding="utf-8")
    candidate.chmod(0o755)
    result = make(installed, "up", f"PYTHON={candidate}")
    assert result.returncode != 0
    sentences = [line for line in result.stderr.splitlines() if not line.startswith("make:")]
    assert len(sentences) == 1, result.stderr
    assert says in sentences[0]
    assert "python3-venv" in sentences[0]
    assert not (installed / ".venv" / ".up").exists()
