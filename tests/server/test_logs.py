"""A line of the server's log, for programs and for people, and what is never in one."""

import json
import logging
import sys

import pytest

from server.logs import Form, Json, Text, begin, told


def record(what: str, *, level: int = logging.INFO, trouble: bool = False, **numbers: object) -> logging.LogRecord:
    caught = None
    if trouble:
        try:
            int("v-3f9c21ab at 192.0.2.7")
        except ValueError:
            caught = sys.exc_info()
    made = logging.LogRecord("kedergi.server", level, "x.py", 1, what, (), caught)
    made.__dict__.update(told(**numbers))
    made.created, made.process = 1_790_000_000.25, 7
    return made


def test_a_line_for_programs_is_one_object_with_its_time_in_utc() -> None:
    line = Json().format(record("request", status=200, ms=1.5, path="/v1/time"))
    assert json.loads(line) == {
        "at": "2026-09-21T14:13:20.250Z",
        "level": "info",
        "what": "request",
        "process": 7,
        "status": 200,
        "ms": 1.5,
        "path": "/v1/time",
    }
    assert "\n" not in Json().format(record("two\nlines"))


def test_a_line_for_people_says_the_same() -> None:
    assert Text().format(record("request", status=200)) == "2026-09-21T14:13:20.250Z info request status=200"


@pytest.mark.parametrize("formatter", [Json(), Text()])
def test_a_bug_is_told_by_its_kind_and_place_without_its_words(formatter: logging.Formatter) -> None:
    line = formatter.format(record("crashed", level=logging.ERROR, trouble=True))
    assert "ValueError" in line
    assert "test_logs.py" in line
    assert "v-3f9c21ab" not in line
    assert "192.0.2.7" not in line


@pytest.mark.parametrize("form", [None, Form.JSON])
def test_without_a_terminal_it_speaks_to_programs_and_libraries_speak_of_errors_alone(
    form: Form | None, capsys: pytest.CaptureFixture[str]
) -> None:
    before, level = logging.root.handlers, logging.root.level
    try:
        begin(form)
        logging.getLogger("uvicorn.error").warning("192.0.2.7 speaks no HTTP")
        logging.getLogger("kedergi.server").info("begun")
        logging.getLogger("kedergi.server").debug("more")
    finally:
        logging.root.handlers, logging.root.level = before, level
    assert [json.loads(line)["what"] for line in capsys.readouterr().err.splitlines()] == ["begun"]
