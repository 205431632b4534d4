"""What is handed out: wheel and sdist hold what they should, and the base install runs without extras or a compiler."""

import os
import re
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = ("probe", "results", "server", "targets")
LEFT_OUT = ("__pycache__",)
COMPILED = {".so", ".pyd", ".c", ".pyx", ".rs"}

pytestmark = pytest.mark.whole


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """By ending. Nothing is fetched: the builder is here."""
    folder = tmp_path_factory.mktemp("dist")
    done = subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "--directory", folder],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    return {path.suffix: path for path in folder.iterdir()}


def wanted() -> set[str]:
    """Every file of the packages, as they are in the working copy."""
    found = {path for name in PACKAGES for path in (ROOT / name).rglob("*") if path.is_file()}
    return {"kedergi.py", *(path.relative_to(ROOT).as_posix() for path in found if not set(path.parts) & {*LEFT_OUT})}


def in_wheel(built: dict[str, Path]) -> set[str]:
    with zipfile.ZipFile(built[".whl"]) as wheel:
        return set(wheel.namelist())


def test_the_wheel_holds_all_of_the_packages_and_nothing_else(built: dict[str, Path]) -> None:
    found = {name for name in in_wheel(built) if not re.match(r"kedergi-[\d.]+\.dist-info/", name)}
    assert found == wanted()


@pytest.mark.parametrize(
    "pattern",
    [
        r"targets/lists/kz\.csv",
        r"targets/networks/networks\.table",
        r"results/migrations/versions/0001_.*\.py",
        r"results/knowledge/.*\.csv",
        r"server/pages/templates/.*\.html",
        r"server/pages/static/.*\.css",
        r"server/i18n/kk/LC_MESSAGES/kedergi\.mo",
        r"probe/i18n/kk/LC_MESSAGES/kedergi\.mo",
        r"probe/i18n/consent\.ru\.toml",
        r"server/consent/page\.html",
    ],
)
def test_lists_tables_migrations_templates_and_catalogs_are_in_it(built: dict[str, Path], pattern: str) -> None:
    assert [name for name in in_wheel(built) if re.fullmatch(pattern, name)]


def test_the_sdist_holds_what_a_packager_needs_to_build_and_test_it(built: dict[str, Path]) -> None:
    with tarfile.open(built[".gz"]) as sdist:
        found = {name.partition("/")[2] for name in sdist.getnames()}
    also = {"pyproject.toml", "constraints.txt", "Makefile", "LICENSE", "README.md", "docs/volunteer.md"}
    assert wanted() | also | {"tests/test_house.py"} <= found


def test_nothing_in_it_is_compiled_or_has_to_be(built: dict[str, Path]) -> None:
    assert built[".whl"].name.endswith("-py3-none-any.whl")
    assert [name for name in in_wheel(built) if Path(name).suffix in COMPILED] == []


EXTRAS = ("aioquic", "duckdb", "pyarrow", "psycopg", "pyspark", "numba", "numpy", "pandas")
TESTS = ("pytest", "trustme", "hypothesis", "playwright", "aiosmtpd", "anyio.pytest_plugin")
ALONE = """\
import sys

class Absent:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {names!r}:
            raise ModuleNotFoundError(f"{{name}} is an extra", name=name)

sys.meta_path.insert(0, Absent())
sys.path.insert(0, {folder!r})
sys.argv[0] = "kedergi"
import kedergi
assert kedergi.__file__.startswith({folder!r}), kedergi.__file__
kedergi.main()
"""

Alone = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def alone(built: dict[str, Path], tmp_path: Path) -> Alone:
    """The program out of the wheel, where nothing but what it needs at all can be imported."""
    folder = tmp_path / "installed"
    with zipfile.ZipFile(built[".whl"]) as wheel:
        wheel.extractall(folder)
    (tmp_path / "list.txt").write_text("http://10.0.0.1/\n")
    (tmp_path / "kedergi.toml").write_text(
        f'[probe]\nlists = ["{tmp_path}/list.txt"]\n[dns]\ntrusted = []\n[reference]\nurls = []\n'
    )
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    extras = {re.split(r"[\[<>=;]", line)[0] for name in EXTRA_NAMES for line in project["optional-dependencies"][name]}
    assert {name for name in extras if name not in {*EXTRAS, "kedergi"}} == set(), "an extra that is not known here"

    def run(*words: str) -> subprocess.CompletedProcess[str]:
        code = ALONE.format(names={*EXTRAS, *TESTS}, folder=str(folder))
        env = {**os.environ, "HOME": str(tmp_path), "XDG_DATA_HOME": str(tmp_path), "XDG_CONFIG_HOME": str(tmp_path)}
        return subprocess.run(
            [sys.executable, "-c", code, *words],
            cwd=tmp_path,
            env=env,
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )

    return run


EXTRA_NAMES = ("quic", "postgres", "archive", "spark")


def test_the_base_install_measures_without_any_extra(alone: Alone, tmp_path: Path) -> None:
    config = f"{tmp_path}/kedergi.toml"
    done = alone("probe", "--once", "--accept-risks", "--config", config)
    assert done.returncode == 0, done.stderr
    for words in (["--help"], ["serve", "--help"], ["episodes", "--config", config], ["targets", "list"]):
        found = alone(*words)
        assert found.returncode == 0, found.stderr
    assert alone("vantage", "purge", "--yes", "--config", config).returncode == 0
