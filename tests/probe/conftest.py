"""What the tests of the probe share: an authority for certificates, contexts, and one check's place."""

import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import trustme
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from probe.contexts import web_context
from probe.trace import Course, Trace

NAME = "ratel.example"


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def course() -> Course:
    return Course(Trace())


@pytest.fixture(scope="session")
def authority() -> trustme.CA:
    """The one authority that we trust here."""
    return trustme.CA()


@pytest.fixture(scope="session")
def roots(authority: trustme.CA, tmp_path_factory: pytest.TempPathFactory) -> str:
    """Its certificate in a file, as SSL_CERT_FILE would name it."""
    file: Path = tmp_path_factory.mktemp("roots") / "roots.pem"
    authority.cert_pem.write_to_path(str(file))
    return str(file)


@pytest.fixture(scope="session")
def ours(roots: str) -> ssl.SSLContext:
    """The context that the probe makes from that file."""
    return web_context(roots)


@pytest.fixture(scope="session")
def theirs(authority: trustme.CA) -> ssl.SSLContext:
    """An honest server's: for NAME, for localhost and for 127.0.0.1."""
    return serving(authority.issue_cert(NAME, "localhost", "127.0.0.1"))


@pytest.fixture(scope="session")
def expired(authority: trustme.CA) -> ssl.SSLContext:
    now = datetime.now(UTC)
    return serving(authority.issue_cert(NAME, not_before=now - timedelta(days=9), not_after=now - timedelta(days=2)))


@pytest.fixture(scope="session")
def other_name(authority: trustme.CA) -> ssl.SSLContext:
    return serving(authority.issue_cert("blocked.example"))


@pytest.fixture(scope="session")
def other_authority() -> ssl.SSLContext:
    """A certificate for NAME by an authority that a state, or an antivirus, made itself."""
    return serving(trustme.CA(organization_name="Qaznet").issue_cert(NAME, "localhost"))


@pytest.fixture(scope="session")
def self_signed(tmp_path_factory: pytest.TempPathFactory) -> ssl.SSLContext:
    """As routers and forgotten servers show it: nobody vouches for it but itself."""
    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, NAME)])
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(NAME)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    file = tmp_path_factory.mktemp("self-signed") / "both.pem"
    secret = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    file.write_bytes(secret + certificate.public_bytes(Encoding.PEM))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    return context


def serving(certificate: trustme.LeafCert, *, alpn: tuple[str, ...] = ("http/1.1",)) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.set_alpn_protocols(list(alpn))
    certificate.configure_cert(context)
    return context
