"""Finds a text in bytes, however it may have been written there. What is searched, and for what, is the test's."""

import base64
import json
import re
import zlib
from collections.abc import Iterator, Mapping
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import quote

import zstandard

_LEAST_BYTES = 6  # fewer are found by chance among millions


def written(text: str) -> Iterator[bytes]:
    """The text in every writing in which a program may keep it."""
    plain = text.encode()
    yield from {plain, plain.upper(), plain.lower()}
    yield from (text.encode(encoding) for encoding in ("utf-16-le", "utf-16-be"))
    yield from (plain.hex().encode(), plain.hex().upper().encode())
    yield "".join(f"%{byte:02X}" for byte in plain).encode()
    yield from (quote(text, safe="").encode(), json.dumps(text)[1:-1].encode())
    for shift in range(3):  # wherever it stands in what was encoded
        whole = base64.b64encode(bytes(shift) + plain)
        inner = whole[4 * bool(shift) : -4]
        if len(inner) >= 2 * _LEAST_BYTES:
            yield inner
            yield base64.urlsafe_b64encode(bytes(shift) + plain)[4 * bool(shift) : -4]


def of_address(address: str) -> Iterator[bytes]:
    """An IP address, also as networks, resolvers and machines write it."""
    ip = ip_address(address)
    yield from written(str(ip))
    yield from written(ip.exploded)
    yield from written(ip.reverse_pointer.partition(".in-addr")[0].partition(".ip6")[0])
    if ip.version == 4:
        yield from written(str(ip).replace(".", "-"))
    for form in (str(int(ip)), ip.packed.hex(), ip.packed[::-1].hex(), ip.packed.hex(":")):
        yield from (form.encode(), form.upper().encode())
    if len(ip.packed) >= _LEAST_BYTES:
        yield ip.packed


def of_mac(mac: str) -> Iterator[bytes]:
    plain = mac.replace(":", "")
    for form in (mac, mac.replace(":", "-"), plain, ".".join(plain[at : at + 4] for at in (0, 4, 8))):
        yield from written(form)
    yield bytes.fromhex(plain)


def found(things: Mapping[str, set[bytes]], content: bytes) -> list[str]:
    """Which of the things are in it, also where it was packed by zlib or gzip."""
    seen = [
        f"{name}: {form!r} in {content[max(0, at - 60) : at + len(form) + 40]!r}"
        for name, forms in things.items()
        for form in forms
        if (at := content.find(form)) >= 0
    ]
    return seen + [one for inner in _unpacked(content) for one in found(things, inner)]


def searched(things: Mapping[str, set[bytes]], folder: Path) -> dict[str, list[str]]:
    """What is found in the files below a folder, and in their names."""
    told = {}
    for path in sorted(folder.rglob("*")):
        name = str(path.relative_to(folder))
        content = path.read_bytes() if path.is_file() else b""
        if seen := found(things, name.encode()) + found(things, content):
            told[name] = seen
    return told


def _unpacked(content: bytes) -> Iterator[bytes]:
    """Every zlib, gzip and Zstandard stream that stands anywhere in it, as far as it is whole."""
    for begin in re.finditer(rb"\x78[\x01\x5e\x9c\xda]|\x1f\x8b\x08", content):
        stream = zlib.decompressobj(wbits=47)
        try:
            inner = stream.decompress(content[begin.start() :], 4 * 1024 * 1024)
        except zlib.error:
            continue
        if len(inner) >= _LEAST_BYTES:
            yield inner
    for begin in re.finditer(rb"\x28\xb5\x2f\xfd", content):
        try:
            inner = zstandard.ZstdDecompressor().decompressobj().decompress(content[begin.start() :])
        except zstandard.ZstdError:
            continue
        if len(inner) >= _LEAST_BYTES:
            yield inner
