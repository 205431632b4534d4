"""What a family of fuzzed cases is, and what all of them share: an authority, contexts, a course for each case.

A case takes dice and ends. It raises where the program did what it must not do.
"""

import ssl
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from functools import cache
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

import trustme
from pydantic import TypeAdapter

from probe.contexts import web_context
from probe.trace import Course, Trace
from results.records import AnyStep

NAME = "ratel.example"
Case = Callable[[Random], Awaitable[None]]
Family = Callable[[], AbstractAsyncContextManager[Case]]
_STEP: TypeAdapter[AnyStep] = TypeAdapter(AnyStep)


@cache
def authority() -> trustme.CA:
    """The one authority that is trusted here."""
    return trustme.CA()


@cache
def leaf() -> trustme.LeafCert:
    return authority().issue_cert(NAME, "127.0.0.1")


@cache
def ours() -> ssl.SSLContext:
    """The probe's context."""
    with TemporaryDirectory() as folder:
        file = Path(folder, "roots.pem")
        authority().cert_pem.write_to_path(str(file))
        return web_context(str(file))


@cache
def theirs(*alpn: str) -> ssl.SSLContext:
    """An honest server's."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.set_alpn_protocols(list(alpn or ("http/1.1",)))
    leaf().configure_cert(context)
    return context


def course() -> Course:
    return Course(Trace())


def kept(place: Course) -> None:
    """Each step that was recorded can be stored, and is the same when it comes back."""
    assert place.trace.steps, "nothing was recorded"
    for step in place.trace.steps:
        assert _STEP.validate_json(_STEP.dump_json(step)) == step
        assert step.t >= step.t0
