"""What a program that runs in the background does not load, or does not keep: a Raspberry Pi has little memory."""

import subprocess
import sys

import pytest

from targets import networks
from tests.probe.test_day import Lived, lived_through

__all__ = ["lived_through"]

NEVER = ["PIL", "alembic", "apprise", "httpx._main", "pydantic.v1", "pygments", "rich"]
NEVER += ["sqlalchemy.dialects.postgresql"]
LOADED = """\
import sys
import kedergi, probe.errand
if {pages}:
    import server.up
print(*(name for name in {never} if sys.modules.get(name) is not None))
"""


@pytest.mark.parametrize("pages", [False, True], ids=["probe", "up"])
def test_what_draws_migrates_alerts_or_is_for_another_database_is_not_loaded(pages: bool) -> None:
    code = LOADED.format(pages=pages, never=NEVER)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=120)
    assert done.stdout.split() == []


def test_between_rounds_the_table_of_networks_is_not_kept(lived_through: Lived) -> None:  # noqa: ARG001
    assert networks.table._shipped.cache_info().currsize == 0
