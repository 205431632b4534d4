"""Certificates, good and bad: made once in a process and written as PEM files. One key serves all leaves, for speed.

No server stands here; nothing is trusted but `Authority.GOOD`.
"""

import datetime as dt
import ipaddress
from enum import StrEnum
from functools import cache
from pathlib import Path
from types import SimpleNamespace

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from tests.lab.site import Certificate


class Authority(StrEnum):
    GOOD = "Lab Root CA"
    UNKNOWN = "Unheard-of Root CA"
    STATE = "Qaznet Trust Network"
    ISCA = "Information Security Certification Authority"
    ANTIVIRUS = "Kaspersky Anti-Virus Personal Root Certificate"
    EMPLOYER = "Altyn Dala Holding Web Gateway CA"
    PORTAL = "Silk Airport Wi-Fi"


_SIGNS = {
    Certificate.UNKNOWN_CA: Authority.UNKNOWN,
    Certificate.STATE: Authority.STATE,
    Certificate.ISCA: Authority.ISCA,
    Certificate.ANTIVIRUS: Authority.ANTIVIRUS,
    Certificate.EMPLOYER: Authority.EMPLOYER,
    Certificate.PORTAL: Authority.PORTAL,
}
# Country and organisation beside the common name.
_WHERE = {
    Authority.STATE: ("KZ", None),
    Authority.ISCA: ("KZ", "ISCA"),
    Authority.ANTIVIRUS: (None, "AO Kaspersky Lab"),
    Authority.EMPLOYER: ("KZ", "Altyn Dala Holding"),
}


_DAY = dt.timedelta(days=1)


@cache
def _key(owner: str) -> ec.EllipticCurvePrivateKey:  # noqa: ARG001 - one key for each owner
    return ec.generate_private_key(ec.SECP256R1())


_clock = SimpleNamespace(ahead_s=0.0)


def set_clock(ahead_s: float) -> None:
    """What this process makes from now on is of a world whose clock is so far ahead of the machine's."""
    _clock.ahead_s = ahead_s


def now(ahead_s: float | None = None) -> dt.datetime:
    """The time of the world, UTC."""
    return dt.datetime.now(dt.UTC) + dt.timedelta(seconds=_clock.ahead_s if ahead_s is None else ahead_s)


def _name(common: str, country: str | None = None, organisation: str | None = None) -> x509.Name:
    parts = ((NameOID.COUNTRY_NAME, country), (NameOID.ORGANIZATION_NAME, organisation), (NameOID.COMMON_NAME, common))
    return x509.Name([x509.NameAttribute(kind, value) for kind, value in parts if value])


def _authority_name(authority: Authority) -> x509.Name:
    return _name(authority.value, *_WHERE.get(authority, (None, None)))


def _builder(subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )


@cache
def authority_pem(authority: Authority) -> bytes:
    key, name, made_at = _key(authority), _authority_name(authority), now()
    made = (
        _builder(name, name, key)
        .not_valid_before(made_at - 365 * _DAY)
        .not_valid_after(made_at + 3650 * _DAY)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(sign_certificates=True), critical=True)
        .sign(key, hashes.SHA256())
    )
    return made.public_bytes(Encoding.PEM)


def _usage(*, sign_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not sign_certificates,
        key_cert_sign=sign_certificates,
        crl_sign=sign_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _alternative_names(names: tuple[str, ...]) -> x509.SubjectAlternativeName:
    found: list[x509.GeneralName] = []
    for name in names:
        try:
            found.append(x509.IPAddress(ipaddress.ip_address(name)))
        except ValueError:
            found.append(x509.DNSName(name))
    return x509.SubjectAlternativeName(found)


@cache
def leaf_pem(kind: Certificate, names: tuple[str, ...]) -> bytes:
    """Key and certificate chain for these names, in one PEM."""
    authority = _SIGNS.get(kind, Authority.GOOD)
    key, made_at = _key("leaves"), now()
    shown = ("www.another-shop.net", "another-shop.net") if kind is Certificate.WRONG_NAME else names
    own = kind is Certificate.SELF_SIGNED
    subject = _name(shown[0], "KZ" if authority is Authority.STATE else None)
    signer = key if own else _key(authority)
    first, last = (-400, -30) if kind is Certificate.EXPIRED else (-1, 90)
    made = (
        _builder(subject, subject if own else _authority_name(authority), key)
        .not_valid_before(made_at + first * _DAY)
        .not_valid_after(made_at + last * _DAY)
        .add_extension(_alternative_names(shown), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(sign_certificates=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()), critical=False)
        .sign(signer, hashes.SHA256())
    )
    chain = b"" if own or authority is Authority.GOOD else authority_pem(authority)
    secret = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return secret + made.public_bytes(Encoding.PEM) + chain


def root_pem(kind: Certificate) -> bytes:
    """The root that certificates of this kind lead to."""
    return authority_pem(_SIGNS.get(kind, Authority.GOOD))


def write(folder: Path, stem: str, pem: bytes) -> Path:
    path = folder / f"{stem}.pem"
    path.write_bytes(pem)
    return path
