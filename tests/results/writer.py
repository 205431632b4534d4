"""A program that writes measurements, for tests that run several at once or kill one: writer.py URL NAME COUNT.

After each measurement that is stored it says its uid.
"""

import sys
from dataclasses import replace

from results.records import Measurement
from results.store import Store
from results.verdict import judge
from tests.results.build import dns, page, seen, tcp, tls

WHOLE = seen(dns(), tcp(), tls(), page(body="x" * 20_000), control=[dns(), tcp(), tls(), page()])


def numbered(name: str, number: int) -> Measurement:
    return replace(WHOLE, uid=f"{name}-{number}")


def main() -> None:
    url, name, count = sys.argv[1:]
    store = Store(url)
    for number in range(int(count)):
        measurement = numbered(name, number)
        store.add(measurement, judge(measurement))
        print(measurement.uid, flush=True)
    store.close()


if __name__ == "__main__":
    main()
