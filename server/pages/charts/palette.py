"""The colours and the kinds: what each is called, its letter, its hue. Where they are drawn is in the other files.

A kind is never told by colour alone: it has a letter and a word, and all that is trouble has a texture.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from results.judgement import Verdict
from server.pages.tongue import N_


@dataclass(frozen=True, slots=True)
class Kind:
    """What a cell, a chip and a legend row show."""

    key: str  # part of a CSS class and of a pattern's id
    letter: str
    word: str
    verdict: Verdict
    hue: str = ""  # of blocking; the other kinds have their own variables


OK = Kind("ok", "A", N_("accessible"), Verdict.ACCESSIBLE)
SLOW = Kind("slow", "S", N_("throttled"), Verdict.THROTTLED)
DOWN = Kind("down", "X", N_("down for everyone"), Verdict.DOWN)
UNSURE = Kind("unsure", "?", N_("can't be told"), Verdict.INCONCLUSIVE)
BLOCKED = Kind("blocked", "B", N_("blocked"), Verdict.BLOCKED, "#b3261e")

# In the order in which a visit meets the layers: the order of the legend, and of a cell from below.
BLOCKINGS = (
    Kind("dns", "D", "DNS", Verdict.BLOCKED, "#3b6fb6"),
    Kind("tcp", "P", "TCP", Verdict.BLOCKED, "#7b4fa3"),
    Kind("tls", "T", "TLS", Verdict.BLOCKED, "#c23b6e"),
    Kind("cert", "C", N_("certificate replaced"), Verdict.BLOCKED, "#7a1f3d"),
    Kind("page", "H", N_("block page"), Verdict.BLOCKED, "#d0701c"),
    Kind("http", "R", N_("HTTP cut off"), Verdict.BLOCKED, "#8c5a2b"),
    Kind("quic", "Q", "QUIC", Verdict.BLOCKED, "#1f7a7a"),
    BLOCKED,
)
KINDS = (OK, *BLOCKINGS, SLOW, DOWN, UNSURE)

_BY_KEY = {kind.key: kind for kind in KINDS}
_BY_VERDICT = {Verdict.ACCESSIBLE: OK, Verdict.THROTTLED: SLOW, Verdict.DOWN: DOWN, Verdict.INCONCLUSIVE: UNSURE}
_BY_MECHANISM = {
    "tls.interception": "cert",
    "http.blockpage": "page",
    "http.redirect": "page",
    "http.tampered": "page",
    "throughput.freeze": "http",
}


def kind_of(verdict: Verdict, mechanisms: Sequence[str]) -> Kind:
    """The kind that a verdict is drawn as. Of several mechanisms the first, the most telling, decides."""
    if verdict is not Verdict.BLOCKED:
        return _BY_VERDICT[verdict]
    mechanism = mechanisms[0] if mechanisms else ""
    return _BY_KEY.get(_BY_MECHANISM.get(mechanism, mechanism.partition(".")[0]), BLOCKED)


LIGHT: Mapping[str, str] = {
    "paper": "#ffffff",
    "wash": "#f5f7f9",
    "ink": "#1b2330",
    "soft": "#566170",
    "line": "#dfe4ea",
    "dot": "#b9c2cd",
    "accent": "#0b5cad",
    "ok": "#dcebe6",
    "ok-ink": "#2d6a3e",
    "bad-ink": "#b3261e",
    "slow": "#e3b52f",
    "slow-ink": "#875605",
    "slow-line": "#6b4a00",
    "down": "#8a8f98",
    "hatch": "#ffffff",
    **{kind.key: kind.hue for kind in BLOCKINGS},
}
DARK: Mapping[str, str] = {
    "paper": "#11161d",
    "wash": "#171e27",
    "ink": "#e6eaf0",
    "soft": "#9aa6b5",
    "line": "#2c3542",
    "dot": "#4a5667",
    "accent": "#7db7f5",
    "ok": "#21332f",
    "ok-ink": "#8fd3a4",
    "bad-ink": "#ff8a80",
    "slow": "#c99a22",
    "slow-ink": "#f0b44c",
    "slow-line": "#2a1e00",
    "down": "#6c7787",
    "hatch": "#11161d",
    "dns": "#6c9ee0",
    "tcp": "#b08ad6",
    "tls": "#ee6c9c",
    "cert": "#c75a80",
    "page": "#ee9a4d",
    "http": "#bd8a58",
    "quic": "#4fb3b3",
    "blocked": "#ef6a61",
}


def stylesheet() -> str:
    """The colours as CSS variables: light, dark where the reader prefers it, and light again on paper."""
    light, dark = (_variables(palette) for palette in (LIGHT, DARK))
    return (
        f":root{{color-scheme:light dark;{light}}}\n"
        f"@media screen and (prefers-color-scheme:dark){{:root{{{dark}}}}}\n"
        f"@media print{{:root{{color-scheme:light;{light}}}}}\n" + "".join(_kind_rules(kind) for kind in BLOCKINGS)
    )


def _variables(palette: Mapping[str, str]) -> str:
    return "".join(f"--{name}:{colour};" for name, colour in palette.items())


def _kind_rules(kind: Kind) -> str:
    return f".k-{kind.key}{{--hue:var(--{kind.key})}}\n"
