"""Is this machine fit to measure? Line, resolvers, clock, control, disk: each looked at once, side by side.

Nothing is stored and no target is looked at. What the machine tells without a packet is in probe/machine.py.
"""

import asyncio
import json
import secrets
from collections.abc import Awaitable, Iterable
from contextlib import suppress
from dataclasses import asdict, replace
from datetime import timedelta
from pathlib import Path

from probe import config, control, machine
from probe.clock import told
from probe.machine import Finding, State
from probe.net import Cookies, Place, Tcp, Tls, in_thread, place
from probe.remedies import remedy
from probe.steps import dns, http, tcp, tls
from probe.tools import Tools
from probe.trace import Course, StepFailed, Trace
from probe.whereabouts import whereabouts
from results.failure import CERTIFICATE_FAILURES
from results.records import DnsStep, HttpStep, Reference, Source, is_bogon
from targets.networks import table_date

_EACH_S = 10.0  # they run side by side, so this is for all
_DNS_S, _TCP_S, _TLS_S, _HTTP_S = 4.0, 3.0, 5.0, 4.0
_CLOCK_OFF = timedelta(seconds=60)
_READS_ALONG = "someone between reads along (antivirus, an employer, the state), or the clock is wrong"


async def examine(settings: config.Settings, tools: Tools, *, config_file: Path | None = None) -> list[Finding]:
    """Everything that was found, in at most about ten seconds. `config_file`: the one that was named, if any."""
    urls = settings.reference.urls
    name = next((where.host for where in map(place, urls) if not where.is_address), None)
    looked_at = await asyncio.gather(
        _in_time("line", _line(tools)),
        _in_time("resolver", _resolvers(tools, name)),
        _in_time("trusted", _trusted(tools, name)),
        _in_time("control", _controls(tools, urls)),
        _in_time("clock", _clock(tools, urls)),
        _in_time("network", _network(tools)),
        _in_time("store", in_thread(machine.store, config.store_url(settings))),
        _in_time("data", in_thread(machine.data, settings, tools)),
    )
    return [
        machine.configuration(config_file),
        *(finding for findings in looked_at for finding in findings),
        machine.roots(tools),
        machine.ipv6(tools),
        machine.proxies(),
        machine.tunnels(),
    ]


def rendered(findings: Iterable[Finding], *, as_json: bool) -> str:
    """A line for each finding: an object, or columns for a person, with what can be done about it below."""
    if as_json:
        told = (asdict(finding) | {"remedy": remedy(finding)} for finding in findings)
        return "\n".join(json.dumps(one, ensure_ascii=False) for one in told)
    return "\n".join(line for finding in findings for line in _lines(finding))


def _lines(finding: Finding) -> list[str]:
    cure = remedy(finding)
    found = f"{finding.state:<5}{finding.name:<14}{finding.says}"
    return [found, f"{'':<19}{cure}"] if cure else [found]


async def _in_time(name: str, work: Awaitable[list[Finding]]) -> list[Finding]:
    try:
        async with asyncio.timeout(_EACH_S):
            return await work
    except TimeoutError:
        return [Finding(name, State.BAD, f"It took longer than {_EACH_S:.0f} s and was given up.")]


def _eased(findings: list[Finding]) -> list[Finding]:
    """Where one of several is well, the others' failures only weaken."""
    if all(finding.state is State.BAD for finding in findings):
        return findings
    return [replace(each, state=State.WARN) if each.state is State.BAD else each for each in findings]


# The line


async def _line(tools: Tools) -> list[Finding]:
    look = await tools.line.look_anew()
    if not look.references:
        return [Finding("line", State.WARN, "No reference is configured: an outage can't be told from a block.")]
    return _eased([_of_reference(reference) for reference in look.references])


def _of_reference(reference: Reference) -> Finding:
    if reference.failure is None:
        took_ms = reference.handshake_ms or 0
        return Finding("line", State.OK, f"{reference.url} answers; its handshake takes {took_ms:.0f} ms.")
    hint = f"; {_READS_ALONG}" if reference.failure in CERTIFICATE_FAILURES else ""
    return Finding("line", State.BAD, f"{reference.url} fails at {reference.layer}: {reference.failure}{hint}.")


# Names


async def _resolvers(tools: Tools, name: str | None) -> list[Finding]:
    servers = tools.resolvers.system
    if not servers:
        return [Finding("resolver", State.WARN, "The system doesn't tell its resolvers: forged answers stay unheard.")]
    if name is None:
        return [Finding("resolver", State.WARN, "No reference has a name that the resolvers could be asked for.")]
    return _eased(list(await asyncio.gather(*(_resolver(server, name) for server in servers))))


async def _resolver(server: str, name: str) -> Finding:
    nobodys = f"{secrets.token_hex(10)}.com"
    return _of_resolver(server, *await asyncio.gather(_asked(server, name), _asked(server, nobodys)))


async def _asked(server: str, name: str) -> DnsStep:
    course, enough = Course(Trace()), asyncio.Event()
    enough.set()
    with suppress(StepFailed):
        await dns.udp(course, name, server, timeout_s=_DNS_S, window_s=0, enough=enough)
    step = course.trace.steps[-1]
    assert isinstance(step, DnsStep)
    return step


def _of_resolver(server: str, asked: DnsStep, nobodys: DnsStep) -> Finding:
    answer, invented = ", ".join(asked.addresses), ", ".join(nobodys.addresses)
    if asked.failure is not None:
        return Finding("resolver", State.BAD, f"{server} gives no address for {asked.name}: {asked.failure}.")
    if set(asked.addresses) & set(nobodys.addresses):
        return Finding("resolver", State.BAD, f"{server} answers {invented} for every name, also for one that isn't.")
    if all(map(is_bogon, asked.addresses)):
        return Finding("resolver", State.BAD, f"{server} answers {answer} for {asked.name}: a captive portal or a lie.")
    if nobodys.addresses:
        return Finding("resolver", State.WARN, f"{server} answers {invented} for a name that doesn't exist.")
    return Finding("resolver", State.OK, f"{server} answers in {asked.ms:.0f} ms, and invents no names.")


async def _trusted(tools: Tools, name: str | None) -> list[Finding]:
    if not tools.resolvers.trusted or name is None:
        return [Finding("trusted", State.WARN, "No encrypted resolver is asked: a lie in DNS is harder to tell.")]
    return list(await asyncio.gather(*(_of_trusted(tools, url, name) for url in tools.resolvers.trusted)))


async def _of_trusted(tools: Tools, url: str, name: str) -> Finding:
    course = Course(Trace())
    try:
        await dns.trusted(course, name, url, tools.services, timeout_s=_DNS_S)
    except StepFailed as failed:
        return Finding("trusted", State.WARN, f"{url} gives no address for {name}: {failed.failure}.")
    return Finding("trusted", State.OK, f"{url} answers in {course.trace.steps[-1].ms:.0f} ms.")


# The control


async def _controls(tools: Tools, urls: tuple[str, ...]) -> list[Finding]:
    if not tools.controls or not urls:
        return [Finding("control", State.WARN, "None is configured: a block is hard to tell from a site that is down.")]
    return _eased(list(await asyncio.gather(*(_of_control(tools, each, urls[0]) for each in tools.controls))))


async def _of_control(tools: Tools, url: str, about: str) -> Finding:
    trace = Trace()
    answer = await control.ask(tools.services, [url], tools.control_token, about, [], timeout_s=_EACH_S - 1)
    assert answer is not None  # as one was asked
    if not answer.spoke:
        return Finding("control", State.BAD, f"{url} doesn't answer: {answer.failure} ({answer.detail}).")
    return Finding("control", State.OK, f"{url} answers in {trace.now() * 1000:.0f} ms.")


# The network


async def _network(tools: Tools) -> list[Finding]:
    """By the own address, or as a control sees it; against what is configured."""
    own = (await in_thread(whereabouts)).network
    seen = await control.network(tools.services, tools.controls, tools.control_token, timeout_s=_EACH_S - 1)
    asn, country = (own.asn, own.country) if own else (seen.asn, seen.country) if seen else (None, None)
    if asn is None:
        says = (
            "This machine's network can't be told: a router hides its address, and no control says from where it asks."
        )
        return [Finding("network", State.WARN, says)]
    configured = tools.vantage.asn
    says = f"This machine is on AS{asn}{f' in {country}' if country else ''}"
    if configured not in {None, asn}:
        return [Finding("network", State.BAD, f"{says}, and set to speak for AS{configured}: a VPN, or another line.")]
    return [Finding("network", State.OK, f"{says}, by the table of {table_date()}.")]


# The clock


async def _clock(tools: Tools, urls: tuple[str, ...]) -> list[Finding]:
    """Against the first page that says its time; at last without TLS, since a wrong clock makes certificates fail."""
    plain = [f"http://{where.host}/" for where in map(place, urls[:1]) if not where.is_address]
    for url in (*urls, *plain):
        with suppress(StepFailed):
            ahead = await _ahead(tools, place(url))
            if ahead is not None:
                return [_of_clock(ahead)]
    return [Finding("clock", State.WARN, "No reference tells the time, so the clock can't be compared.")]


def _of_clock(ahead: timedelta) -> Finding:
    way = "ahead" if ahead > timedelta() else "behind"
    says = f"The clock is {timedelta(seconds=round(abs(ahead).total_seconds()))} {way}"
    if abs(ahead) > _CLOCK_OFF:
        return Finding("clock", State.WARN, f"{says}: times in reports would be wrong, and certificates may fail.")
    return Finding("clock", State.OK, f"{says}, which is near enough.")


async def _ahead(tools: Tools, where: Place) -> timedelta | None:
    """How far our clock is ahead of the page's; None where it doesn't tell. Raises StepFailed."""
    course = Course(Trace())
    addresses = [where.host] if where.is_address else await dns.system(course, where.host, timeout_s=_DNS_S)
    ip = next((ip for ip in addresses if ":" not in ip), addresses[0])
    at, source = tcp.endpoint(ip, where.port), Source.SYSTEM
    stream: Tcp | Tls = await tcp.connect(course, ip, where.port, source=source, timeout_s=_TCP_S)
    opened = stream
    try:
        if where.scheme == "https" and isinstance(stream, Tcp):
            stream = await tls.handshake(course, stream, at, where.host, tools.context, source=source, timeout_s=_TLS_S)
        with suppress(StepFailed):  # the head may have come all the same
            await http.get(course, stream, at, where, Cookies(), source=source, timeout_s=_HTTP_S)
    finally:
        await opened.aclose()
    step = course.trace.steps[-1]
    assert isinstance(step, HttpStep)
    theirs = told(step.headers)
    since = timedelta(seconds=course.trace.now() - (step.first_byte_t or 0))
    return tools.utcnow() - since - theirs if theirs else None
