"""A storage that speaks S3 on a port of this machine, in a program of its own; what is in it ends with it."""

import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager

_PROGRAM = """
import sys
from moto.server import ThreadedMotoServer

server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
server.start()
print(server.get_host_and_port()[1], flush=True)
sys.stdin.read()
"""


@contextmanager
def storage(bucket: str) -> Iterator[dict[str, str]]:
    """What the environment must say for it to be reached; one bucket is there."""
    command = [sys.executable, "-c", _PROGRAM]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as running:
        assert running.stdin is not None
        assert running.stdout is not None
        try:
            address = f"http://127.0.0.1:{int(running.stdout.readline())}"
            urllib.request.urlopen(urllib.request.Request(f"{address}/{bucket}", method="PUT"), timeout=30).close()
            yield {
                "AWS_ENDPOINT_URL": address,
                "AWS_ACCESS_KEY_ID": "a-key",
                "AWS_SECRET_ACCESS_KEY": "a-secret-word",
            }
        finally:
            running.stdin.close()
