"""Sites behave, well or badly, as they were told; a test's own programs can join them."""

import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest

from tests.lab import Certificate, Lab, Site, pages, refused
from tests.lab.conftest import SITES, See, seer

pytestmark = pytest.mark.lab

MANNERS: dict[str, tuple[pages.Manner, dict[str, Any]]] = {
    "plain": (pages.Page("Tulips", size=4_000), {"outcome": None, "status": "HTTP/1.1 200 OK", "length": 4_000}),
    "forbidden": (
        pages.Page(status=403, headers=(("X-Own", "1"),)),
        {"status": "HTTP/1.1 403 Forbidden"},
    ),
    "moved": (pages.Redirect("/there", 308), {"outcome": None, "status": "HTTP/1.1 308 Permanent Redirect"}),
    "old": (pages.Page(http_1_0=True, size=500), {"outcome": None, "status": "HTTP/1.0 200 OK", "length": 500}),
    "slow-start": (pages.Page(first_byte_s=0.15), {"outcome": None, "status": "HTTP/1.1 200 OK"}),
    "limited": (pages.Page(size=40_000, kbit_s=2_000), {"outcome": None, "length": 40_000}),
    "endless-body": (pages.EndlessBody(), {"outcome": "timeout", "status": "HTTP/1.1 200 OK"}),
    "endless-headers": (pages.EndlessHeaders(), {"outcome": "timeout"}),
    "garbage": (pages.Raw(), {"outcome": None, "status": "\x00\xff\x13garbage that is no HTTP"}),
    "hangup": (pages.Hangup(), {"outcome": None, "bytes": 0}),
    "abort": (pages.Abort(), {"outcome": "ECONNRESET", "bytes": 0}),
    "mute": (pages.Silence(), {"outcome": "timeout", "bytes": 0}),
}


@pytest.fixture(scope="module")
def manners(lab_rights: None) -> Any:  # noqa: ARG001
    sites = [Site(f"{name}.kz", http=manner) for name, (manner, _) in MANNERS.items()]
    with Lab(sites, delay_ms=1) as lab:
        yield lab


@pytest.mark.parametrize("name", MANNERS)
def test_manners(manners: Lab, name: str) -> None:
    seen = seer(manners)("http", ip=manners.ip_of(f"{name}.kz"), host=f"{name}.kz")
    seen["status"] = seen["head"].split("\r\n")[0]
    seen["length"] = seen["bytes"] - len(seen["head"]) - 4
    assert MANNERS[name][1].items() <= seen.items()
    if name == "slow-start":
        assert seen["seconds"] > 0.15
    if name == "limited":
        assert 0.12 < seen["seconds"] < 0.3


@pytest.mark.parametrize(("encoding", "unpack"), [("gzip", "gzip"), ("br", "brotli")])
def test_encodings(lab: Lab, encoding: str, unpack: str) -> None:
    unpacker = pytest.importorskip(unpack)
    told = lab.run(["curl", "-sSi", "-o", lab.folder / "packed", f"https://{encoding}.kz/"])
    head, _, body = (lab.folder / "packed").read_bytes().partition(b"\r\n\r\n")
    assert told.stderr == ""
    assert f"Content-Encoding: {encoding}".encode() in head
    assert b"<title>Packed" in unpacker.decompress(body)


def test_a_chain_of_redirects_and_paths(lab: Lab) -> None:
    told = ["-sSL", "-o", "/dev/null", "-w", "%{num_redirects} %{url_effective} %{http_code}"]
    assert lab.run(["curl", *told, "http://chain.kz/"]).stdout == "2 https://chain.kz/ru/ 200"
    assert lab.run(["curl", *told, "https://chain.kz/else"]).stdout == "0 https://chain.kz/else 404"


@pytest.mark.parametrize(
    ("name", "outcome"),
    [
        ("plain.kz", "ok"),
        ("expired.kz", "certificate 10"),
        ("wrong.kz", "certificate 62"),
        ("own.kz", "certificate 18"),
        ("unheard.kz", "certificate 19"),
        ("state.kz", "certificate 19"),
        ("ssh.kz", "WRONG_VERSION_NUMBER"),
        ("mute.kz", "timeout"),
        ("rude.kz", "ECONNRESET"),
        ("refused.kz", "ECONNREFUSED"),
        ("silent.kz", "timeout"),
    ],
)
def test_certificates_and_what_stands_in_their_place(lab: Lab, see: See, name: str, outcome: str) -> None:
    assert see("tls", ip=lab.ip_of(name), name=name)["outcome"] == outcome


@pytest.mark.parametrize(
    ("there", "name", "outcome"),
    [
        ("strict.kz", "strict.kz", "ok"),
        ("strict.kz", "neutral.org", "TLSV1_UNRECOGNIZED_NAME"),
        ("stern.kz", "neutral.org", "SSLV3_ALERT_HANDSHAKE_FAILURE"),
        ("plain.kz", "neutral.org", "ok"),
        ("first.shared.kz", "first.shared.kz", "ok"),
        ("first.shared.kz", "neutral.org", "ok"),
        ("first.shared.kz", "second.shared.kz", "ok"),
    ],
)
def test_names_the_server_knows_and_does_not(lab: Lab, see: See, there: str, name: str, outcome: str) -> None:
    assert see("tls", ip=lab.ip_of(there), name=name, verify=False)["outcome"] == outcome


def test_one_address_shows_each_name_its_certificate(lab: Lab, see: See) -> None:
    ip = lab.ip_of("first.shared.kz")
    assert ip == lab.ip_of("second.shared.kz")
    assert see("tls", ip=ip, name="first.shared.kz")["outcome"] == "ok"
    assert see("tls", ip=ip, name="second.shared.kz")["outcome"] == "certificate 10"


def test_tls_versions(lab: Lab, see: See) -> None:
    assert see("tls", ip=lab.ip_of("old-tls.kz"), name="old-tls.kz")["version"] == "TLSv1.2"
    assert see("tls", ip=lab.ip_of("plain.kz"), name="plain.kz")["version"] == "TLSv1.3"


def test_the_world_resolves_with_the_clean_resolver(make_lab: Callable[..., Lab]) -> None:
    from tests.lab import Answer

    lab = make_lab(sites=[Site("plain.kz")], delay_ms=1, isp_zone={"plain.kz": Answer("NXDOMAIN")})
    fetch = ["curl", "-sS", "-o", "/dev/null", "-w", "%{http_code}", "https://plain.kz/"]
    assert lab.in_world(fetch).stdout == "200"
    assert lab.run(fetch).returncode == 6


def test_a_server_of_the_tests_own(lab: Lab) -> None:
    script = f"""
import http.server, ssl, sys
server = http.server.HTTPServer(({lab.control_ip!r}, 443), http.server.SimpleHTTPRequestHandler)
context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
context.load_cert_chain({str(lab.certificate(lab.control_name))!r})
server.socket = context.wrap_socket(server.socket, server_side=True)
print("ready", flush=True)
server.serve_forever()
"""
    process = lab.popen_in_world([sys.executable, "-c", script], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    url = f"https://{lab.control_name}/tests/lab/__init__.py"
    assert "censored country" in lab.run(["curl", "-sS", url]).stdout
    process.kill()


def test_sites_can_change_while_the_lab_runs(make_lab: Callable[..., Lab]) -> None:
    lab = make_lab(sites=[Site("plain.kz"), Site("other.kz")], delay_ms=1)
    see, ip = seer(lab), lab.ip_of("plain.kz")
    lab.set_sites([refused("plain.kz"), Site("new.kz")])
    assert lab.ip_of("plain.kz") == ip
    assert see("connect", ip=ip, port=443)["outcome"] == "ECONNREFUSED"
    assert see("tls", ip=lab.ip_of("new.kz"), name="new.kz")["outcome"] == "ok"
    assert see("dns", name="other.kz", resolver="2.133.4.53")["answers"][0]["rcode"] == 3
    lab.set_sites([Site("plain.kz", certificate=Certificate.EXPIRED)])
    assert see("tls", ip=ip, name="plain.kz")["outcome"] == "certificate 10"


def test_addresses_look_public(lab: Lab) -> None:
    import ipaddress

    from tests.lab import addresses

    fixed = {addresses.CLIENT, addresses.ISP_RESOLVER, addresses.CLEAN_RESOLVER, addresses.DOH_RESOLVER}
    everywhere = fixed | {*addresses.HOPS, *addresses.SPARE, addresses.MIDDLE_MAN, *(site.ip for site in lab.sites)}
    assert len({site.ip for site in lab.sites}) == len(SITES) + 2 - 1  # two references; one shared address
    assert all(ipaddress.ip_address(ip).is_global for ip in everywhere)
