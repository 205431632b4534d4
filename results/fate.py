"""What becomes of a measurement that somebody sends or carries, as one word. Who says it stands in carrying.py."""

from enum import StrEnum


class Fate(StrEnum):
    """What became of one line of a file."""

    STORED = "stored"
    THERE = "there"  # its uid is in the store already
    REFUSED = "refused"
