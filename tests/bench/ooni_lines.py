"""Lines of OONI's files as long and as full as real ones: pages, certificates and network events of 30 to 100 kB.

What was measured in them are the cases of its QA suite; all that makes them long is made here.
"""

import base64
import copy
import json
import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.results.ooni_build import PAGE, Json
from tests.results.ooni_cases import CASES

_LEAVES = 300  # certificates of sites; two in a line come again
_EVENTS_A_HANDSHAKE = 24
_BEGAN = datetime(2026, 11, 1, tzinfo=UTC)
_WORDS = (
    *("жаңалықтар", "бүгін", "news", "today", "site", "access"),
    *("сайт", "новости", "сегодня", "link", "more", "архив"),
)


def lines(count: int, *, seed: int = 1) -> Iterator[str]:
    """Each with a uid and a time of its own."""
    chance = random.Random(seed)
    leaves, pages = _certificates(), [_page(chance) for _ in range(50)]
    cases = [case.seen for case in CASES if "largeFile" not in case.name]
    for number in range(count):
        made = copy.deepcopy(cases[number % len(cases)])
        keys = made["test_keys"]
        keys["network_events"] = []
        for shaken in keys["tls_handshakes"]:
            chain = [leaves[chance.randrange(_LEAVES)], leaves[_LEAVES], leaves[_LEAVES + 1]]
            shaken["peer_certificates"] = [{"format": "base64", "data": data} for data in chain]
            keys["network_events"] += _events(chance, shaken)
        page = chance.choice(pages)
        for request in keys["requests"]:
            if (request["response"] or {}).get("body") == PAGE:
                request["response"]["body"] = page
        for name in ("control", "x_control_request"):
            if "http_request" in (keys.get(name) or {}) and keys[name]["http_request"]["body_length"] == len(PAGE):
                keys[name]["http_request"]["body_length"] = len(page.encode())
        at = _BEGAN + timedelta(seconds=7 * number)
        made |= {"measurement_uid": f"{seed}-{number}", "measurement_start_time": f"{at:%Y-%m-%d %H:%M:%S}"}
        yield json.dumps(made, ensure_ascii=False, separators=(",", ":"))


def _page(chance: random.Random) -> str:
    """Markup with the case's title, of 20 to 80 kB."""
    size, parts = chance.randrange(20_000, 80_000), [PAGE.partition("<body>")[0], "<body>"]
    long = 0
    while long < size:
        words = " ".join(chance.choices(_WORDS, k=12))
        name = chance.randrange(10**6)
        parts.append(f'<div class="card c{name}"><a href="/{name}/">{words}</a><img src="/i/{name}.jpg"></div>\n')
        long += len(parts[-1].encode())
    return "".join([*parts, "</body></html>"])


def _events(chance: random.Random, shaken: Json) -> Iterator[Json]:
    """Reads and writes of one connection."""
    at = shaken["t0"]
    for place in range(_EVENTS_A_HANDSHAKE):
        operation = ("write", "read", "read", "bytes_received_cumulative")[place % 4]
        yield {
            "address": shaken["address"],
            "failure": None,
            "num_bytes": chance.randrange(20, 4096) if operation != "bytes_received_cumulative" else 3000 * place,
            "operation": operation,
            "proto": "tcp",
            "t0": at,
            "t": at + 0.001,
            "transaction_id": shaken["transaction_id"],
            "tags": shaken["tags"],
        }
        at += 0.003


def _certificates() -> list[str]:
    """Of sites, and last their issuer's and a root's."""
    key = ec.generate_private_key(ec.SECP256R1())
    return [_signed(key, f"site-{number}.example") for number in range(_LEAVES)] + [
        _signed(key, name) for name in ("An Issuer", "A Root")
    ]


def _signed(key: ec.EllipticCurvePrivateKey, name: str) -> str:
    said = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name), x509.NameAttribute(NameOID.COUNTRY_NAME, "KZ")])
    names = x509.SubjectAlternativeName([x509.DNSName(f"{place}.{name.replace(' ', '-')}") for place in range(25)])
    made = (
        x509.CertificateBuilder()
        .subject_name(said)
        .issuer_name(said)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(_BEGAN)
        .not_valid_after(_BEGAN + timedelta(days=90))
        .add_extension(names, critical=False)
        .sign(key, hashes.SHA256())
    )
    return base64.b64encode(made.public_bytes(serialization.Encoding.DER)).decode()
