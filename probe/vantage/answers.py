"""What a server says where it does not do what it was asked: why in its words, and whether our clock is the reason.

What is done about it is in enrol.py and probe/submit.py.
"""

from datetime import datetime, timedelta

from pydantic import AwareDatetime, BaseModel, ValidationError

from probe.services import Answer
from probe.vantage.signing import WINDOW, WrongClock

_NEARLY = timedelta(seconds=30)  # may lie between the server's look at its clock and ours
_MOST = 300  # characters of a server's own words


class Why(BaseModel):
    """The body of a refusal."""

    detail: str
    at: AwareDatetime | None = None  # the server's clock


def why(answer: Answer) -> Why | None:
    """None where it is not a server of Kedergi that speaks: a portal, a proxy, a block page."""
    try:
        return Why.model_validate_json(answer.body)
    except ValidationError:
        return None


def clock_of(answer: Answer, now: datetime) -> WrongClock | None:
    """How far off our clock is, where that is why a signature was not believed."""
    said = why(answer)
    if answer.status != 401 or said is None or said.at is None or abs(now - said.at) <= WINDOW - _NEARLY:
        return None
    return WrongClock(now - said.at)


def words(text: str) -> str:
    """A server's, as one line that does nothing to a terminal."""
    return "".join(letter if letter.isprintable() else " " for letter in text[:_MOST])
