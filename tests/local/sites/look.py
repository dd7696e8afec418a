"""How a site looks: drawn from its seed, so that no two are alike and each can be met again."""

from __future__ import annotations

import random
from dataclasses import dataclass

THEMES = {
    "plain": ("#ffffff", "#ffffff", "#222222", "#666666", "#bdbdbd", "#0b57d0", "#ffffff", "#ffffff"),
    "gray": ("#eceff1", "#ffffff", "#263238", "#546e7a", "#b0bec5", "#37474f", "#ffffff", "#ffffff"),
    "night": ("#101418", "#1b2128", "#e6edf3", "#9aa7b4", "#46525f", "#4c8dff", "#0a0f14", "#262e37"),
    "sand": ("#f7f1e3", "#fffdf7", "#40331f", "#7a6848", "#d2c09a", "#8a5a00", "#ffffff", "#f4ead2"),
    "pale": ("#fafafa", "#ffffff", "#555555", "#8a8a8a", "#dedede", "#7a8fa6", "#ffffff", "#ffffff"),
    "berry": ("#fdf2f8", "#ffffff", "#3b0a2a", "#80506c", "#e0b4cc", "#b0126b", "#ffffff", "#fdf2f8"),
    "forest": ("#0f2a1d", "#163a29", "#eaf5ee", "#a9c9b8", "#48735d", "#ffd166", "#1c1400", "#0c2418"),
    "stark": ("#ffffff", "#ffffff", "#000000", "#000000", "#000000", "#000000", "#ffffff", "#ffffff"),
}  # page, card, ink, soft, line, accent, on accent, field
FONTS = (
    "Liberation Sans, sans-serif",
    "DejaVu Sans, sans-serif",
    "Liberation Serif, serif",
    "DejaVu Serif, serif",
)


@dataclass(frozen=True)
class Look:
    """One look; every part of it is independent of the others."""

    theme: str
    font: str
    size: int
    zoom: float
    radius: int
    labels: str  # above, left, placeholder, floating
    fields: str  # outline, filled, underline
    place: str  # center, left, right, wide
    menu: str  # top, side
    rows: str  # table, cards
    upper: bool
    bold: bool


def draw(seed: int | str, hard: bool = True) -> Look:
    """The look of a seed; `hard` allows small type, low zoom and labels inside fields."""
    dice = random.Random(f"look {seed}")
    labels = ("above", "left", "placeholder", "floating") if hard else ("above", "left", "above", "left")
    return Look(
        theme=dice.choice(list(THEMES)),
        font=dice.choice(FONTS),
        size=dice.choice((13, 14, 15, 16, 17, 18) if hard else (14, 15, 16, 17)),
        zoom=dice.choice((0.8, 0.9, 1.0, 1.0, 1.1, 1.25) if hard else (1.0, 1.0, 1.1)),
        radius=dice.choice((0, 2, 4, 6, 10, 20)),
        labels=dice.choice(labels),
        fields=dice.choice(("outline", "outline", "filled", "underline")),
        place=dice.choice(("center", "left", "right", "wide")),
        menu=dice.choice(("top", "side")),
        rows=dice.choice(("table", "table", "cards")),
        upper=dice.random() < 0.15,
        bold=dice.random() < 0.5,
    )


def css(look: Look) -> str:
    """The style sheet."""
    page, card, ink, soft, line, accent, on_accent, field = THEMES[look.theme]
    edge = {
        "outline": f"border:1px solid {line};background:{field}",
        "filled": f"border:0;background:{field};border-bottom:1px solid {line};box-shadow:inset 0 0 40px {line}33",
        "underline": f"border:0;border-bottom:1px solid {ink};background:transparent;border-radius:0",
    }[look.fields]
    place = {"center": "margin:30px auto", "left": "margin:30px", "right": "margin:30px 30px 30px auto"}.get(
        look.place, ""
    )
    menu = "display:flex" if look.menu == "side" else ""
    aside = "flex-direction:column;width:180px;flex:none" if look.menu == "side" else ""
    return f"""
*{{box-sizing:border-box}} html{{zoom:{look.zoom}}}
body{{margin:0;background:{page};color:{ink};font:{look.size}px/1.4 {look.font};{menu}}}
nav{{display:flex;gap:18px;padding:14px 24px;background:{card};border:1px solid {line};align-items:baseline;{aside}}}
nav b{{font-size:1.1em}} a{{color:{accent}}} main{{padding:20px 26px;flex:1}} h1{{font-size:1.5em;margin:0 0 14px}}
h2{{font-size:1.15em;margin:14px 0 8px}} p{{margin:0 0 10px}} small{{color:{soft};font-size:13px}}
.box{{background:{card};border:1px solid {line};border-radius:{look.radius}px;padding:20px 24px;width:{"100%" if look.place == "wide" else "440px"};{place}}}
.wide .box{{width:100%;max-width:760px;margin:0}}
.f{{margin:0 0 14px;position:relative}} .f>label,.f>.cap{{display:block;margin-bottom:4px;{"font-weight:bold" if look.bold else ""}}}
.f input,.f textarea,.f select{{font:inherit;color:{ink};width:100%;padding:8px 10px;border-radius:{look.radius}px;{edge}}}
.f input[type=radio],.f input[type=checkbox],.m input{{width:16px;height:16px;padding:0;accent-color:{accent};box-shadow:none}}
.f.left{{display:flex;align-items:center;gap:12px}} .f.left>label,.f.left>.cap{{width:130px;flex:none;margin:0}}
.f.floating{{margin-top:18px}} .f.floating>label{{position:absolute;left:10px;top:9px;color:{soft};pointer-events:none;margin:0}}
.f.floating input:focus~label,.f.floating textarea:focus~label,.f.floating :not(:placeholder-shown)~label
{{top:-9px;font-size:12px;background:{card};padding:0 4px}}
::placeholder{{color:{soft};opacity:1}} .m{{display:inline-block;margin:0 18px 8px 0}} .m input{{margin-right:6px;vertical-align:-2px}}
button,.btn{{font:inherit;padding:8px 18px;border-radius:{look.radius}px;border:1px solid {line};background:{card};color:{ink};
cursor:pointer;text-decoration:none;display:inline-block;{"text-transform:uppercase" if look.upper else ""}}}
button.go,.btn.go{{background:{accent};color:{on_accent};border-color:{accent};{"font-weight:bold" if look.bold else ""}}}
.bar{{display:flex;gap:14px;align-items:center;margin-top:8px}} form.inline{{display:inline}}
table{{border-collapse:collapse;width:100%;background:{card}}} td,th{{text-align:left;padding:7px 10px;border-bottom:1px solid {line}}}
.cards{{display:grid;grid-template-columns:repeat(3,1fr);gap:14px}} .card{{background:{card};border:1px solid {line};
border-radius:{look.radius}px;padding:12px 16px}} .card p{{margin:0 0 6px}}
.say{{border:1px solid {accent};padding:8px 14px;background:{card}}} .bad{{border:1px solid #c62828;padding:8px 14px;background:{card}}}
details{{position:relative}} summary{{cursor:pointer;list-style:none;border:1px solid {line};padding:4px 12px;display:inline-block;
border-radius:{look.radius}px}} details div{{position:absolute;right:0;z-index:5;background:{card};border:1px solid {line};padding:6px;
width:190px;box-shadow:0 4px 14px #0005}} details button{{border:0;width:100%;text-align:left}}
"""  # noqa: E501
