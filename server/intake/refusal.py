"""How it is said that a request is not taken. Why is decided where it is found out."""

import math
from datetime import datetime

from starlette.responses import JSONResponse, Response

from results.records import iso
from server.body import Refused


def refusal(exc: Refused, at: datetime) -> Response:
    """The answer. It has the server's time, by which a probe tells whether its own clock is to blame."""
    # What may be left of the request is not read.
    headers = {"connection": "close", "cache-control": "no-store"}
    if exc.retry_after_s is not None:
        headers["retry-after"] = str(math.ceil(exc.retry_after_s))
    return JSONResponse({"detail": exc.says, "at": iso(at)}, exc.status, headers)
