"""One server for a module of tests that only read: trouble of each kind, and a member that says scripts."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from urllib.parse import quote, urlencode

import pytest
import sqlalchemy as sa

from results.store import Store
from targets.target import Target
from tests.server.conftest import served
from tests.server.many import BEELINE, KCELL, app_of, events_of, followed, hostile, past
from tests.server.simulated import HOME, NOW, judgement, rich, site, throttled

EVIL = (
    "\"'><script>window.ran=1</script><img src=x onerror=window.ran=1><svg/onload=window.ran=1>{{7*7}}'; drop table--"
)
EVIL_URL = f"https://ratel.kz/{EVIL}"
LONG = "a-name-that-is-much-longer-than-any-column.example.kz"
NAMES = ["ratel.kz", "vlast.kz", LONG, *(f"{n}.kz" for n in range(20))]
TARGETS = [Target(url=site(name), outlet=f"Outlet of {name}", category="NEWS") for name in NAMES]
TARGETS.append(Target(url=EVIL_URL, outlet=f"Paper{EVIL}", category=f"C{EVIL}", language=EVIL))


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """A block on two networks, a throttled site, and a member that says scripts wherever it can."""
    store = Store(f"sqlite:///{tmp_path_factory.mktemp('filled')}/kedergi.db")
    past(store, HOME, "ratel.kz", "o" * 20 + "b" * 20)
    past(store, KCELL, "ratel.kz", "o" * 24 + "c" * 16)
    past(store, BEELINE, "vlast.kz", "o" * 20 + "s" * 20)
    past(store, BEELINE, LONG, "ooosdu")
    liar = hostile(EVIL)
    for place in range(30):
        at = NOW - timedelta(minutes=30) * (30 - place)
        record = rich(f"uid{EVIL}{place}", url=EVIL_URL, started_at=at, words=EVIL)
        letter = "b" if place > 12 else "o"
        store.add(replace(record, vantage=liar), judgement(letter, says=f"said{EVIL}"))
    store.add(throttled(), judgement("s"))
    followed(store)
    yield store
    store.close()


@pytest.fixture(scope="module")
def home(filled: Store) -> Iterator[str]:
    with served(app_of(filled, TARGETS)) as at:
        yield at


@pytest.fixture(scope="module")
def plain_paths(filled: Store) -> list[str]:
    """Every page of what is plain, and of the events and episodes that are told."""
    with filled.transaction() as connection:
        episodes = connection.execute(sa.text("select url, network_key, kind, first_bad_at from episode")).all()
    ratel = quote(site("ratel.kz"))
    found = ["/", "/networks", "/method", "/nothing", f"/site?url={ratel}", f"/site?url={ratel}&span=365d",
             f"/site?url={quote(site(LONG))}&span=24h", "/network?key=9198", f"/network?key={BEELINE.asn}&span=90d",
             "/vantage?name=home-1", "/measurement/slow"]  # fmt: skip
    found += [f"/event/{uid}" for uid in events_of(filled)]
    for url, key, kind, began in episodes:
        when = str(began).replace(" ", "T").partition("+")[0] + "+00:00"
        found.append("/episode?" + urlencode({"url": url, "key": key, "of": kind, "began": when}))
    return found


@pytest.fixture(scope="module")
def paths(plain_paths: list[str]) -> list[str]:
    """Every page, of what is plain and of what is not."""
    liar = hostile(EVIL)
    return [
        *plain_paths,
        f"/?{urlencode({'q': EVIL, 'tz': EVIL, 'country': EVIL, 'network': EVIL, 'kind': EVIL, 'class': EVIL})}",
        f"/site?{urlencode({'url': EVIL_URL})}",
        f"/site?{urlencode({'url': EVIL_URL, 'at': EVIL, 'to': EVIL})}",
        f"/network?{urlencode({'key': liar.network})}",
        f"/vantage?{urlencode({'name': liar.name})}",
        f"/measurement/{quote(f'uid{EVIL}7', safe='')}",
        f"/event/{quote(EVIL, safe='')}",
    ]
