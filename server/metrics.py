"""The server's numbers for Prometheus: what workers count, and what is asked of the store when somebody looks.

No label names a vantage, an address or a URL. Who may read them is decided by where they are served (serve.py).
"""

import asyncio
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.metrics_core import GaugeMetricFamily, Metric
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector
from sqlmodel import SQLModel
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from results.store import Store, StoreError

_MEMBER = SQLModel.metadata.tables["member"]
_MEASUREMENT = SQLModel.metadata.tables["measurement"]
_DELIVERY = SQLModel.metadata.tables["delivery"]
_SECONDS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)
_BYTES = {"postgresql": "select pg_database_size(current_database())", "sqlite": "pragma page_count"}


class Counts:
    """What one worker counts."""

    def __init__(self, registry: CollectorRegistry) -> None:
        def counter(name: str, says: str, *labels: str) -> Counter:
            return Counter(f"kedergi_{name}", says, labels, registry=registry)

        self._requests = counter("requests", "Answers, by path and status.", "path", "status")
        self._refusals = counter("refusals", "Requests that were not taken, by status and reason.", "status", "reason")
        self._batches = counter("batches", "Batches that were taken.")
        self._measurements = counter("measurements", "Measurements in batches that were taken, by fate.", "fate")
        self._bytes = counter("batch_bytes", "Bytes of batches that were taken, as they came.")
        self._seconds = Histogram(
            "kedergi_batch_seconds",
            "From a batch's last byte to its receipts, waiting for its turn included.",
            buckets=_SECONDS,
            registry=registry,
        )
        self._background = Gauge(
            "kedergi_background_workers",
            "Workers of this server that do the work in the background: one of all servers on a store.",
            multiprocess_mode="livesum",
            registry=registry,
        )

    def answered(self, path: str, status: int, state: Mapping[str, Any]) -> None:
        """One more request, and what those who answered it left in its state (server/intake/routes.py)."""
        self._requests.labels(path, str(status)).inc()
        if status >= 400:
            self._refusals.labels(str(status), state.get("refused", "other")).inc()
        if "fates" in state:
            self._batches.inc()
            self._bytes.inc(state["batch_bytes"])
            self._seconds.observe(state["batch_s"])
            for fate, count in state["fates"].items():
                self._measurements.labels(fate).inc(count)

    def background(self, mine: bool) -> None:
        self._background.set(int(mine))


class Standing(Collector):
    """What the store says, asked anew whenever somebody looks: right however many workers there are."""

    def __init__(self, store: Store, utcnow: Callable[[], datetime]) -> None:
        self._store = store
        self._utcnow = utcnow

    def collect(self) -> Iterator[Metric]:
        up = GaugeMetricFamily("kedergi_store_up", "1 while the store answers.")
        try:
            found = list(self._asked())
        except StoreError:
            found = []
        up.add_metric([], float(bool(found)))
        yield up
        yield from found

    def _asked(self) -> Iterator[Metric]:
        now, at = self._utcnow().astimezone(UTC), _MEASUREMENT.c.started_at
        newest = sa.select(sa.func.max(at, type_=at.type)).where(at <= now)  # a probe's clock may be ahead
        waiting = sa.select(sa.func.count()).where(_DELIVERY.c.sent_at.is_(None), _DELIVERY.c.given_up_at.is_(None))
        revoked = sa.select(sa.func.count(), sa.func.count(_MEMBER.c.revoked_at)).select_from(_MEMBER)
        with self._store.transaction() as connection:
            all_, gone = connection.execute(revoked).one()
            last = connection.execute(newest).scalar()
            waits = connection.execute(waiting).scalar_one()
            size = connection.exec_driver_sql(_BYTES[connection.dialect.name]).scalar_one()
            if connection.dialect.name == "sqlite":
                size *= connection.exec_driver_sql("pragma page_size").scalar_one()
        members = GaugeMetricFamily("kedergi_members", "Vantages that have joined, by state.", labels=["state"])
        members.add_metric(["joined"], all_ - gone)
        members.add_metric(["revoked"], gone)
        yield members
        if last is not None:
            age_s = (now - last).total_seconds()
            yield GaugeMetricFamily("kedergi_newest_measurement_age_seconds", "Since the newest one began.", age_s)
        yield GaugeMetricFamily("kedergi_alerts_waiting", "Messages that are due, or will be tried again.", waits)
        yield GaugeMetricFamily("kedergi_store_bytes", "What the store takes on its disk.", size)


def of_workers(folder: str) -> CollectorRegistry:
    """The sums over all workers, also over those that have ended, from the files that they count in."""
    registry = CollectorRegistry()
    MultiProcessCollector(registry, path=folder)  # type: ignore[no-untyped-call]
    return registry


def metrics_app(counts: Callable[[], CollectorRegistry], standing: Standing) -> Starlette:
    """`/metrics` alone."""
    asked = CollectorRegistry()
    asked.register(standing)

    async def metrics(_request: Request) -> Response:
        text = await asyncio.to_thread(lambda: generate_latest(counts()) + generate_latest(asked))
        return Response(text, headers={"content-type": CONTENT_TYPE_LATEST, "cache-control": "no-store"})

    return Starlette(routes=[Route("/metrics", metrics, methods=["GET"])])
