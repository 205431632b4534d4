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
from probe.tongue import N_, say
from probe.tools import Tools
from probe.trace import Course, StepFailed, Trace
from probe.whereabouts import whereabouts
from results.failure import CERTIFICATE_FAILURES
from results.records import DnsStep, HttpStep, Reference, Source, is_bogon
from targets.networks import table_date

_EACH_S = 10.0  # they run side by side, so this is for all
_DNS_S, _TCP_S, _TLS_S, _HTTP_S = 4.0, 3.0, 5.0, 4.0
_CLOCK_OFF = timedelta(seconds=60)
_NEAR_ENOUGH = N_("That is near enough.")
_ANSWERS = N_("{url} answers in {ms} ms.")
_NO_ADDRESS = N_("{server} gives no address for {name}: {failure}.")
_NO_NETWORK = N_(
    "This machine's network can't be told: a router hides its address, and no control says from where it asks."
)
_READS_ALONG = N_("Someone between reads along (antivirus, an employer, the state), or the clock is wrong.")


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
        machine.program(tools),
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
        says = say("It took longer than {seconds} s and was given up.", seconds=round(_EACH_S))
        return [Finding(name, State.BAD, says)]


def _eased(findings: list[Finding]) -> list[Finding]:
    """Where one of several is well, the others' failures only weaken."""
    if all(finding.state is State.BAD for finding in findings):
        return findings
    return [replace(each, state=State.WARN) if each.state is State.BAD else each for each in findings]


# The line


async def _line(tools: Tools) -> list[Finding]:
    look = await tools.line.look_anew()
    if not look.references:
        says = say("No reference is configured: an outage can't be told from a block.")
        return [Finding("line", State.WARN, says)]
    return _eased([_of_reference(reference) for reference in look.references])


def _of_reference(reference: Reference) -> Finding:
    url, failure = reference.url, reference.failure
    if failure is None:
        took_ms = round(reference.handshake_ms or 0)
        return Finding("line", State.OK, say("{url} answers; its handshake takes {ms} ms.", url=url, ms=took_ms))
    says = say("{url} fails at {layer}: {failure}.", url=url, layer=reference.layer, failure=failure)
    return Finding("line", State.BAD, f"{says} {say(_READS_ALONG)}" if failure in CERTIFICATE_FAILURES else says)


# Names


async def _resolvers(tools: Tools, name: str | None) -> list[Finding]:
    servers = tools.resolvers.system
    if not servers:
        says = say("The system doesn't tell its resolvers: forged answers stay unheard.")
        return [Finding("resolver", State.WARN, says)]
    if name is None:
        says = say("No reference has a name that the resolvers could be asked for.")
        return [Finding("resolver", State.WARN, says)]
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
    state = State.BAD
    if asked.failure is not None:
        says = say(_NO_ADDRESS, server=server, name=asked.name, failure=asked.failure)
    elif set(asked.addresses) & set(nobodys.addresses):
        says = say("{server} answers {ips} for every name, also for one that isn't.", server=server, ips=invented)
    elif all(map(is_bogon, asked.addresses)):
        told = {"server": server, "ips": answer, "name": asked.name}
        says = say("{server} answers {ips} for {name}: a captive portal or a lie.", **told)
    elif nobodys.addresses:
        state = State.WARN
        says = say("{server} answers {ips} for a name that doesn't exist.", server=server, ips=invented)
    else:
        state = State.OK
        says = say("{server} answers in {ms} ms, and invents no names.", server=server, ms=round(asked.ms))
    return Finding("resolver", state, says)


async def _trusted(tools: Tools, name: str | None) -> list[Finding]:
    if not tools.resolvers.trusted or name is None:
        says = say("No encrypted resolver is asked: a lie in DNS is harder to tell.")
        return [Finding("trusted", State.WARN, says)]
    return list(await asyncio.gather(*(_of_trusted(tools, url, name) for url in tools.resolvers.trusted)))


async def _of_trusted(tools: Tools, url: str, name: str) -> Finding:
    course = Course(Trace())
    try:
        await dns.trusted(course, name, url, tools.services, timeout_s=_DNS_S)
    except StepFailed as failed:
        says = say(_NO_ADDRESS, server=url, name=name, failure=failed.failure)
        return Finding("trusted", State.WARN, says)
    return Finding("trusted", State.OK, say(_ANSWERS, url=url, ms=round(course.trace.steps[-1].ms)))


# The control


async def _controls(tools: Tools, urls: tuple[str, ...]) -> list[Finding]:
    if not tools.controls or not urls:
        says = say("None is configured: a block is hard to tell from a site that is down.")
        return [Finding("control", State.WARN, says)]
    return _eased(list(await asyncio.gather(*(_of_control(tools, each, urls[0]) for each in tools.controls))))


async def _of_control(tools: Tools, url: str, about: str) -> Finding:
    trace = Trace()
    answer = await control.ask(tools.services, [url], tools.control_token, about, [], timeout_s=_EACH_S - 1)
    assert answer is not None  # as one was asked
    if not answer.spoke:
        says = say("{url} doesn't answer: {failure} ({detail}).", url=url, failure=answer.failure, detail=answer.detail)
        return Finding("control", State.BAD, says)
    return Finding("control", State.OK, say(_ANSWERS, url=url, ms=round(trace.now() * 1000)))


# The network


async def _network(tools: Tools) -> list[Finding]:
    """By the own address, or as a control sees it; against what is configured."""
    own = (await in_thread(whereabouts)).network
    seen = await control.network(tools.services, tools.controls, tools.control_token, timeout_s=_EACH_S - 1)
    asn, country = (own.asn, own.country) if own else (seen.asn, seen.country) if seen else (None, None)
    if asn is None:
        return [Finding("network", State.WARN, say(_NO_NETWORK))]
    configured, here = tools.vantage.asn, f"AS{asn} ({country})" if country else f"AS{asn}"
    if configured not in {None, asn}:
        told = {"network": here, "configured": f"AS{configured}"}
        says = say("This machine is on {network}, and set to speak for {configured}: a VPN, or another line.", **told)
        return [Finding("network", State.BAD, says)]
    says = say("This machine is on {network}, by the table of {date}.", network=here, date=table_date())
    return [Finding("network", State.OK, says)]


# The clock


async def _clock(tools: Tools, urls: tuple[str, ...]) -> list[Finding]:
    """Against the first page that says its time; at last without TLS, since a wrong clock makes certificates fail."""
    plain = [f"http://{where.host}/" for where in map(place, urls[:1]) if not where.is_address]
    for url in (*urls, *plain):
        with suppress(StepFailed):
            ahead = await _ahead(tools, place(url))
            if ahead is not None:
                return [_of_clock(ahead)]
    return [Finding("clock", State.WARN, say("No reference tells the time, so the clock can't be compared."))]


def _of_clock(ahead: timedelta) -> Finding:
    off = timedelta(seconds=round(abs(ahead).total_seconds()))
    says = say("The clock is {off} behind.", off=off)
    if ahead > timedelta():
        says = say("The clock is {off} ahead.", off=off)
    if abs(ahead) > _CLOCK_OFF:
        wrong = say("Times in reports would be wrong, and certificates may fail.")
        return Finding("clock", State.WARN, f"{says} {wrong}")
    return Finding("clock", State.OK, f"{says} {say(_NEAR_ENOUGH)}")


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
