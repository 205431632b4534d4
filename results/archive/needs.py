"""What an archive needs beside the base installation, and what is said where it is missing. Imports none of it."""

from importlib.util import find_spec

_EXTRAS = {"archive": ("pyarrow", "duckdb", "numpy", "numba"), "spark": ("pyarrow", "numpy", "pandas", "pyspark")}


class ArchiveError(Exception):
    """The archive can't be used, or not so. The message is one sentence for a person."""


def demand(extra: str) -> None:
    """Raises ArchiveError where a package of that extra is missing."""
    missing = [name for name in _EXTRAS[extra] if find_spec(name) is None]
    if missing:
        are = f"{' and '.join(missing)}, which {'is' if len(missing) == 1 else 'are'} not installed"
        raise ArchiveError(f"This needs {are}: pip install 'kedergi[{extra}]' brings what is missing.")
