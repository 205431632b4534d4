"""Our own sockets under httpcore and httpx: the chosen address, the errno, the handshake's bytes, the presented chain.

The only module that imports httpx and httpcore, so that changing the client is one line. Nothing is resolved here by
a name's own way of being measured (probe/steps/dns.py), nothing is timed or recorded (probe/trace.py), nothing judged.
"""

import asyncio
import select
import socket
import ssl
import struct
import sys
import threading
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import suppress
from contextvars import copy_context
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Any, TypeVar

import h2.events
import h2.exceptions
import httpcore
import httpx

from probe import traffic
from probe.decoding import OFFERED, Undecodable
from results.records import TcpInfo, is_address
from targets.url import BadUrl, parse

_READ_BYTES = 65536
_TCP_INFO_BYTES = 228  # as far as rcv_ooopack
_TURN_BYTES = 32768  # read without a pause, before others have their turn
_READ_WEIGHS_BYTES = 4096  # a read of less counts as this much
_TLS_BYTES = 1024 * 1024  # a handshake takes a hundredth of it
_HEAD_BYTES = 256 * 1024  # a head, and all that may come before it
_ANSWER_BYTES = 8 * 1024 * 1024  # a body, where whoever reads it allows no less
_BROWSER = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0"
_ACCEPT = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
Result = TypeVar("Result")


class PeerClosed(ConnectionError):
    """The peer ended the connection before it had said all."""


class Garbage(Exception):
    """What came is no HTTP, or can't be decoded."""


class TooMuch(Garbage):
    """More came than an answer can need."""


async def in_thread(call: Callable[..., Result], *args: Any) -> Result:
    """Runs a blocking call on a thread of its own that never delays the program's end.

    An executor's threads are joined at exit, and getaddrinfo against a dead resolver can hold one for half a minute.
    """
    loop, context = asyncio.get_running_loop(), copy_context()
    future: asyncio.Future[Result] = loop.create_future()

    def settle(result: Result | None, error: BaseException | None) -> None:
        if error is not None and not future.cancelled():
            future.set_exception(error)
        elif not future.cancelled():
            future.set_result(result)  # type: ignore[arg-type]

    def run() -> None:
        result, error = None, None
        try:
            result = context.run(call, *args)
        except Exception as exc:  # noqa: BLE001 - handed to the awaiting side, nothing is lost
            error = exc
        with suppress(RuntimeError):  # the loop is closed: nobody waits any more
            loop.call_soon_threadsafe(settle, result, error)

    threading.Thread(target=run, daemon=True, name="kedergi-lookup").start()
    return await future


async def look_up(host: str) -> list[str]:
    """The system's addresses for a name, in its order, without repeats. Raises socket.gaierror."""
    if is_address(host):
        return [host]
    try:
        rows = await in_thread(socket.getaddrinfo, host, None, 0, socket.SOCK_STREAM)
    except UnicodeError as exc:  # a label that IDNA refuses
        raise socket.gaierror(socket.EAI_NONAME, "not a host name") from exc
    return list(dict.fromkeys(str(row[4][0]) for row in rows))


@dataclass(frozen=True, slots=True)
class Place:
    """Where a URL leads: what is dialled and what is named on the way."""

    url: str
    scheme: str
    host: str  # ASCII; an IPv6 address without brackets
    port: int

    @property
    def is_address(self) -> bool:
        """Whether the URL names an IP address, so that nothing is to be resolved."""
        return is_address(self.host)


def place(url: str) -> Place:
    """Reads a URL, IDN included. Raises Garbage where it is no http(s) address that is dialled."""
    try:
        parsed = parse(url)
    except BadUrl as exc:
        raise Garbage(str(exc)) from exc
    return Place(str(parsed), parsed.scheme, parsed.host, parsed.port)


class Tcp(httpcore.AsyncNetworkStream):
    """One connected socket. `reads` has (time.monotonic(), bytes) of each raw read."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock
        self._loop = asyncio.get_running_loop()
        self._turn_left, self._allowed = _TURN_BYTES, _TLS_BYTES
        self._last: TcpInfo | None = None
        self.reads: list[tuple[float, int]] = []

    @classmethod
    async def connect(cls, ip: str, port: int) -> "Tcp":
        """Raises OSError with the kernel's errno."""
        family = socket.AF_INET6 if ip_address(ip).version == 6 else socket.AF_INET
        sock = socket.socket(family, socket.SOCK_STREAM)
        try:
            sock.setblocking(False)
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            await asyncio.get_running_loop().sock_connect(sock, (ip, port))
        except BaseException:
            sock.close()
            raise
        return cls(sock)

    def allow(self, amount: int) -> None:
        """So many raw bytes are read from now on; after that, reading raises TooMuch."""
        self._allowed = amount

    # The steps have the clock: httpcore is told of no time limit, and hands none on.
    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ARG002
        if self._turn_left < 0:
            # A socket that has data waiting is read without a pause. One peer that sends faster than we read would
            # hold every other check, and no time limit would ever be looked at.
            self._turn_left = _TURN_BYTES
            await asyncio.sleep(0)
        data = await self._loop.sock_recv(self._sock, max_bytes)
        traffic.received(len(data))
        self.reads.append((time.monotonic(), len(data)))
        self._turn_left -= max(len(data), _READ_WEIGHS_BYTES)
        self._allowed -= len(data)
        if self._allowed < 0:
            raise TooMuch("the peer sends more than an answer can need")
        return data

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ARG002
        if buffer:  # an empty send would swallow a pending reset
            await self._loop.sock_sendall(self._sock, buffer)
            traffic.sent(len(buffer))

    async def aclose(self) -> None:
        self.close()

    def close(self) -> None:
        """Closes the socket; a second call does nothing."""
        self._last = self.info()  # a page that our patience cuts is closed before its step asks
        self._sock.close()

    def rtt_ms(self) -> float | None:
        """The kernel's smoothed round trip (TCP_INFO); None where it doesn't tell."""
        number = getattr(socket, "TCP_INFO", None)
        if number is None or self._sock.fileno() < 0:
            return None
        info = self._sock.getsockopt(socket.IPPROTO_TCP, number, 104)
        return float(struct.unpack_from("I", info, 68)[0]) / 1000 if len(info) >= 72 else None

    def info(self) -> TcpInfo | None:
        """What the kernel counted (Linux, linux/tcp.h from 4.19 on), also after the end; None where it doesn't tell."""
        number = getattr(socket, "TCP_INFO", None)
        if number is None or sys.platform != "linux" or self._sock.fileno() < 0:
            return self._last
        info = self._sock.getsockopt(socket.IPPROTO_TCP, number, _TCP_INFO_BYTES)
        if len(info) < _TCP_INFO_BYTES:
            return None
        rtt, receive_rtt, min_rtt, out_of_order = (struct.unpack_from("I", info, at)[0] for at in (68, 92, 148, 224))
        return TcpInfo(
            rtt_ms=rtt / 1000, min_rtt_ms=min_rtt / 1000, receive_rtt_ms=receive_rtt / 1000, out_of_order=out_of_order
        )

    async def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> "Tls":
        try:
            tls = Tls(self, ssl_context, server_hostname)
            async with asyncio.timeout(timeout):
                await tls.handshake()
        except BaseException:  # httpcore leaves that to the stream
            self.close()
            raise
        return tls

    def get_extra_info(self, info: str) -> Any:
        if info == "is_readable":  # httpcore asks before it uses a kept connection again
            return self._sock.fileno() < 0 or bool(select.select([self._sock], [], [], 0)[0])
        return self._sock if info == "socket" else None


class Tls(httpcore.AsyncNetworkStream):
    """TLS pumped by hand over a Tcp, so that raw bytes are timed and a refused certificate can still be read."""

    def __init__(self, tcp: Tcp, context: ssl.SSLContext, name: str | None) -> None:
        self.tcp = tcp
        self._incoming = ssl.MemoryBIO()
        self._outgoing = ssl.MemoryBIO()
        self._ssl = context.wrap_bio(self._incoming, self._outgoing, server_hostname=name)
        self.received_bytes = 0

    async def handshake(self) -> None:
        """Raises ssl.SSLError or OSError. The chain can be read afterwards either way."""
        try:
            await self._pump(self._ssl.do_handshake)
        except ssl.SSLError:
            await self._send_pending()  # our alert, so that the peer isn't left waiting
            raise

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ARG002
        try:
            return await self._pump(lambda: self._ssl.read(max_bytes))
        except (ssl.SSLZeroReturnError, ssl.SSLEOFError):
            return b""  # httpcore decides whether that was the end or a cut

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ARG002
        if buffer:
            await self._pump(lambda: self._ssl.write(buffer))

    async def _pump(self, call: Callable[[], Result]) -> Result:
        while True:
            try:
                result = call()
            except ssl.SSLWantReadError:
                await self._send_pending()
            else:
                await self._send_pending()
                return result
            data = await self.tcp.read(_READ_BYTES)
            self.received_bytes += len(data)
            if data:
                self._incoming.write(data)
            else:
                self._incoming.write_eof()

    async def _send_pending(self) -> None:
        if self._outgoing.pending:
            await self.tcp.write(self._outgoing.read())

    async def aclose(self) -> None:
        self.tcp.close()

    async def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> "Tls":
        raise NotImplementedError("TLS inside TLS is for proxies, and we use none")

    def get_extra_info(self, info: str) -> Any:
        return self._ssl if info == "ssl_object" else self.tcp.get_extra_info(info)

    @property
    def version(self) -> str:
        return self._ssl.version() or ""

    @property
    def alpn(self) -> str:
        return self._ssl.selected_alpn_protocol() or ""

    def chain(self) -> list[bytes]:
        """The certificates that the peer showed, DER, leaf first; also after it was refused."""
        public = getattr(self._ssl, "get_unverified_chain", None)  # Python 3.13
        if public is not None:
            return list(public() or [])
        private = self._ssl._sslobj.get_unverified_chain() or []  # type: ignore[attr-defined]  # noqa: SLF001
        return [certificate.public_bytes(_DER) for certificate in private]


_DER = 2  # _ssl.ENCODING_DER


class _Body(httpx.AsyncByteStream):
    def __init__(self, stream: Any) -> None:
        self._stream = stream

    def __aiter__(self) -> AsyncIterator[bytes]:
        inner: AsyncIterator[bytes] = self._stream.__aiter__()
        return inner

    async def aclose(self) -> None:
        await self._stream.aclose()


class OneConnection(httpx.AsyncBaseTransport):
    """httpx over one stream that we connected and measured ourselves; never another. No pool: its locks cost 1 ms."""

    def __init__(self, stream: Tcp | Tls, scheme: str, host: str, port: int) -> None:
        self._tcp = stream.tcp if isinstance(stream, Tls) else stream
        origin = httpcore.Origin(scheme.encode(), host.encode(), port)
        two = isinstance(stream, Tls) and stream.alpn == "h2"
        kind = httpcore.AsyncHTTP2Connection if two else httpcore.AsyncHTTP11Connection
        self._connection = kind(origin, stream, keepalive_expiry=None)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        url = request.url
        inner = httpcore.Request(
            method=request.method.encode(),
            url=httpcore.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path),
            headers=request.headers.raw,
            content=request.stream,
        )
        self._tcp.allow(_HEAD_BYTES)
        try:
            answer = await self._connection.handle_async_request(inner)
        except ValueError as exc:  # HTTP/2's status is a text, which httpcore takes for a number
            raise Garbage("the status is no number") from exc
        if not 100 <= answer.status <= 999:
            raise Garbage("the status has not three digits")
        self._tcp.allow(_ANSWER_BYTES)
        return httpx.Response(
            answer.status, headers=answer.headers, stream=_Body(answer.stream), extensions=answer.extensions
        )

    @property
    def is_idle(self) -> bool:
        """Whether another request may be sent: the last answer was read whole, and the peer keeps the connection."""
        return self._connection.is_idle() and not self._connection.has_expired()

    async def aclose(self) -> None:
        await self._connection.aclose()


Cookies = httpx.Cookies
Request = httpx.Request


_AS_A_BROWSER = {
    "User-Agent": _BROWSER,
    "Accept": _ACCEPT,
    "Accept-Language": "ru,kk;q=0.8,en;q=0.6",
    "Accept-Encoding": OFFERED,
}


def visit(url: str, cookies: httpx.Cookies) -> httpx.Request:
    """What a browser asks. Raises httpx.InvalidURL, which HTTP_ERRORS holds."""
    # An empty jar costs as much as a full one: half the time that the request takes to build.
    return httpx.Request("GET", url, headers=_AS_A_BROWSER, cookies=cookies if cookies.jar else None)


def asking(method: str, url: str, headers: Mapping[str, str], content: bytes) -> httpx.Request:
    """What is asked of a helper of ours."""
    return httpx.Request(method, url, headers=dict(headers), content=content)


def plain_error(exc: Exception) -> Exception:
    """An error of the HTTP libraries in our own words; others as they are."""
    match exc:
        case httpcore.ConnectionNotAvailable():  # HTTP/2's GOAWAY, for requests that were not looked at any more
            return PeerClosed("the peer takes no more requests")
        # Not PeerClosed, though it is the end: who writes these frames has the connection's keys.
        case httpcore.RemoteProtocolError(args=[h2.events.StreamReset() as event]):
            return Garbage(f"the peer reset the HTTP/2 stream: {_code(event)}")
        case httpcore.RemoteProtocolError(args=[h2.events.ConnectionTerminated() as event]):
            return Garbage(f"the peer ended the HTTP/2 connection: {_code(event)}")
        case httpcore.RemoteProtocolError() if "disconnected" in str(exc) or "peer closed" in str(exc):
            return PeerClosed(str(exc))
        case httpcore.RemoteProtocolError() | httpx.RemoteProtocolError() | httpx.InvalidURL() | Undecodable():
            return Garbage(str(exc))
        case httpcore.LocalProtocolError() | h2.exceptions.H2Error():  # httpcore's words for HTTP/2 that is none
            return Garbage(str(exc))
    return exc


def _code(event: h2.events.StreamReset | h2.events.ConnectionTerminated) -> str:
    """An error code of RFC 9113, 7."""
    return getattr(event.error_code, "name", "") or f"code {event.error_code}"


HTTP_ERRORS = (
    httpcore.ConnectionNotAvailable,
    httpcore.RemoteProtocolError,
    httpcore.LocalProtocolError,
    h2.exceptions.H2Error,
    httpx.RemoteProtocolError,
    httpx.InvalidURL,
    Undecodable,
)
