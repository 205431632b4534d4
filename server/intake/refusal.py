"""A request that is not taken, and how that is said. Why is decided where it is found out."""

import math
from datetime import datetime

from starlette.responses import JSONResponse, Response

from results.records import iso


class Refused(Exception):
    """`says` is one sentence for whoever runs the probe; it holds nothing of the request."""

    def __init__(self, status: int, says: str, *, retry_after_s: float | None = None) -> None:
        super().__init__(says)
        self.status = status
        self.says = says
        self.retry_after_s = retry_after_s


def refusal(exc: Refused, at: datetime) -> Response:
    """The answer. It has the server's time, by which a probe tells whether its own clock is to blame."""
    # What may be left of the request is not read.
    headers = {"connection": "close", "cache-control": "no-store"}
    if exc.retry_after_s is not None:
        headers["retry-after"] = str(math.ceil(exc.retry_after_s))
    return JSONResponse({"detail": exc.says, "at": iso(at)}, exc.status, headers)
