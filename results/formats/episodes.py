"""One episode as one JSON object: the public form."""

from typing import Any

from results.episodes import Episode
from results.records import iso


def record(series: str, episode: Episode) -> dict[str, Any]:
    """A field without a value is null, never absent. Times are ISO 8601 in UTC."""
    times = ("last_good_at", "first_bad_at", "opened_at", "last_bad_at", "first_good_at", "closed_at")
    return {
        "series": series,
        "kind": episode.kind.value,
        "mechanisms": list(episode.mechanisms),
        "state": episode.state,
        **{name: at and iso(at) for name, at in ((name, getattr(episode, name)) for name in times)},
        "measurements": episode.measurements,
        "bad": episode.bad,
        "intermittent": episode.intermittent,
    }
