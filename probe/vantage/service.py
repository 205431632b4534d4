"""The service that measures in the background: what each operating system wants written where, and told by whom.

It belongs to the person who runs Kedergi, so that nobody needs an administrator. Pure: texts and commands alone; they
are written and run in probe/vantage/installing.py.
"""

import plistlib
import xml.etree.ElementTree as ET
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

NAME = "kedergi"
LABEL = "org.kedergi.vantage"
_TASK = "http://schemas.microsoft.com/windows/2004/02/mit/task"
_WRONG_CALL = 2  # what a person must mend: starting it again changes nothing

Command = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Service:
    """A file for the operating system, and the commands by which it is taken up and given up."""

    path: Path
    content: bytes
    start: tuple[Command, ...]
    stop: tuple[Command, ...]
    forget: tuple[Command, ...] = ()  # once the file is gone
    more: tuple[Command, ...] = ()  # what makes it start before anybody logs in; where that is refused, it goes without


def of(platform: str, home: Path, configuration: Path, command: Sequence[str], *, uid: int = 0) -> Service:
    """`platform` as sys.platform; `configuration` is the folder of this person's settings."""
    if platform == "darwin":
        return _launchd(home, command, uid)
    if platform == "win32":
        return _task(configuration, command)
    return _systemd(configuration, command)


def _systemd(configuration: Path, command: Sequence[str]) -> Service:
    unit = f"{NAME}.service"
    text = f"""\
# Made by `kedergi vantage install-service`, taken away by `kedergi vantage uninstall-service`.
[Unit]
Description=Kedergi: whether listed websites can be reached from here

[Service]
ExecStart={" ".join(map(_quoted, command))}
Restart=on-failure
RestartSec=60
RestartPreventExitStatus={_WRONG_CALL}
Nice=10
IOSchedulingClass=idle
UMask=0077
NoNewPrivileges=true
Environment=PYTHONUTF8=1

[Install]
WantedBy=default.target
"""
    ours = ("systemctl", "--user")
    return Service(
        path=configuration / "systemd" / "user" / unit,
        content=text.encode(),
        start=((*ours, "daemon-reload"), (*ours, "enable", "--now", unit)),
        stop=((*ours, "disable", "--now", unit),),
        forget=((*ours, "daemon-reload"),),
        more=(("loginctl", "enable-linger"),),
    )


def _quoted(word: str) -> str:
    """As a word of ExecStart: % and $ mean something there, and so do quotes and backslashes."""
    return '"' + word.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%").replace("$", "$$") + '"'


def _launchd(home: Path, command: Sequence[str], uid: int) -> Service:
    path = home / "Library" / "LaunchAgents" / f"{LABEL}.plist"
    content = plistlib.dumps(
        {
            "Label": LABEL,
            "ProgramArguments": list(command),
            "RunAtLoad": True,
            "KeepAlive": {"Crashed": True},
            "ThrottleInterval": 60,
            "ProcessType": "Background",
            "LowPriorityIO": True,
            "Nice": 10,
            "Umask": 0o077,
            "EnvironmentVariables": {"PYTHONUTF8": "1"},
        }
    )
    domain = f"gui/{uid}"
    return Service(
        path=path,
        content=content,
        start=(("launchctl", "bootstrap", domain, str(path)),),
        stop=(("launchctl", "bootout", f"{domain}/{LABEL}"),),
    )


def _task(configuration: Path, command: Sequence[str]) -> Service:
    task = ET.Element("Task", {"version": "1.2", "xmlns": _TASK})
    _added(task, "RegistrationInfo", {"Description": "Kedergi: whether listed websites can be reached from here"})
    triggers = ET.SubElement(task, "Triggers")
    _added(triggers, "LogonTrigger", {"Enabled": "true"})
    principals = ET.SubElement(task, "Principals")
    _added(principals, "Principal", {"LogonType": "InteractiveToken", "RunLevel": "LeastPrivilege"}, id="Author")
    settings = {
        "MultipleInstancesPolicy": "IgnoreNew",
        "DisallowStartIfOnBatteries": "false",  # what a battery means is said in the configuration
        "StopIfGoingOnBatteries": "false",
        "ExecutionTimeLimit": "PT0S",  # none
        "Priority": "8",  # below normal
    }
    made = _added(task, "Settings", settings)
    _added(made, "RestartOnFailure", {"Interval": "PT1M", "Count": "3"})
    actions = ET.SubElement(task, "Actions", {"Context": "Author"})
    program, *arguments = command
    _added(actions, "Exec", {"Command": program, "Arguments": " ".join(map(_argument, arguments))})
    path = configuration / NAME / "task.xml"
    return Service(
        path=path,
        content=('<?xml version="1.0" encoding="UTF-16"?>\n' + ET.tostring(task, "unicode")).encode("utf-16"),
        start=(
            ("schtasks", "/Create", "/TN", NAME, "/XML", str(path), "/F"),
            ("schtasks", "/Run", "/TN", NAME),
        ),
        stop=(("schtasks", "/End", "/TN", NAME), ("schtasks", "/Delete", "/TN", NAME, "/F")),
    )


def _added(parent: ET.Element, name: str, parts: dict[str, str], **attributes: str) -> ET.Element:
    element = ET.SubElement(parent, name, attributes)
    for part, text in parts.items():
        ET.SubElement(element, part).text = text
    return element


def _argument(word: str) -> str:
    """A file's name may have spaces; it can't have quotes there."""
    return f'"{word}"' if " " in word else word
