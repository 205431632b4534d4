"""What time is it for others? Told by the head of an HTTP answer. Whose clock is wrong is not said here."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime


def told(headers: Iterable[tuple[str, str]]) -> datetime | None:
    """The time that an answer tells, aware; None where it tells none.

    One from a cache keeps its Date and says its Age beside it (RFC 9111).
    """
    known = dict(headers)
    try:
        date = parsedate_to_datetime(known.get("date", ""))
        return date.replace(tzinfo=date.tzinfo or UTC) + timedelta(seconds=int(known.get("age", "0")))
    except (ValueError, OverflowError):
        return None
