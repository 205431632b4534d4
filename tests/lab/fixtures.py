"""Fixtures for tests in the lab. A user's machine that cannot run one skips with the reason; CI fails.

from tests.lab.fixtures import *   # in conftest.py
"""

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from tests.lab.lab import Lab
from tests.lab.scenarios import SCENARIOS, lab_of

__all__ = ["demo_lab", "lab_rights", "make_lab"]


def demand_rights() -> None:
    """Go on only where a lab can run."""
    reason = Lab.missing()
    if reason is None:
        return
    if os.environ.get("CI"):
        pytest.fail(f"CI must be able to run the lab: {reason}")
    pytest.skip(reason)


@pytest.fixture(scope="session")
def lab_rights() -> None:
    demand_rights()


@pytest.fixture
def make_lab(lab_rights: None) -> Iterator[Callable[..., Lab]]:  # noqa: ARG001
    """`make_lab(sites=[...], rules=[...])`: labs that end with the test."""
    with ExitStack() as stack:

        def make(**options: Any) -> Lab:
            return stack.enter_context(Lab(**options))

        yield make


@pytest.fixture(scope="session")
def demo_lab(lab_rights: None) -> Iterator[Lab]:  # noqa: ARG001
    """All scenarios side by side. Tests that share it must leave its rules, zones and line as they are."""
    with lab_of(SCENARIOS) as lab:
        yield lab
