"""What `kedergi check` does before the first packet."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from probe.cli import Throughput as Offered
from probe.config import ConfigError
from probe.errand import run_check, teller
from probe.schedule import Progress
from probe.show import bar
from results.records import Measurement, Throughput, Vantage
from results.store import Store
from results.verdict import judge


def test_the_command_offers_what_a_measurement_knows() -> None:
    assert [way.value for way in Offered] == [way.value for way in Throughput]


@pytest.mark.anyio
async def test_a_thorough_check_needs_data_that_is_left_today(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'store.sqlite'}"
    settings = tmp_path / "kedergi.toml"
    nobody = "[dns]\ntrusted = []\n[reference]\nurls = []\n"  # nobody is asked, should it measure all the same
    settings.write_text(f'[vantage]\nname = "v"\n[probe]\ndaily_budget_mb = 1\n[store]\nurl = "{url}"\n{nobody}')
    used = Measurement(
        uid="u",
        url="http://127.0.0.1:9/",
        started_at=datetime.now(UTC),
        runtime_ms=1.0,
        vantage=Vantage(name="v"),
        received_bytes=1_000_001,
    )
    store = Store(url)
    store.add(used, judge(used))
    store.close()
    with pytest.raises(ConfigError, match="Today's data budget of 1 MB is used up"):
        await run_check(
            [used.url], None, concurrency=None, throughput="thorough", as_json=True, verbose=False, config=settings
        )


# What is said during rounds


def said(capsys: pytest.CaptureFixture[str], *rounds: Progress) -> list[str]:
    with bar(1) as shown:
        told = teller(shown, 100)
        for progress in rounds:
            told(progress)
    return capsys.readouterr().err.splitlines()


def progress(unfit: str = "", *, ahead_s: float | None = None) -> Progress:
    return Progress(planned=1, measured=1, line_up=True, unfit=unfit, clock_ahead_s=ahead_s)


def test_why_nothing_is_measured_is_said_once_and_when_it_is_over(capsys: pytest.CaptureFixture[str]) -> None:
    lines = said(capsys, progress(), progress("vpn"), progress("vpn"), progress("roaming"), progress(), progress())
    assert [line.partition(" ")[0] for line in lines] == ["A", "This", "Measuring"]


def test_a_wrong_clock_is_said_once(capsys: pytest.CaptureFixture[str]) -> None:
    lines = said(capsys, progress(ahead_s=30), progress(ahead_s=-600), progress(ahead_s=-600), progress(ahead_s=0.0))
    assert len(lines) == 1
    assert "wrong by about 10 min" in lines[0]
