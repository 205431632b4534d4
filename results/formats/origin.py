"""Whose measurements are read: ours, or another program's."""

from enum import StrEnum


class Origin(StrEnum):
    """Each has a reader beside this file."""

    KEDERGI = "kedergi"
    OONI = "ooni"
