"""The configuration: what a wrong one says, what an absent one means, and what is never shown."""

from datetime import timedelta
from pathlib import Path

import pytest

from probe.config import ConfigError, Settings, load

SECRET = "hunter2"


def written(folder: Path, text: str) -> Path:
    file = folder / "kedergi.toml"
    file.write_text(text, "utf-8")
    return file


def complaint(folder: Path, text: str) -> str:
    """What is said of a configuration, without the file's name before it."""
    file = written(folder, text)
    with pytest.raises(ConfigError) as caught:
        load(file)
    said = str(caught.value)
    assert said.startswith(f"{file}: ")
    assert said.endswith(".")
    assert "\n" not in said
    return said.removeprefix(f"{file}: ")


WHOLE = """
[vantage]
name = "almaty-home-1"
country = "KZ"
asn = 9198
network = "Kazakhtelecom"
class = "home"
[probe]
lists = ["kz", "./my.csv"]
interval = "2h"
concurrency = 4
daily_budget_mb = 50
[dns]
resolvers = ["udp://8.8.8.8", "udp://[2001:4860:4860::8888]"]
trusted = []
[control]
url = "https://control.example.org"
token = "hunter2"
[server]
url = ["https://kedergi.example.org", "https://mirror.example.net/kedergi"]
[reference]
urls = ["https://www.wikipedia.org/", "http://example.org/"]
[store]
url = "postgresql+psycopg://kedergi:hunter2@/kedergi"
[alerts]
to = ["mailto://user:hunter2@example.org"]
"""


def test_every_documented_key_is_read(tmp_path: Path) -> None:
    settings = load(written(tmp_path, WHOLE))
    assert settings.vantage.vantage_class == "home"
    assert settings.probe.interval == timedelta(hours=2)
    assert settings.control.url == ("https://control.example.org",)
    assert settings.server.url == ("https://kedergi.example.org", "https://mirror.example.net/kedergi")
    assert settings.dns.trusted == ()
    assert settings.model_fields_set == set(Settings.model_fields)


@pytest.mark.parametrize("section", ["vantage", "probe", "dns", "control", "server", "reference", "store", "alerts"])
def test_an_empty_section_is_all_defaults(tmp_path: Path, section: str) -> None:
    assert load(written(tmp_path, f"[{section}]\n")) == Settings()


def test_several_controls_stand_in_a_list(tmp_path: Path) -> None:
    settings = load(written(tmp_path, '[control]\nurl = ["https://a.example", "http://127.0.0.1:8734"]\n'))
    assert settings.control.url == ("https://a.example", "http://127.0.0.1:8734")


WRONG = [
    # what is written                                    what must stand in the one sentence
    ("surprise = 1", ["unknown key surprise", "vantage", "alerts"]),
    ("[probe]\nintervall = '5m'", ["unknown key probe.intervall", "interval", "concurrency"]),
    ("[vantage]\nvantage_class = 'home'", ["unknown key vantage.vantage_class", "class"]),
    ("vantage = 3", ["vantage", "3"]),
    ("[vantage]\nname = ''", ["vantage.name", "''", "at least 1 character"]),
    ("[vantage]\nname = 'Aigerim K'", ["vantage.name", "'Aigerim K'", "A-Za-z0-9"]),
    ("[vantage]\ncountry = 'Kazakhstan'", ["vantage.country", "'Kazakhstan'", "[A-Z]{2}"]),
    ("[vantage]\ncountry = 'kz'", ["vantage.country", "'kz'", "[A-Z]{2}"]),
    ("[vantage]\nasn = 'AS9198'", ["vantage.asn", "'AS9198'", "integer"]),
    ("[vantage]\nasn = 0", ["vantage.asn", "0", "greater than or equal to 1"]),
    ("[vantage]\nclass = 'school'", ["vantage.class", "'school'", "'home', 'mobile', 'office', 'hosting'"]),
    ("[probe]\nlists = []", ["probe.lists", "[]", "at least 1 item"]),
    ("[probe]\nlists = 'kz'", ["probe.lists", "'kz'", "tuple"]),
    ("[probe]\ninterval = 30", ["probe.interval", "30", '"5s" to "7d"']),
    ("[probe]\ninterval = '4s'", ["probe.interval", "'4s'", '"5s" to "7d"']),
    ("[probe]\ninterval = '8d'", ["probe.interval", "'8d'", '"5s" to "7d"']),
    ("[probe]\ninterval = '1h30m'", ["probe.interval", "'1h30m'", "s, m, h or d"]),
    ("[probe]\nconcurrency = 0", ["probe.concurrency", "0", "greater than or equal to 1"]),
    ("[probe]\nconcurrency = 201", ["probe.concurrency", "201", "less than or equal to 200"]),
    ("[probe]\nconcurrency = '8'", ["probe.concurrency", "'8'", "integer"]),
    ("[probe]\ndaily_budget_mb = 0.5", ["probe.daily_budget_mb", "0.5", "integer"]),
    ("[dns]\nresolvers = ['8.8.8.8']", ["dns.resolvers.0", "'8.8.8.8'", "udp://"]),
    ("[dns]\nresolvers = ['udp://dns.google']", ["dns.resolvers.0", "'udp://dns.google'", "IP address"]),
    ("[dns]\ntrusted = ['http://dns.quad9.net/']", ["dns.trusted.0", "'http://dns.quad9.net/'", "https://"]),
    ("[dns]\ntrusted = ['https://[::1']", ["dns.trusted.0", "'https://[::1'", "allowed"]),
    ("[control]\nurl = 'control.example.org'", ["control.url.0", "'control.example.org'", "http://"]),
    ("[server]\nurl = 'kedergi.example.org'", ["server.url.0", "'kedergi.example.org'", "http://"]),
    ("[server]\nurl = 'https://me@kedergi.example.org'", ["server.url.0", "without a user name"]),
    ("[server]\ntoken = 'x'", ["unknown key server.token", "url"]),
    ("[reference]\nurls = ['ftp://example.org/']", ["reference.urls.0", "'ftp://example.org/'", "http://"]),
    ("[reference]\nurls = ['https://']", ["reference.urls.0", "'https://'", "allowed"]),
    ("[reference]\nurls = ['https://host:99999/']", ["reference.urls.0", "'https://host:99999/'", "allowed"]),
    ("[reference]\nurls = ['https://two words/']", ["reference.urls.0", "'https://two words/'", "allowed"]),
    ("[store]\nurl = 5", ["store.url", "5", "string"]),
    ("[vantage]\nasn = 0\ncountry = 'kz'", ["vantage.asn", "vantage.country", "; "]),
    ("[vantage", ["not TOML"]),
]


@pytest.mark.parametrize(("text", "words"), WRONG, ids=lambda value: value if isinstance(value, str) else "")
def test_what_is_wrong_is_said_in_one_sentence(tmp_path: Path, text: str, words: list[str]) -> None:
    said = complaint(tmp_path, text)
    assert [word for word in words if word not in said] == []


SECRETS = [
    "[control]\ntoken = ['hunter2']",
    "[control]\nurl = 'https://user:hunter2@control.example/'",
    "[[control]]\nurl = 'https://control.example/'\ntoken = 'hunter2'",
    "control = 'hunter2'",
    "[alerts]\nto = 'mailto://user:hunter2@example.org'",
    "[alerts]\nto = [['hunter2']]",
    "alerts = ['hunter2']",
    "[[store]]\nurl = 'postgresql://user:hunter2@db/kedergi'",
    "store = 'postgresql://user:hunter2@db/kedergi'",
    "[vantage]\ntoken = 'hunter2'",
    "[reference]\nurls = ['https://user:hunter2@example.org/']",
]


@pytest.mark.parametrize("text", SECRETS)
def test_a_complaint_shows_no_secret(tmp_path: Path, text: str) -> None:
    """Complaints are pasted into chats and tickets."""
    assert SECRET not in complaint(tmp_path, text)


def test_settings_as_a_log_would_show_them_hold_no_secret(tmp_path: Path) -> None:
    assert SECRET not in repr(load(written(tmp_path, WHOLE)))


# Files


def test_a_named_file_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"Can't read the configuration .*: No such file"):
        load(tmp_path / "absent.toml")


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="Can't read the configuration"):
        load(tmp_path)


def test_a_file_in_another_code_page_is_said_to_be_so(tmp_path: Path) -> None:
    file = tmp_path / "kedergi.toml"
    file.write_bytes("network = 'Қазақтелеком'".encode("kz1048"))
    with pytest.raises(ConfigError, match="UTF-8"):
        load(file)


def test_a_file_saved_by_notepad_is_read(tmp_path: Path) -> None:
    """Windows' editors put a byte order mark before the text."""
    file = tmp_path / "kedergi.toml"
    file.write_bytes(b"\xef\xbb\xbf[probe]\r\nconcurrency = 3\r\n")
    assert load(file).probe.concurrency == 3
