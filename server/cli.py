"""The commands that serve: up, serve, control. Each reads its arguments and calls one function.

The heavy imports come after the arguments are read, so that `--help` and a mistyped option answer at once.
"""

from pathlib import Path
from typing import Annotated, Literal

import typer

from probe.cli import AcceptOption, ConfigOption, LanguageOption, ended, speak

PortOption = Annotated[int, typer.Option(min=1, max=65535, help="The port of the pages, on 127.0.0.1.")]


def up(
    *,
    port: PortOption = 8733,
    accept_risks: AcceptOption = False,
    in_browser: Annotated[
        bool, typer.Option("--in-browser", help="Ask for consent on a page, as where there is no terminal.")
    ] = False,
    demo: Annotated[
        bool, typer.Option("--demo", help="Measure nothing: show known history, simulated, in a store of its own.")
    ] = False,
    language: LanguageOption = None,
    config: ConfigOption = None,
) -> None:
    """Measure on a schedule, store, and show the pages on http://127.0.0.1:8733.

    Example: kedergi up

    Example: kedergi up --demo
    """
    speak(language)
    if demo:
        from server.demo.run import run_demo  # noqa: PLC0415 - see the module's docstring

        ended(lambda: run_demo(port=port), stopped=0)
    from server.up import run_up  # noqa: PLC0415

    ended(
        lambda: run_up(port=port, accept_risks=accept_risks, in_browser=in_browser, config=config),
        stopped=0,
    )


def serve(
    *,
    host: Annotated[str, typer.Option(help="The address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65535, help="The port to listen on.")] = 8733,
    migrate: Annotated[
        bool, typer.Option("--migrate", help="Bring the store of an older program up to date first.")
    ] = False,
    workers: Annotated[
        int, typer.Option(min=1, max=64, help="Processes that answer; more than one needs PostgreSQL.")
    ] = 1,
    tls_cert: Annotated[
        Path | None, typer.Option("--tls-cert", metavar="FILE", help="A certificate in PEM, to speak HTTPS.")
    ] = None,
    tls_key: Annotated[Path | None, typer.Option("--tls-key", metavar="FILE", help="Its key.")] = None,
    metrics: Annotated[
        str | None, typer.Option(metavar="HOST:PORT", help="Tell numbers to Prometheus there, as in 127.0.0.1:9464.")
    ] = None,
    log: Annotated[
        Literal["json", "text"] | None,
        typer.Option(help="How a line of the log looks.", show_default="text in a terminal"),
    ] = None,
    config: ConfigOption = None,
) -> None:
    """Take measurements from vantages that joined, tell episodes of them, send alerts. Nothing is measured here.

    Without a certificate it speaks plain HTTP: let a web server with one stand before it (docs/server.md).

    Example: kedergi serve --config server.toml
    """
    from server.logs import Form  # noqa: PLC0415 - see the module's docstring
    from server.serve import Manner, run_serve  # noqa: PLC0415

    manner = Manner(
        host=host,
        port=port,
        workers=workers,
        migrate=migrate,
        tls_cert=tls_cert,
        tls_key=tls_key,
        metrics=metrics,
        log=Form(log) if log else None,
    )
    ended(lambda: run_serve(manner, config), stopped=0, within_s=55.0)  # workers have fifty


def control(
    *,
    host: Annotated[str, typer.Option(help="The address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65535, help="The port to listen on.")] = 8734,
    token: Annotated[str, typer.Option(envvar="KEDERGI_CONTROL_TOKEN", help="Who shows it is answered.")] = "",
    server_key: Annotated[
        list[str] | None,
        typer.Option(metavar="KEY", help="A server's key, or a file with it: its members are answered."),
    ] = None,
    open_: Annotated[bool, typer.Option("--open", help="Answer anyone: for laboratories.")] = False,
    behind_proxy: Annotated[
        bool, typer.Option("--behind-proxy", help="Every asker comes through a proxy that sets X-Forwarded-For.")
    ] = False,
    allow_private: Annotated[
        bool, typer.Option("--allow-private", help="Look at private addresses too: for laboratories.")
    ] = False,
    per_minute: Annotated[int, typer.Option(min=1, max=1_000_000, help="Questions from one asker.")] = 1200,
    at_once: Annotated[int, typer.Option(min=1, max=1000, help="Looks at sites; four times as many wait.")] = 50,
    keep_minutes: Annotated[float, typer.Option(min=0, max=60, help="For how long an answer is told again.")] = 4.0,
    config: ConfigOption = None,
) -> None:
    """Repeat checks from an uncensored place for the probes that ask. No store, no pages.

    Of the configuration it uses the further resolvers (dns.resolvers) alone, and needs none.

    Example: kedergi control --host 0.0.0.0 --server-key iP+Zn5lTdxVlXpTx/zYMu7H9MRjkKuCcCVVmcGgeG1U=
    """
    from server.control.limits import Limits  # noqa: PLC0415 - see the module's docstring
    from server.control.run import Manner, run_control  # noqa: PLC0415

    manner = Manner(
        host=host,
        port=port,
        token=token,
        server_keys=tuple(server_key or ()),
        open_to_all=open_,
        behind_proxy=behind_proxy,
        allow_private=allow_private,
        limits=Limits(per_minute=per_minute, at_once=at_once, waiting=4 * at_once, keep_s=keep_minutes * 60),
    )
    ended(lambda: run_control(manner, config), stopped=0)
