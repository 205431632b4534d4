"""The settings file of the product for a lab: TOML sections from plain dictionaries."""

import json
from collections.abc import Mapping
from pathlib import Path

Settings = Mapping[str, Mapping[str, object]]


def merged(first: Settings, second: Settings) -> dict[str, dict[str, object]]:
    """Section by section; a key of the second wins, and `None` takes the key away."""
    names = dict.fromkeys([*first, *second])
    whole = {name: {**first.get(name, {}), **second.get(name, {})} for name in names}
    return {name: {k: v for k, v in section.items() if v is not None} for name, section in whole.items()}


def write(path: Path, settings: Settings) -> Path:
    blocks = []
    for name, section in settings.items():
        if section:
            lines = [f"{key} = {_value(value)}" for key, value in section.items()]
            blocks.append("\n".join([f"[{name}]", *lines, ""]))
    path.write_text("\n".join(blocks), encoding="utf-8")
    return path


def _value(value: object) -> str:
    """JSON's strings, numbers, booleans and lists are TOML's."""
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{key} = {_value(inner)}" for key, inner in value.items()) + " }"
    if isinstance(value, Path):
        value = str(value)
    return json.dumps(list(value) if isinstance(value, tuple) else value, ensure_ascii=False)
