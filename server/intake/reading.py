"""From a body's lines to judged entries, and to receipts for those that can't be taken. Nothing is stored here.

What is odd about a measurement is a mark beside it; it is refused only where it can't be read or isn't the member's.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from results.carrying import Fate
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
_NUMBER_MAX = 2**31 - 1
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
        for line in _lines(body):
            if len(found) == self.limits.lines:
                raise Refused(413, f"There are more than {self.limits.lines} lines.")
            found.append(self._one(line, member, now))
        if not found:
            raise Refused(422, "There is no line in it; send a measurement a line.")
        return found

    def _one(self, line: bytes, member: MemberRow, now: datetime) -> Entry | Receipt:
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
        return entry(measurement, self.judge(measurement), self._marks(measurement, member, now))

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


def _lines(body: bytearray) -> Iterator[bytes]:
    """Those that are not blank, one in memory at a time."""
    at = 0
    while at < len(body):
        end = body.find(b"\n", at)
        end = len(body) if end < 0 else end
        line = bytes(body[at:end]).strip()
        at = end + 1
        if line:
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
    if any(abs(number or 0) > _NUMBER_MAX for number in (vantage.asn, *statuses)):
        raise Unreadable(f"its network or a status has a number above {_NUMBER_MAX}")
