"""A program that is old says so, without asking anybody: in doctor, in show, and once when it begins to measure."""

import tomllib
from contextvars import copy_context
from datetime import UTC, datetime, time, timedelta
from pathlib import Path

import pytest

from probe import age, errand, machine, show, tongue
from probe.age import NOTICE, OF, OLD, notice
from probe.contexts import web_context
from probe.machine import State
from probe.remedies import remedy
from probe.sanity import Line
from probe.services import Services
from probe.tools import Tools
from results.records import Vantage

RELEASED = datetime.combine(OF, time(12), UTC)


def tools(now: datetime) -> Tools:
    context = web_context(None)
    return Tools(
        vantage=Vantage(name="home"),
        context=context,
        services=Services(context),
        line=Line((), context),
        utcnow=lambda: now,
        software="kedergi/0.1.0",
    )


def test_the_day_was_changed_with_the_version() -> None:
    project = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text("utf-8"))
    assert project["project"]["version"] == age.VERSION


@pytest.mark.parametrize("language", tongue.LANGUAGES)
def test_an_old_program_is_told_to_be_old_in_each_language(language: str) -> None:
    context = copy_context()
    context.run(tongue.speak, language)
    said = context.run(notice, RELEASED + OLD + timedelta(days=20))
    assert "200" in said
    assert "pipx upgrade" in said


def test_a_new_one_or_one_with_a_clock_that_is_behind_is_not() -> None:
    assert notice(RELEASED) == notice(RELEASED + OLD) == notice(RELEASED - timedelta(days=4000)) == ""


def test_doctor_says_it_with_a_remedy() -> None:
    fresh, old = machine.program(tools(RELEASED)), machine.program(tools(RELEASED + 2 * OLD))
    assert (fresh.state, remedy(fresh)) == (State.OK, "")
    assert fresh.says == "kedergi/0.1.0, about 0 days old."
    assert old.state is State.WARN
    assert "upgrade kedergi" in remedy(old)


def test_it_is_said_once_when_measuring_begins(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(age, "OF", OF - timedelta(days=4000))
    with show.bar(1) as bar:
        errand.teller(bar, 100)
    assert NOTICE.partition("{")[0] in capsys.readouterr().err
