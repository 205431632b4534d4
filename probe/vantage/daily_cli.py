"""The commands of `kedergi vantage` for every day: pause, resume, install-service, uninstall-service.

Each reads its arguments and calls one function; the heavy imports come after that.
"""

from typing import Annotated

import typer

from probe.cli import AcceptOption, ConfigOption, LanguageOption, speak, told


def pause(
    *,
    for_: Annotated[str | None, typer.Option("--for", metavar="TIME", help="As 30m, 2h, 7d.")] = None,
    language: LanguageOption = None,
) -> None:
    """Begin nothing for a time, or until `resume`. What is stored stays, and the time is noted as a gap.

    Example: kedergi vantage pause --for 2h
    """
    from probe.vantage.pausing import run_pause  # noqa: PLC0415 - see the module's docstring

    speak(language)
    told(lambda: run_pause(for_))


def resume(*, language: LanguageOption = None) -> None:
    """End a pause.

    Example: kedergi vantage resume
    """
    from probe.vantage.pausing import run_resume  # noqa: PLC0415 - see the module's docstring

    speak(language)
    told(run_resume)


def install_service(
    *,
    pages: Annotated[bool, typer.Option("--pages", help="Run `kedergi up` instead of `kedergi probe`.")] = False,
    accept_risks: AcceptOption = False,
    language: LanguageOption = None,
    config: ConfigOption = None,
) -> None:
    """Measure in the background, also after each start of this machine. No administrator is needed.

    It is a systemd unit, a launchd agent or a task of Windows, of your own user. Exit status: 0 when it runs, 1 when it
    is there and has to be started by hand.

    Example: kedergi vantage install-service
    """
    from probe.vantage.installing import run_install  # noqa: PLC0415 - see the module's docstring

    speak(language)
    told(lambda: run_install(pages=pages, accept_risks=accept_risks, config=config))


def uninstall_service(*, language: LanguageOption = None) -> None:
    """Stop the service and remove it. What was measured stays.

    Example: kedergi vantage uninstall-service
    """
    from probe.vantage.installing import run_uninstall  # noqa: PLC0415 - see the module's docstring

    speak(language)
    told(run_uninstall)
