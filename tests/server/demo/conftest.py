"""The whole demo, filled once for all tests that read it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from results.schema import as_it_is
from results.store import Store
from server.demo.filling import filled


@pytest.fixture(scope="session")
def demo_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return filled(tmp_path_factory.mktemp("demo"))


@pytest.fixture(scope="session")
def demo(demo_file: Path) -> Iterator[Store]:
    store = Store(f"sqlite:///{demo_file}", as_it_is)
    yield store
    store.close()
