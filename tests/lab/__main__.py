"""A developer's door into the lab: a shell, or one command, in a simulated country where the demonstration sites are.

python -m tests.lab             a shell there, after a table of the sites
python -m tests.lab --list      the table alone
python -m tests.lab -- COMMAND  one command there
"""

import argparse
import os
import shutil
import sys

from tests.lab.lab import Lab
from tests.lab.scenarios import SCENARIOS, SLOW, lab_of

_MARK = "[simulated]"


def table() -> str:
    """What the ISP of the demonstration does to each site, and what a measurement must conclude."""
    shown = [(each.url, each.isp, " ".join([each.verdict, *each.mechanisms])) for each in SCENARIOS + SLOW]
    rows = [("URL", "THE ISP", "TO BE CONCLUDED"), *shown]
    wide = [max(len(row[column]) for row in rows) for column in range(2)]
    lines = [f"{_MARK} {row[0]:{wide[0]}}  {row[1]:{wide[1]}}  {row[2]}" for row in rows]
    head = f"{_MARK} All names, addresses and acts below are simulated on this machine; nothing leaves it.\n"
    return head + "\n".join(lines)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.lab", description="A simulated country and its ISP.")
    parser.add_argument("--list", action="store_true", help="print the sites and what the ISP does to each")
    parser.add_argument("--delay-ms", type=float, default=20.0, help="one-way delay of the line (20)")
    parser.add_argument("command", nargs="*", metavar="COMMAND", help="run this there instead of a shell")
    return parser.parse_args()


def _shell(lab: Lab) -> list[str]:
    print(table())
    print(f"{_MARK} The ISP's resolver is {lab.isp_resolver}, a clean one {lab.clean_resolver} and {lab.doh_url}.")
    print(f"{_MARK} The command kedergi finds its settings for this lab. Leave with exit.", flush=True)
    return [os.environ.get("SHELL", "/bin/sh")]


def _place_settings(lab: Lab) -> None:
    """Where the product looks for them if it is told nothing."""
    place = lab.folder / "config" / "kedergi" / "kedergi.toml"
    place.parent.mkdir(parents=True)
    shutil.copy(lab.config(), place)


def main() -> int:
    arguments = _arguments()
    if arguments.list:
        print(table())
        return 0
    reason = Lab.missing()
    if reason is not None:
        print(f"python -m tests.lab: {reason}", file=sys.stderr)
        return 1
    with lab_of(SCENARIOS + SLOW, delay_ms=arguments.delay_ms) as lab:
        command = arguments.command or _shell(lab)
        _place_settings(lab)
        try:
            return lab.popen(command, env={"PS1": f"{_MARK} $ "}).wait()
        except KeyboardInterrupt:
            return 130


if __name__ == "__main__":
    sys.exit(main())
