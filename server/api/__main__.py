"""Writes the OpenAPI document of /api/v1 from the routes: `python -m server.api`."""

from datetime import UTC, datetime, timedelta

from results.store import Store
from server.api.app import create_api
from server.api.document import FILE, generated
from server.api.manners import OPEN
from server.pages.many.shown import Many

if __name__ == "__main__":
    store = Store("sqlite://")
    shown = Many(store=store, targets={}, interval=timedelta(hours=1), clock=lambda: datetime.now(UTC), version="")
    FILE.write_bytes(generated(create_api(shown, OPEN)))
    store.close()
