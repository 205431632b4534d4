"""A web server that shows visitors the address they come from, in every way that such pages do.

In the text, title, fields, cookie and redirect; as a name under which an operator lists addresses; and in the
certificate, as a box in between makes one for each visitor: python -m tests.whole.mirror IP NAME ADDRESS…
"""

import asyncio
import ssl
import sys
import tempfile
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID


async def meet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError, asyncio.IncompleteReadError):
        while True:
            head = await reader.readuntil(b"\r\n\r\n")
            writer.write(_answer(head.split()[1].decode(), [writer.get_extra_info("peername")[0], *sys.argv[3:]]))
            await writer.drain()
    writer.close()


def _answer(path: str, addresses: list[str]) -> bytes:
    shown = ", ".join(addresses)
    text = "".join(f"<p>{form}</p>" for address in addresses for form in _forms(address))
    body = f"<html><head><title>Blocked for {shown}</title></head><body>{text}</body></html>".encode()
    lines = [
        "HTTP/1.1 200 OK" if "ip=" in path else "HTTP/1.1 302 Found",
        f"Location: http://{sys.argv[2]}/?" + "&".join(f"ip={address}&host={_name(address)}" for address in addresses),
        f"X-Client-IP: {addresses[-1]}",
        f"X-Forwarded-For: {shown}, 10.0.0.1",
        f"Via: 1.1 {_name(addresses[-1])}",
        f"Set-Cookie: visitor={addresses[-1]}",
        "Content-Type: text/html; charset=utf-8",
        f"Content-Length: {len(body)}",
    ]
    return "\r\n".join([*lines, "", ""]).encode() + body


def _name(address: str) -> str:
    """As operators call the lines of their customers."""
    return f"{address.replace('.', '-')}.dynamic.isp.kz"


def _forms(address: str) -> list[str]:
    reverse = ip_address(address).reverse_pointer
    return [address, reverse, _name(address), f"::ffff:{address}", f"[{address}]:80, IP={address}", f"{address}:50213"]


def _context(addresses: list[str], name: str) -> ssl.SSLContext:
    key = ec.generate_private_key(ec.SECP256R1())
    words = [
        *((NameOID.COMMON_NAME, address) for address in addresses),
        *((NameOID.ORGANIZATION_NAME, f"made for {address}") for address in addresses),
        *((NameOID.ORGANIZATIONAL_UNIT_NAME, _name(address)) for address in addresses),
    ]
    subject = x509.Name([x509.NameAttribute(kind, word) for kind, word in words])
    now, others = datetime.now(UTC), [x509.IPAddress(ip_address(address)) for address in addresses]
    made = (
        x509.CertificateBuilder(subject, subject, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=9))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name), *others]), critical=False)
        .sign(key, hashes.SHA256())
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with tempfile.TemporaryDirectory() as folder:
        pem = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        path = Path(folder) / "mirror.pem"
        path.write_bytes(pem + made.public_bytes(serialization.Encoding.PEM))
        context.load_cert_chain(path)
    return context


async def main() -> None:
    ip, name, *addresses = sys.argv[1:]
    servers = [
        await asyncio.start_server(meet, ip, 80),
        await asyncio.start_server(meet, ip, 443, ssl=_context(addresses, name)),
    ]
    print("ready", flush=True)
    await asyncio.gather(*(server.serve_forever() for server in servers))


if __name__ == "__main__":
    asyncio.run(main())
