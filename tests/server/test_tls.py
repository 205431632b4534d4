"""`kedergi serve` with a certificate: who trusts it is answered, old TLS is not, and bad files are one sentence."""

import json
import ssl
import subprocess
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
import trustme

from tests.server.serving import KEDERGI, Served, until

OLD = "ignore:ssl.TLSVersion:DeprecationWarning"


@pytest.fixture
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def files(authority: trustme.CA, tmp_path: Path) -> tuple[Path, Path]:
    issued = authority.issue_cert("127.0.0.1")
    cert, key = tmp_path / "cert.pem", tmp_path / "key.pem"
    cert.write_bytes(b"".join(one.bytes() for one in issued.cert_chain_pems))
    issued.private_key_pem.write_to_path(str(key))
    return cert, key


class Encrypted(Served):
    """Asked over TLS."""

    def answers(self, path: str = "/readyz") -> bool:  # noqa: ARG002 - its certificate is not trusted yet
        return f"https://127.0.0.1:{self.port}" in self.log.read_text("utf-8")


@pytest.fixture
def served(files: tuple[Path, Path], tmp_path: Path) -> Iterator[Served]:
    cert, key = files
    options = ["--tls-cert", str(cert), "--tls-key", str(key)]
    made = Encrypted(f"sqlite:///{tmp_path}/kedergi.db", tmp_path, arguments=options)
    made.start()
    yield made
    made.kill()


def asked(served: Served, context: ssl.SSLContext) -> int:
    url = f"https://127.0.0.1:{served.port}/healthz"
    return httpx.get(url, verify=context, timeout=10, trust_env=False).status_code


@pytest.mark.filterwarnings(OLD)
def test_who_trusts_the_certificate_is_answered_over_tls_1_2_or_newer(served: Served, authority: trustme.CA) -> None:
    trusting = ssl.create_default_context()
    authority.configure_trust(trusting)
    until(lambda: asked(served, trusting) == 200)
    with pytest.raises(httpx.ConnectError, match="CERTIFICATE_VERIFY_FAILED"):
        asked(served, ssl.create_default_context())
    with pytest.raises(httpx.RemoteProtocolError):
        httpx.get(f"http://127.0.0.1:{served.port}/healthz", trust_env=False)
    old = ssl.create_default_context()
    authority.configure_trust(old)
    old.set_ciphers("DEFAULT:@SECLEVEL=0")
    old.minimum_version = ssl.TLSVersion.TLSv1
    old.maximum_version = ssl.TLSVersion.TLSv1_2
    assert asked(served, old) == 200
    old.maximum_version = ssl.TLSVersion.TLSv1_1
    with pytest.raises(httpx.ConnectError, match="SSL"):
        asked(served, old)


@pytest.mark.parametrize(
    ("cert", "key", "says"),
    [
        ("cert.pem", "nowhere.pem", "--tls-key names"),
        ("nowhere.pem", "key.pem", "--tls-cert names"),
        ("key.pem", "key.pem", "allowed are a certificate"),
        ("cert.pem", "other.pem", "allowed are a certificate"),
        ("cert.pem", "locked.pem", "without a password"),
        ("cert.pem", "", "both --tls-cert and --tls-key"),
        ("", "key.pem", "both --tls-cert and --tls-key"),
    ],
)
def test_files_that_are_no_certificate_and_key_are_one_sentence(
    files: tuple[Path, Path], tmp_path: Path, authority: trustme.CA, cert: str, key: str, says: str
) -> None:
    authority.issue_cert("127.0.0.1").private_key_pem.write_to_path(str(tmp_path / "other.pem"))
    (tmp_path / "locked.pem").write_bytes(_locked(files[1]))
    served = Served(f"sqlite:///{tmp_path}/kedergi.db", tmp_path)
    given = (("--tls-cert", cert), ("--tls-key", key))
    options = [word for name, file in given if file for word in (name, str(tmp_path / file))]
    command: list[str | Path] = [KEDERGI, "serve", "--port", str(served.port), "--config", str(served.config), *options]
    done = subprocess.run(
        command, capture_output=True, text=True, timeout=60, check=False, env=served._env(), stdin=subprocess.DEVNULL
    )
    assert done.returncode == 2
    (line,) = done.stderr.splitlines()
    assert says in json.loads(line)["what"]


def _locked(key: Path) -> bytes:
    from cryptography.hazmat.primitives import serialization as s

    read = s.load_pem_private_key(key.read_bytes(), None)
    kept = s.BestAvailableEncryption(b"secret")
    return read.private_bytes(s.Encoding.PEM, s.PrivateFormat.TraditionalOpenSSL, kept)
