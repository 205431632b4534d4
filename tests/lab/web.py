"""Web servers for many names on many addresses: the certificate by SNI, the manner by Host. HTTP/1.1 with keep-alive.

HTTP/2 is in `http2`, what is answered in `pages`; which sites there are is told by the world.
"""

import asyncio
import ssl
from asyncio import StreamReader, StreamWriter
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from tests.lab import certificates, http2
from tests.lab.orders import Placed
from tests.lab.pages import Manner, Request, reset
from tests.lab.site import Certificate
from tests.lab.strict_tls import Connected, StrictServer


class Contexts:
    """TLS server contexts, each made when first asked for."""

    def __init__(self, folder: Path) -> None:
        self._folder, self._made = folder, dict[tuple[object, ...], ssl.SSLContext]()

    def get(
        self,
        kind: Certificate,
        names: tuple[str, ...],
        *,
        tls_1_2: bool = False,
        alpn: tuple[str, ...] = ("http/1.1",),
    ) -> ssl.SSLContext:
        wanted = (kind, names, tls_1_2, alpn)
        if wanted not in self._made:
            path = self._folder / f"leaf-{len(self._made)}.pem"
            path.write_bytes(certificates.leaf_pem(kind, names))
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(path)
            context.set_alpn_protocols(list(alpn))
            if tls_1_2:
                context.maximum_version = ssl.TLSVersion.TLSv1_2
            self._made[wanted] = context
        return self._made[wanted]

    def of(self, placed: Placed) -> ssl.SSLContext:
        site = placed.site
        alpn = getattr(site.https, "alpn", ("http/1.1",))
        return self.get(site.certificate, placed.names, tls_1_2=site.tls_1_2, alpn=alpn)


class Web:
    def __init__(self, contexts: Contexts) -> None:
        self._contexts = contexts
        self._servers: list[asyncio.Server | StrictServer] = []

    async def close(self) -> None:
        for server in self._servers:
            server.close()
        self._servers.clear()

    async def open(self, sites: Sequence[Placed], *, middle_man: str) -> None:
        by_address: dict[str, list[Placed]] = {}
        for placed in sites:
            by_address.setdefault(placed.ip, []).append(placed)
        for ip, here in by_address.items():
            await self._open_http(ip, here)
            secure = [placed for placed in here if placed.site.https is not None]
            if secure:
                await self._open_https(ip, secure)
        await self._open_http(middle_man, sites)
        await self._start(middle_man, _secure_manners(sites), self._forged())

    async def _open_http(self, ip: str, here: Sequence[Placed]) -> None:
        manners = {name: placed.site.http for placed in here if placed.site.http for name in placed.names}
        if manners:
            await self._start(ip, manners, None)

    async def _open_https(self, ip: str, here: Sequence[Placed]) -> None:
        first, manners = here[0].site, _secure_manners(here)
        if first.instead_of_tls:
            await self._listen_oddly(ip, first.instead_of_tls)
        elif first.unknown_sni == "default":
            await self._start(ip, manners, self._by_sni(here))
        else:
            connected = _conversation(manners, secure=True)
            server = StrictServer(manners.keys(), first.unknown_sni, self._by_sni(here), connected)
            server.listen(ip)
            self._servers.append(server)

    async def _start(self, ip: str, manners: Mapping[str, Manner], context: ssl.SSLContext | None) -> None:
        connected = _conversation(manners, secure=context is not None)
        port = 80 if context is None else 443
        self._servers.append(await asyncio.start_server(connected, ip, port, ssl=context, backlog=500))

    async def _listen_oddly(self, ip: str, oddity: str) -> None:
        async def connected(reader: StreamReader, writer: StreamWriter) -> None:
            await reader.read(1)
            if oddity == "silence":
                await reader.read()
            elif oddity == "reset":
                reset(writer)
            elif oddity == "garbage":
                writer.write(b"SSH-2.0-this is no TLS\r\n")
            writer.close()

        self._servers.append(await asyncio.start_server(connected, ip, 443))

    def _by_sni(self, here: Sequence[Placed]) -> ssl.SSLContext:
        """A context of the listener's own: it only hands over to that of the name, or of the first site."""
        first, named = here[0], {name: placed for placed in here for name in placed.names}

        def chosen(tls: ssl.SSLSocket | ssl.SSLObject, name: str | None, _: ssl.SSLContext) -> None:
            tls.context = self._contexts.of(named.get(name or "", first))

        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.sni_callback = chosen
        if all(placed.site.tls_1_2 for placed in here):
            context.maximum_version = ssl.TLSVersion.TLSv1_2
        return context

    def _forged(self) -> ssl.SSLContext:
        """The man in the middle: a leaf of the state CA for whatever name the client gives."""

        def chosen(tls: ssl.SSLSocket | ssl.SSLObject, name: str | None, _: ssl.SSLContext) -> None:
            tls.context = self._contexts.get(Certificate.STATE, (name or "unnamed.kz",))

        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.sni_callback = chosen
        return context


def _secure_manners(here: Sequence[Placed]) -> dict[str, Manner]:
    return {name: placed.site.https for placed in here if placed.site.https for name in placed.names}


def _conversation(manners: Mapping[str, Manner], *, secure: bool) -> Connected:
    async def connected(reader: StreamReader, writer: StreamWriter) -> None:
        await _converse(reader, writer, manners, secure=secure)

    return connected


async def _converse(reader: StreamReader, writer: StreamWriter, manners: Mapping[str, Manner], *, secure: bool) -> None:
    def chosen(host: str) -> Manner:
        return manners.get(host) or next(iter(manners.values()))

    tls = writer.get_extra_info("ssl_object")
    try:
        if tls is not None and tls.selected_alpn_protocol() == "h2":
            await http2.converse(reader, writer, chosen)
            return
        while (request := await _read(reader, secure=secure)) is not None:
            keep = await chosen(request.host).answer(request, writer)
            await writer.drain()
            if not keep or request.headers.get("connection", "").lower() == "close":
                break
    except (OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
        pass
    finally:
        writer.close()
        with suppress(OSError):
            await writer.wait_closed()


async def _read(reader: StreamReader, *, secure: bool) -> Request | None:
    try:
        text = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    except asyncio.IncompleteReadError:
        return None
    first, *lines = text.rstrip("\r\n").split("\r\n")
    words = first.split(" ")
    if len(words) != 3:
        return None
    pairs = (line.partition(":") for line in lines)
    headers = {name.strip().lower(): value.strip() for name, _, value in pairs}
    body = await reader.readexactly(int(headers.get("content-length", "0")))
    host = headers.get("host", "").lower().rsplit(":", 1)[0]
    return Request(words[0], words[1], host, headers, body, secure)
