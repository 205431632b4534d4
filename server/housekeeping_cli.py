"""The command `kedergi housekeeping`: reads its arguments, calls one function.

The heavy imports come after the arguments are read, so that `--help` and a mistyped option answer at once.
"""

from probe.cli import ConfigOption, told


def housekeeping(*, config: ConfigOption = None) -> None:
    """Do now what a server does once a day: make months ahead, move old evidence to the archive.

    What goes there is said in the configuration, by store.keep_evidence and store.archive. Exit status: 0, or 1 when
    something could not be done.

    Example: kedergi housekeeping --config server.toml
    """
    from server.housekeeping import run_housekeeping  # noqa: PLC0415 - see the module's docstring

    told(lambda: run_housekeeping(config))
