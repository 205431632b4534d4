"""The command `kedergi recount`: reads its arguments, calls one function.

The heavy imports come after the arguments are read, so that `--help` and a mistyped option answer at once.
"""

from probe.cli import ConfigOption, told


def recount(*, config: ConfigOption = None) -> None:
    """Count again, from all that is stored, what the pages of a shared server show. Nothing stored is changed.

    A server keeps these counts up to date by itself; this is for a store whose measurements were judged anew. It may
    run beside the server, whose pages show meanwhile what is counted already.

    Example: kedergi recount --config server.toml
    """
    from server.recount import run_recount  # noqa: PLC0415 - see the module's docstring

    told(lambda: run_recount(config))
