"""A program that sends what a store holds until it is killed: sender.py STORE SERVER FOLDER."""

import asyncio
import sys
from pathlib import Path

from probe.contexts import web_context
from probe.services import Services
from probe.vantage import identity
from results.store import Store
from tests.probe.joined import submitter


async def main() -> None:
    store, server, folder = sys.argv[1:]
    key = identity.load(Path(folder))
    assert key is not None
    await submitter(Store(store), Services(web_context(None)), key, server).run()


if __name__ == "__main__":
    asyncio.run(main())
