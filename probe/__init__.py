"""How a vantage looks at sites. Nothing here judges."""

import sys

# httpx brings a command of its own, with all that colours a terminal: 3 MB that a small machine has better use for.
sys.modules.setdefault("httpx._main", None)  # type: ignore[arg-type]
