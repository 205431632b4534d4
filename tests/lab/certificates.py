"""Certificates, good and bad: made once in a process and written as PEM files. One key serves all leaves, for speed.

No server stands here; nothing is trusted but `Authority.GOOD`.
"""

import datetime as dt
import ipaddress
from enum import StrEnum
from functools import cache
from pathlib import Path

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


_DAY = dt.timedelta(days=1)


@cache
def _key(owner: str) -> ec.EllipticCurvePrivateKey:  # noqa: ARG001 - one key for each owner
    return ec.generate_private_key(ec.SECP256R1())


def _name(common: str, country: str | None = None) -> x509.Name:
    parts = [x509.NameAttribute(NameOID.COUNTRY_NAME, country)] if country else []
    return x509.Name([*parts, x509.NameAttribute(NameOID.COMMON_NAME, common)])


def _authority_name(authority: Authority) -> x509.Name:
    return _name(authority.value, "KZ" if authority is Authority.STATE else None)


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
    key, name, now = _key(authority), _authority_name(authority), dt.datetime.now(dt.UTC)
    made = (
        _builder(name, name, key)
        .not_valid_before(now - 365 * _DAY)
        .not_valid_after(now + 3650 * _DAY)
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
    authority = {Certificate.UNKNOWN_CA: Authority.UNKNOWN, Certificate.STATE: Authority.STATE}.get(
        kind, Authority.GOOD
    )
    key, now = _key("leaves"), dt.datetime.now(dt.UTC)
    shown = ("www.another-shop.net", "another-shop.net") if kind is Certificate.WRONG_NAME else names
    own = kind is Certificate.SELF_SIGNED
    subject = _name(shown[0], "KZ" if authority is Authority.STATE else None)
    signer = key if own else _key(authority)
    begins, ends = (now - 400 * _DAY, now - 30 * _DAY) if kind is Certificate.EXPIRED else (now - _DAY, now + 90 * _DAY)
    made = (
        _builder(subject, subject if own else _authority_name(authority), key)
        .not_valid_before(begins)
        .not_valid_after(ends)
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


def write(folder: Path, stem: str, pem: bytes) -> Path:
    path = folder / f"{stem}.pem"
    path.write_bytes(pem)
    return path
