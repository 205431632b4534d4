"""How many programs may compute side by side on this machine."""

import os


def cores() -> int:
    """As many as the system gives to this program."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
