"""How a generated page looks: theme, type, size, the shape of fields and buttons, all drawn from one random source."""

# ruff: noqa: E501 (lines of markup)
from __future__ import annotations

import random
from dataclasses import dataclass

THEMES = {  # page, card, text, muted, border, accent, text on accent
    "light": ("#f3f4f6", "#ffffff", "#111827", "#6b7280", "#d1d5db", "#2563eb", "#ffffff"),
    "white": ("#ffffff", "#ffffff", "#222222", "#757575", "#cccccc", "#0a7c42", "#ffffff"),
    "dark": ("#111827", "#1f2937", "#f9fafb", "#9ca3af", "#4b5563", "#3b82f6", "#ffffff"),
    "black": ("#000000", "#0d0d0d", "#eaeaea", "#8a8a8a", "#333333", "#e5e5e5", "#000000"),
    "warm": ("#fdf6ec", "#fffaf3", "#3b2f2f", "#8c7b6b", "#e0cfb8", "#b4541a", "#ffffff"),
    "faint": ("#fafafa", "#fdfdfd", "#555555", "#999999", "#e4e4e4", "#8aa4d6", "#ffffff"),
    "violet": ("#ede9fe", "#ffffff", "#1e1b4b", "#6d6a94", "#c4b5fd", "#6d28d9", "#ffffff"),
    "navy": ("#0b1d3a", "#12294f", "#e6edf7", "#93a7c7", "#2c4a7c", "#f59e0b", "#1a1200"),
}
FONTS = (
    "Liberation Sans",
    "Liberation Serif",
    "DejaVu Sans",
    "Liberation Sans Narrow",
    "DejaVu Serif",
    "Liberation Mono",
)


@dataclass(frozen=True)
class Look:
    """One page's looks."""

    theme: str
    font: str
    size: int
    zoom: float
    label: str  # above, left, placeholder, floating, inset
    field: str  # outline, filled, underline, native
    button: str  # fill, outline, pill, native
    radius: int
    pad: int
    gap: int
    marks: str  # native, custom, switch
    upper: bool

    @property
    def colours(self) -> tuple[str, ...]:
        return THEMES[self.theme]


def draw(rng: random.Random) -> Look:
    field = rng.choices(["outline", "filled", "underline", "native"], [6, 2, 1.5, 1.5])[0]
    label = rng.choices(["above", "left", "placeholder", "floating", "inset"], [6, 2, 1.5, 1.2, 0.8])[0]
    if field in ("underline", "native") and label == "inset":
        label = "above"
    if field == "native" and label == "floating":
        label = "left"
    button = "native" if field == "native" else rng.choices(["fill", "outline", "pill"], [6, 2, 2])[0]
    return Look(
        theme=rng.choice(["light", "white", "native"][:2]) if field == "native" else rng.choice(list(THEMES)),
        font=rng.choices(FONTS, [5, 2, 3, 1, 1, 1])[0],
        size=rng.choice([12, 13, 14, 14, 15, 16, 16, 18]),
        zoom=rng.choices([0.75, 0.9, 1, 1.1, 1.25, 1.5], [1, 1, 4, 1, 1, 1])[0],
        label=label,
        field=field,
        button=button,
        radius=rng.choice([0, 2, 4, 6, 8, 12]),
        pad=rng.choice([6, 8, 10, 12, 14]),
        gap=rng.choice([10, 14, 18, 24]),
        marks="native" if field == "native" else rng.choices(["native", "custom", "switch"], [6, 3, 1])[0],
        upper=rng.random() < 0.12,
    )


def css(look: Look) -> str:
    """The style sheet of a page."""
    page, card, text, muted, border, accent, _ = look.colours
    rules = f"""
*{{box-sizing:border-box}} html{{zoom:{look.zoom}}} body{{margin:0;background:{page};color:{text};
font:{look.size}px '{look.font}',sans-serif}} h1{{font-size:1.7em;margin:0 0 .6em}} h2{{font-size:1.25em;margin:0 0 .6em}}
.card{{background:{card};border:1px solid {border};border-radius:{look.radius}px;padding:{look.pad * 2}px}}
.muted,.hint{{color:{muted}}} a{{color:{accent if look.theme != "black" else "#7ab8ff"}}} .field{{margin-bottom:{look.gap}px;position:relative}}
label.name{{display:block;margin-bottom:4px}} .left label.name{{display:inline-block;width:9em;margin:0}}
.left .in{{width:calc(100% - 9.6em)!important}} .btn.small{{padding:4px 10px;width:auto;font-size:.92em}}
table{{border-collapse:collapse;width:100%}} td,th{{text-align:left;padding:{max(5, look.pad - 3)}px 10px}} th{{color:{muted}}}
.lined td,.lined th{{border-bottom:1px solid {border}}} .grid td,.grid th{{border:1px solid {border}}}
.zebra tr:nth-child(even) td{{background:{page}}} .opt{{display:block;margin:6px 0}} .inline .opt{{display:inline-block;margin-right:18px}}
.bar{{display:flex;gap:22px;align-items:center;padding:12px 24px;background:{card};border-bottom:1px solid {border}}}
.badge{{background:{border};border-radius:99px;padding:1px 8px;font-size:.85em}}
.alert{{background:{border}55;border:1px solid {border};padding:9px 12px;border-radius:{look.radius}px;margin-bottom:{look.gap}px}}
.shade{{position:fixed;inset:0;background:#0008;display:flex;align-items:center;justify-content:center}}
input::placeholder,textarea::placeholder{{color:{muted};opacity:1}} hr{{border:0;border-top:1px solid {border};margin:{look.gap}px 0}}
"""
    return rules + _field(look) + _button(look) + _marks(look)


def _field(look: Look) -> str:
    _, card, text, _, border, _, _ = look.colours
    if look.field == "native":
        return ".in{width:100%} select.in{width:auto}"
    frame = {
        "outline": f"border:1px solid {border};background:{card};border-radius:{look.radius}px",
        "filled": f"border:0;background:{border}66;border-radius:{look.radius}px",
        "underline": f"border:0;border-bottom:1px solid {border};background:transparent;border-radius:0",
    }[look.field]
    arrow = (
        'appearance:none;background-repeat:no-repeat;background-position:right 10px center;background-image:url("data:image/svg+xml,'
        "%3Csvg xmlns='http://www.w3.org/2000/svg' width='12' height='8'%3E%3Cpath d='M1 1l5 5 5-5' fill='none' "
        "stroke='%23888' stroke-width='2'/%3E%3C/svg%3E\")"
    )
    side = 2 if look.field == "underline" else look.pad
    floating = f"""
.floating label.name{{position:absolute;left:10px;top:-.62em;background:{card};padding:0 4px;font-size:.82em;margin:0;z-index:1}}
.inset label.name{{position:absolute;left:{look.pad + 1}px;top:5px;font-size:.76em;color:{look.colours[3]};margin:0;z-index:1}}
.inset .in{{padding-top:20px!important;padding-bottom:5px!important}}"""
    return f".in{{width:100%;padding:{look.pad}px {side}px;font:inherit;color:{text};{frame}}} select.in{{{arrow}}}{floating}"


def _button(look: Look) -> str:
    _, card, text, _, border, accent, on = look.colours
    if look.button == "native":
        return ".btn.wide{width:auto}"
    radius = 999 if look.button == "pill" else look.radius
    fill = f"background:{accent};color:{on};border:1px solid {accent}"
    if look.button == "outline":
        fill = f"background:transparent;color:{accent};border:1px solid {accent}"
    upper = ";text-transform:uppercase;letter-spacing:.04em" if look.upper else ""
    return (
        f".btn{{font:inherit;padding:{look.pad}px {look.pad * 2}px;border-radius:{radius}px;{fill}{upper};cursor:pointer}}"
        f".btn.plain{{background:{card};color:{text};border:1px solid {border}}} .btn.wide{{width:100%}}"
    )


def _marks(look: Look) -> str:
    _, card, _, muted, _, accent, on = look.colours
    if look.marks == "native":
        return ""
    tick = (
        "url(\"data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'%3E%3Cpath d='M3 8l3 3 7-7' "
        f"fill='none' stroke='%23{on[1:]}' stroke-width='2.4'/%3E%3C/svg%3E\")"
    )
    base = f"""
input[type=checkbox],input[type=radio]{{appearance:none;width:1.15em;height:1.15em;border:1px solid {muted};background:{card};
vertical-align:-.2em;margin:0 8px 0 0}} input[type=radio]{{border-radius:50%}} input[type=checkbox]{{border-radius:3px}}
input[type=checkbox]:checked{{background:{accent} {tick} center/contain no-repeat;border-color:{accent}}}
input[type=radio]:checked{{border-color:{accent};background:radial-gradient(circle,{accent} 0 45%,{card} 50%)}}"""
    if look.marks == "custom":
        return base
    return (
        base
        + f"""
input[type=checkbox],input[type=checkbox]:checked{{width:2.3em;height:1.25em;border-radius:99px;border:0;background:{muted};position:relative}}
input[type=checkbox]:checked{{background:{accent}}}
input[type=checkbox]:after{{content:'';position:absolute;top:2px;left:2px;width:calc(1.25em - 4px);height:calc(1.25em - 4px);
border-radius:50%;background:#fff}} input[type=checkbox]:checked:after{{left:auto;right:2px;background:{on}}}"""
    )
