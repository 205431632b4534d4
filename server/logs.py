"""What the server says while it runs: a JSON object a line for programs, or plain lines for a terminal.

Nothing is said here of a client's address, of a vantage, or of what a request held.
"""

import json
import logging
import sys
import traceback
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from results.records import iso

LOG = logging.getLogger("kedergi.server")


class Form(StrEnum):
    """What a line is."""

    JSON = "json"
    TEXT = "text"


def begin(form: Form | None) -> None:
    """All loggers of this program speak so, on stderr. `form` None: text where a person sits before it."""
    chosen = form or (Form.TEXT if sys.stderr.isatty() else Form.JSON)
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(Json() if chosen is Form.JSON else Text())
    logging.root.handlers = [handler]
    logging.root.setLevel(logging.ERROR)  # what libraries warn of may hold addresses
    LOG.setLevel(logging.INFO)


def told(**numbers: Any) -> dict[str, Any]:
    """What stands beside a sentence, as `extra` of logging: LOG.info("request", extra=told(status=200))."""
    return {"told": numbers}


class Json(logging.Formatter):
    """A JSON object a line."""

    def format(self, record: logging.LogRecord) -> str:
        return json.dumps(_said(record), ensure_ascii=False, default=str)


class Text(logging.Formatter):
    """The time, the level, the sentence, and what stands beside it."""

    def format(self, record: logging.LogRecord) -> str:
        said = _said(record)
        begins = " ".join(str(said.pop(name)) for name in ("at", "level", "what"))
        del said["process"]
        return " ".join([begins, *(f"{name}={value}" for name, value in said.items())])


def _said(record: logging.LogRecord) -> dict[str, Any]:
    said = {
        "at": iso(datetime.fromtimestamp(record.created, UTC)),
        "level": record.levelname.lower(),
        "what": " ".join(record.getMessage().split()),
        "process": record.process,
        **record.__dict__.get("told", {}),
    }
    if record.exc_info and record.exc_info[0]:
        # Without the exception's own words, which may be those of a member.
        said["error"] = record.exc_info[0].__name__
        frames = traceback.extract_tb(record.exc_info[2])
        said["where"] = [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames]
    return said
