"""What a machine keeps of its own: its default configuration, the store's place, the vantage's name, the roots."""

from pathlib import Path

import pytest

from probe import config
from probe.config import ConfigError, Settings, load


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A user of their own, with nothing configured."""
    for name in ("HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "LOCALAPPDATA", "APPDATA"):
        monkeypatch.setenv(name, str(tmp_path))
    monkeypatch.delenv("SSL_CERT_FILE", raising=False)
    return tmp_path


def test_without_any_file_the_defaults_hold(home: Path) -> None:
    assert home in config.default_file().parents
    assert load() == Settings()


def test_the_default_file_is_read_where_it_is(home: Path) -> None:
    config.default_file().parent.mkdir(parents=True, exist_ok=True)
    config.default_file().write_text("[probe]\nconcurrency = 3\n", "utf-8")
    assert load().probe.concurrency == 3
    assert home in config.default_file().parents


@pytest.mark.parametrize(
    ("url", "stays"),
    [
        ("sqlite:///kedergi.db", False),
        ("sqlite:///folder/other.db", False),
        ("sqlite:////var/lib/kedergi.db", True),
        ("sqlite:///:memory:", True),
        ("sqlite://", True),
        ("postgresql+psycopg://db/kedergi", True),
    ],
)
def test_a_relative_store_lies_in_the_data_folder(home: Path, url: str, stays: bool) -> None:
    settings = Settings.model_validate({"store": {"url": url}})
    found = config.store_url(settings)
    assert (found == url) is stays
    assert stays or found == f"sqlite:///{config.data_folder() / url.removeprefix('sqlite:///')}"
    assert home in config.data_folder().parents


def test_a_vantage_without_a_name_draws_one_and_keeps_it(home: Path) -> None:
    first, second = config.vantage(Settings()), config.vantage(Settings())
    assert first.name == second.name
    assert first.name.startswith("v-")
    assert home in config.data_folder().parents


@pytest.mark.usefixtures("home")
def test_a_given_name_needs_no_file() -> None:
    settings = Settings.model_validate({"vantage": {"name": "almaty-home-1", "asn": 9198, "class": "home"}})
    vantage = config.vantage(settings)
    assert (vantage.name, vantage.asn, vantage.vantage_class) == ("almaty-home-1", 9198, "home")
    assert not (config.data_folder() / "vantage-name").exists()


@pytest.mark.usefixtures("home")
def test_a_name_that_a_power_cut_left_empty_is_drawn_anew() -> None:
    """An empty name would put every such vantage's measurements together."""
    config.data_folder().mkdir(parents=True, exist_ok=True)
    (config.data_folder() / "vantage-name").write_text("", "utf-8")
    assert config.vantage(Settings()).name.startswith("v-")


@pytest.mark.usefixtures("home")
def test_a_folder_that_cannot_be_made_is_one_sentence() -> None:
    config.data_folder().parent.mkdir(parents=True, exist_ok=True)
    config.data_folder().write_text("a file where the folder should be", "utf-8")
    with pytest.raises(ConfigError, match=r"^Can't keep the vantage's name in .*\.$"):
        config.vantage(Settings())


@pytest.mark.usefixtures("home")
def test_other_roots_must_be_readable(monkeypatch: pytest.MonkeyPatch, roots: str) -> None:
    assert config.roots_file() is None
    monkeypatch.setenv("SSL_CERT_FILE", roots)
    assert config.roots_file() == roots
    monkeypatch.setenv("SSL_CERT_FILE", roots + ".absent")
    with pytest.raises(ConfigError, match=r"SSL_CERT_FILE names .*, which can't be read"):
        config.roots_file()
