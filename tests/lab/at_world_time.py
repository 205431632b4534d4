"""Runs the program with the clock of a world that is ahead of this machine: a control that stands in that world.

python -m tests.lab.at_world_time SECONDS control --host … --port …

OpenSSL reads the machine's own clock, which nobody here may turn; so it is told to leave dates alone. No site of such
a world has a certificate whose dates are bad.
"""

import ssl
import sys
from datetime import timedelta, tzinfo
from typing import Any

import kedergi
from probe import tools

_NO_DATES = 0x20_0000  # X509_V_FLAG_NO_CHECK_TIME
_machine_time, _web_context = vars(tools)["datetime"], vars(tools)["web_context"]


class _WorldTime:
    ahead = timedelta()

    @classmethod
    def now(cls, zone: tzinfo) -> Any:
        return _machine_time.now(zone) + cls.ahead


def _undated(*arguments: Any, **options: Any) -> ssl.SSLContext:
    context: ssl.SSLContext = _web_context(*arguments, **options)
    context.verify_flags |= ssl.VerifyFlags(_NO_DATES)
    return context


def main() -> None:
    _WorldTime.ahead = timedelta(seconds=float(sys.argv[1]))
    sys.argv = ["kedergi", *sys.argv[2:]]
    vars(tools).update(datetime=_WorldTime, web_context=_undated)
    kedergi.main()


if __name__ == "__main__":
    main()
