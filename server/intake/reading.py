"""From a body's lines to judged entries, and to receipts for those that can't be taken. Nothing is stored here.

What is odd about a measurement is a mark beside it; it is refused only where it can't be read or isn't the member's.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from results.fate import Fate
from results.formats import jsonl
from results.formats.documents import parsed
from results.formats.files import Unreadable
from results.intake import Entry, Receipt, entry
from results.judgement import Judgement
from results.records import HttpStep, Measurement
from results.tables import MemberRow
from server.body import Refused
from server.intake.limits import MEBIBYTE, Limits

# What an index or a column of the databases holds, with room.
_UID_BYTES, _URL_BYTES, _NETWORK_BYTES = 100, 2048, 200
_TOGETHER = 32  # lines that are read and judged together
_STATUS_MAX, _ASN_MAX = 2**31 - 1, 2**32 - 1
_LINE = re.compile(rb"\S[^\n]*")
_EARLIEST, _LATEST = datetime(1990, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """How lines are judged, and which URLs are on the server's lists."""

    limits: Limits
    judge: Callable[[Measurement], Judgement]
    is_listed: Callable[[str], bool]

    def read(self, body: bytearray, member: MemberRow, *, now: datetime) -> list[Entry | Receipt]:
        """One for each line that is not blank, in their order. Raises Refused where the whole can't be taken."""
        found: list[Entry | Receipt] = []
        for lines in _some(_lines(body, self.limits.line_bytes)):
            if len(found) + len(lines) > self.limits.lines:
                raise Refused(413, f"There are more than {self.limits.lines} lines.")
            # Each step for all of them: what a processor has at hand of a step is gone after the next one's.
            measured = [self._measured(line, member) for line in lines]
            judged = iter([self.judge(one) for one in measured if not isinstance(one, Receipt)])
            found += [
                one if isinstance(one, Receipt) else entry(one, next(judged), self._marks(one, member, now))
                for one in measured
            ]
        if not found:
            raise Refused(422, "There is no line in it; send a measurement a line.")
        return found

    def _measured(self, line: bytes, member: MemberRow) -> Measurement | Receipt:
        uid = None
        try:
            found = self._parsed(line)
            uid = _uid(found)
            measurement = jsonl.read(found)
            _storable(measurement)
        except Unreadable as exc:
            return Receipt(uid=uid, fate=Fate.REFUSED, says=f"{str(exc)[:1].upper()}{str(exc)[1:]}.")
        if measurement.vantage.name != member.vantage:
            says = f"Its vantage has another name than this one, which is called {member.vantage} here."
            return Receipt(uid=uid, fate=Fate.REFUSED, says=says)
        if measurement.simulated is not None:
            return Receipt(
                uid=uid, fate=Fate.REFUSED, says="It says that it is simulated; only what was measured is taken."
            )
        return measurement

    def _parsed(self, line: bytes) -> dict[str, Any]:
        if len(line) > self.limits.line_bytes:
            raise Unreadable(f"it is longer than {self.limits.line_bytes // MEBIBYTE} MiB")
        return parsed(line)

    def _marks(self, measurement: Measurement, member: MemberRow, now: datetime) -> Iterator[str]:
        if measurement.started_at > now + self.limits.ahead:
            yield "future"
        if measurement.started_at < member.joined_at - self.limits.before_joining:
            yield "before joining"
        if not self.is_listed(measurement.url):
            yield "unlisted"
        if measurement.vantage.country not in {None, member.country}:
            yield "other network"


def _some(lines: Iterator[bytes]) -> Iterator[list[bytes]]:
    """A few at a time, and no more of large ones than fits well into memory."""
    found: list[bytes] = []
    size = 0
    for line in lines:
        if found and (len(found) == _TOGETHER or size + len(line) > MEBIBYTE):
            yield found
            found, size = [], 0
        found.append(line)
        size += len(line)
    if found:
        yield found


def _lines(body: bytearray, most_bytes: int) -> Iterator[bytes]:
    """Those that are not blank, one in memory at a time; of one that is longer, no more than shows that it is."""
    # Blanks are passed over within the library: a body may be made of nothing else.
    view = memoryview(body)  # what is cut out of it is copied once
    for found in _LINE.finditer(body):
        begin, end = found.span()
        if end - begin > most_bytes:
            end = begin + most_bytes + 1
            yield bytes(view[begin:end])
            continue
        line = bytes(view[begin:end]).rstrip()
        try:
            line.decode()
        except UnicodeDecodeError as exc:
            raise Refused(422, "The body is no text in UTF-8.") from exc
        yield line


def _uid(found: dict[str, Any]) -> str | None:
    uid = found.get("uid")
    return uid if isinstance(uid, str) and 0 < len(uid.encode()) <= _UID_BYTES else None


def _storable(measurement: Measurement) -> None:
    """Whether lists and timelines can hold it. Raises Unreadable."""
    vantage, started_at = measurement.vantage, measurement.started_at
    texts = {
        "uid": (measurement.uid, _UID_BYTES),
        "url": (measurement.url, _URL_BYTES),
        "round_uid": (measurement.round_uid or "-", _UID_BYTES),
        "vantage.network": (vantage.network or "-", _NETWORK_BYTES),
        "vantage.country": (vantage.country or "-", _UID_BYTES),
        "vantage.class": (vantage.vantage_class, _UID_BYTES),
    }
    for name, (text, most) in texts.items():
        if not 0 < len(text.encode()) <= most or "\0" in text:
            raise Unreadable(f"its {name} is empty, has a zero byte or more than {most} bytes")
    if started_at.tzinfo is None or not _EARLIEST <= started_at < _LATEST:
        raise Unreadable("its started_at has no time zone, or is no time at which anything was measured here")
    statuses = (step.status for step in measurement.steps if isinstance(step, HttpStep))
    if not 0 <= (vantage.asn or 0) <= _ASN_MAX or any(abs(number or 0) > _STATUS_MAX for number in statuses):
        raise Unreadable(f"its network has no number up to {_ASN_MAX}, or a status one above {_STATUS_MAX}")
