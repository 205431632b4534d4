"""A vantage as a server sees it: a key, signed requests, and lines. What the probe does is not used here."""

import gzip
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import zstandard
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from probe.vantage.identity import Identity
from probe.vantage.signing import sign
from results.formats.jsonl import line
from results.records import Measurement, Vantage
from results.verdict import judge
from tests.results.build import HTTPS, dns, page, seen, tcp, tls

PACK: dict[str, Callable[[bytes], bytes]] = {"gzip": gzip.compress, "zstd": zstandard.compress}
NDJSON = "application/x-ndjson"
WHOLE = seen(dns(), tcp(), tls(), page(body="x" * 20_000), control=[dns(), tcp(), tls(), page()], url=HTTPS)


@dataclass
class Sender:
    """One vantage. `name` is what the server gave it."""

    client: httpx.Client
    identity: Identity = field(default_factory=lambda: Identity(Ed25519PrivateKey.generate()))
    name: str = ""

    def signed(
        self, path: str, body: bytes, headers: Mapping[str, str], *, ahead: timedelta = timedelta(), **more: Any
    ) -> dict[str, str]:
        now = datetime.now(UTC) + ahead
        given = {"method": "POST", "nonce": secrets.token_hex(16), **more}
        url = given.pop("url", f"{self.client.base_url}{path}")
        return sign(self.identity, given["method"], str(url), headers, body, now=now, nonce=given["nonce"])

    def post(self, path: str, body: bytes, headers: Mapping[str, str], **more: Any) -> httpx.Response:
        return self.client.post(path, content=body, headers=self.signed(path, body, headers, **more))

    def enrol(self, code: str, *, public: str | None = None, **more: Any) -> httpx.Response:
        asked = httpx.Request("POST", "http://a", json={"code": code, "public_key": public or self.identity.public})
        said = self.post("/v1/enrol", asked.read(), {"content-type": "application/json"}, **more)
        if said.status_code == 200:
            self.name = said.json()["vantage"]
        return said

    def measured(self, uid: str, of: Measurement = WHOLE, **more: Any) -> Measurement:
        vantage = Vantage(name=self.name, country="KZ", asn=9198, network="Kazakhtelecom", vantage_class="home")
        return replace(of, **{"uid": uid, "vantage": vantage, "started_at": datetime.now(UTC), **more})

    def send(
        self, *measurements: Measurement | str, packing: str = "", headers: Mapping[str, str] | None = None, **more: Any
    ) -> httpx.Response:
        return self.send_bytes(body_of(measurements), packing=packing, headers=headers, **more)

    def send_bytes(
        self, body: bytes, *, packing: str = "", headers: Mapping[str, str] | None = None, **more: Any
    ) -> httpx.Response:
        said = {"content-type": NDJSON, **({"content-encoding": packing} if packing else {}), **(headers or {})}
        return self.post("/v1/measurements", PACK[packing](body) if packing else body, said, **more)


def body_of(measurements: Sequence[Measurement | str]) -> bytes:
    lines = (one if isinstance(one, str) else line(one, judge(one)) for one in measurements)
    return "".join(f"{one}\n" for one in lines).encode()


def fates(said: httpx.Response) -> list[str]:
    assert said.status_code == 200, said.text
    return [one["fate"] for one in said.json()["receipts"]]


def sentence(said: httpx.Response, status: int) -> str:
    """What a refusal says: one sentence, with the server's time."""
    assert said.status_code == status, said.text
    told = said.json()
    assert datetime.fromisoformat(told["at"]) - datetime.now(UTC) < timedelta(minutes=1)
    says: str = told["detail"]
    assert says.endswith(".")
    assert "\n" not in says
    return says
