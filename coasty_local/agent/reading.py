"""What the words on a screen say: a phrase, its row, the value beside a label. Pure over a Scene."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace

from rapidfuzz import fuzz

from coasty_local.agent.scene import (
    BUTTON,
    INPUT,
    LINK,
    PANEL,
    SELECT,
    TEXT,
    Box,
    Control,
    Line,
    Scene,
)

_FOLD = str.maketrans("01|!$5", "olliss")
_CLOSE = 90.0  # how alike (of 100) a long phrase must be to count as read


def plain(text: str) -> str:
    """Lower case, single blanks, no punctuation at the edges of words; digits stay."""
    return " ".join(
        re.sub(
            r"[^\w@.+#/:-]+|_+|(?<!\w)[.:-]+|[.:-]+(?!\w)", " ", text.lower().replace("’", "'").replace("'", "")
        ).split()
    )


def folded(text: str) -> str:
    """`plain` without blanks, with letters that readers mix up made one."""
    return re.sub(r"[^a-z0-9@$€£]", "", plain(text)).translate(_FOLD).replace("i", "l")


def digits(text: str) -> str:
    return re.sub(r"\D", "", text.translate(str.maketrans("oOlI|", "00111")) if re.search(r"\d", text) else "")


def same(a: str, b: str) -> bool:
    """Whether two texts read the same, as far as a reader can tell."""
    if folded(a) == folded(b):
        return True
    alike = len(plain(a)) == len(plain(b)) >= 8 and not re.search(r"\d", b)
    return alike and fuzz.ratio(plain(a), plain(b)) >= _CLOSE


def within(words: str, text: str) -> bool:
    """Whether the text says the words, as whole words."""
    wanted, given = plain(words), plain(text)
    if not wanted or not given:
        return False
    if f" {wanted} " in f" {given} ":
        return True
    packed = folded(words)
    if len(packed) >= 4 and re.search(r"\d", words):
        return _bounded(packed, text)
    if len(packed) >= 8 and " " in wanted and packed in folded(text):
        return True
    # one word must be read exactly: "refund" is not "refunded"
    if re.search(r"\d", wanted) or len(wanted) < 8 or " " not in wanted or len(given) < len(wanted) - 1:
        return _bounded(packed, text) if len(packed) >= 3 else False
    return fuzz.partial_ratio(wanted, given) >= _CLOSE


def _bounded(packed: str, text: str) -> bool:
    """The packed words equal some run of whole words of the text (a reader may lose or add blanks)."""
    parts = [folded(part) for part in text.split()]
    for start in range(len(parts)):
        built = ""
        for part in parts[start:]:
            built += part
            if built == packed:
                return True
            if len(built) > len(packed):
                break
    return False


def find(scene: Scene, words: str) -> list[Line]:
    """The lines that say the words, exact ones first."""
    hits = [line for line in scene.lines if within(words, line.text)]
    return sorted(hits, key=lambda line: (plain(line.text) != plain(words), line.box.y))


def says(scene: Scene, words: str) -> bool:
    """Whether the screen says the words, in one line or over several."""
    if find(scene, words) or any(within(words, control.text) for control in scene.controls):
        return True
    return len(plain(words)) >= 8 and within(words, " ".join(line.text for line in scene.lines))


def row_band(scene: Scene, box: Box) -> tuple[int, int]:
    """Top and bottom of the row that a box stands on."""
    margin = int(scene.text_height * 0.6)
    return box.y - margin, box.bottom + margin


def on_row(scene: Scene, box: Box, other: Box) -> bool:
    top, bottom = row_band(scene, box)
    return top <= other.center[1] <= bottom


def record_box(scene: Scene, key: Line, words: str) -> Box:
    """The place that belongs to the record named by `words` on this line: its panel, else its part of the row up to the
    next name of the same pattern. Cards stand side by side, and the words of a neighbour say nothing of this record."""
    panels = [
        c.box
        for c in scene.controls
        if c.kind == PANEL and c.box.overlap(key.box) * 2 > key.box.w * key.box.h and c.box.h < scene.height * 0.7
    ]
    panel = min(panels, key=lambda box: box.w * box.h, default=None)
    if panel is not None and panel.h > scene.text_height * 2.5 and not _rows_in(scene, panel, key):
        return panel
    margin = int(scene.text_height * 0.6)
    left, right = 0, scene.width
    for rival in scene.lines:
        if rival is not key and on_row(scene, key.box, rival.box) and rivals(words, rival.text):
            if rival.box.x > key.box.x:
                right = min(right, rival.box.x)
            else:
                left = key.box.x - margin
    return Box(left, key.box.y - margin, right - left, key.box.h + 2 * margin)


def _rows_in(scene: Scene, panel: Box, key: Line) -> bool:
    """Whether the panel holds a table: other rows begin flush with this one, in letters of its size, and like it go on
    to the right. Then the panel is no place of one record."""
    if panel.w < scene.width * 0.45 or not _goes_on(scene, key):
        return False
    alike = [
        line
        for line in scene.lines
        if line is not key
        and panel.contains(*line.box.center)
        and abs(line.box.x - key.box.x) <= 4
        and abs(letter_height(line) - letter_height(key)) < 0.2 * letter_height(key)
        and not on_row(scene, key.box, line.box)
        and _goes_on(scene, line)
    ]
    return len(alike) >= 2


def _goes_on(scene: Scene, line: Line) -> bool:
    """Something stands right of the line on its row, well apart from it."""
    after = line.box.right + scene.text_height
    others = [*(o.box for o in scene.lines if o is not line), *(c.box for c in scene.controls if c.kind != PANEL)]
    return any(box.x > after and on_row(scene, line.box, box) for box in others)


def rivals(key: str, text: str) -> bool:
    """Whether the text names another thing of the same pattern as the key (INV-1043 beside INV-1042)."""
    if not re.search(r"\d", key):
        return False
    found = key_pattern(key).findall(text)
    return any(folded(hit) != folded(key) for hit in found)


def key_pattern(key: str) -> re.Pattern[str]:
    """Things named like the key: INV-1042 -> letters, dash, four digits."""
    parts = re.findall(r"[A-Za-z]+|\d+|[^A-Za-z\d]+", key)
    return re.compile(
        r"\b" + "".join(rf"\d{{{len(p)}}}" if p.isdigit() else re.escape(p) for p in parts) + r"\b", re.IGNORECASE
    )


def record_lines(scene: Scene, words: str) -> list[Line]:
    """The lines that belong to the record of this name, wherever it stands."""
    found: list[Line] = []
    for key in find(scene, words):
        place = record_box(scene, key, words)
        found += [line for line in scene.lines if place.contains(*line.box.center) and line not in found]
    return found


def near(scene: Scene, line: Line, control: Control, reach: float = 9.0) -> bool:
    """Close enough, above or beside, for the phrase to speak of the control."""
    gap = max(control.box.y - line.box.bottom, line.box.y - control.box.bottom, 0)
    aside = max(control.box.x - line.box.right, line.box.x - control.box.right, 0)
    return gap <= scene.text_height * reach and aside <= scene.text_height * 6


def row_lines(scene: Scene, words: str) -> list[Line]:
    """All lines on the rows that say the words, left to right."""
    found: list[Line] = []
    for hit in find(scene, words):
        found += [line for line in scene.lines if on_row(scene, hit.box, line.box) and line not in found]
    return sorted(found, key=lambda line: (line.box.y // max(1, int(scene.text_height)), line.box.x))


def letter_height(line: Line) -> float:
    """How tall the letters of a line are, tails counted whether it has any or not."""
    return line.box.h * (1.0 if re.search(r"[gjpqyQ(),;|]", line.text) else 1.25)


def headings(scene: Scene) -> list[Line]:
    """The lines in the largest letters, largest first."""
    tall = [line for line in scene.lines if letter_height(line) >= scene.text_height * 1.28 and len(line.text) > 2]
    return sorted(tall, key=lambda line: (-round(letter_height(line) / scene.text_height * 3), line.box.y))


def title(scene: Scene) -> str:
    """What the page is about, for people: its heading, else its first line."""
    found = headings(scene) or list(scene.lines)
    return found[0].text if found else ""


def value_of(scene: Scene, label: str) -> str:
    """The value beside, else below, a label; else what follows the label on its line, else what stands under a
    column of that name."""
    for line in find(scene, label):
        rest = re.sub(rf"^.*?\b{re.escape(label)}\b\s*[:=–-]*\s*", "", line.text, flags=re.IGNORECASE)
        if rest and plain(rest) != plain(line.text) and within(label, line.text[: len(label) + 6]):
            return rest.strip()
        if len(plain(line.text)) > len(plain(label)) + 12:
            continue
        beside = [
            other
            for other in scene.lines
            if other is not line and on_row(scene, line.box, other.box) and other.box.x >= line.box.right - 2
        ]
        if beside:
            return min(beside, key=lambda other: other.box.x).text
        below = [
            other
            for other in scene.lines
            if 0 < other.box.y - line.box.bottom + 2 < scene.text_height * 2.5
            and abs(other.box.x - line.box.x) < scene.text_height * 3
        ]
        if below:
            return min(below, key=lambda other: other.box.y).text
    return ""


def column_value(scene: Scene, label: str, about: str) -> str:
    """The cell where the column named `label` meets the row that says `about`."""
    keys = find(scene, about)
    for head in find(scene, label):
        for key in keys:
            if head.box.y >= key.box.y:
                continue
            cells = [line for line in scene.lines if on_row(scene, key.box, line.box) and line is not key]
            under = [line for line in cells if min(line.box.right, head.box.right) - max(line.box.x, head.box.x) > 0]
            if under:
                return _whole(scene, under[0], cells)
    return ""


def _whole(scene: Scene, first: Line, cells: list[Line]) -> str:
    """The text of a cell: words that stand closer than columns do were read apart, but are one value ("0221 402")."""
    parts = [first]
    for cell in sorted(cells, key=lambda line: line.box.x):
        if 0 <= cell.box.x - parts[-1].box.right < scene.text_height * 0.9:
            parts.append(cell)
        elif 0 <= parts[0].box.x - cell.box.right < scene.text_height * 0.9:
            parts.insert(0, cell)
    return " ".join(part.text for part in parts)


def new_lines(before: Scene, after: Scene) -> list[Line]:
    """Lines of the second scene whose text the first does not have."""
    known = {folded(line.text) for line in before.lines}
    return [line for line in after.lines if folded(line.text) not in known]


def fresh(before: Scene | None, control: Control) -> bool:
    """Whether a control was not there before (by text and place)."""
    return before is None or not any(
        folded(old.text) == folded(control.text) and old.box.overlap(control.box) > 0 for old in before.controls
    )


def name(control: Control) -> str:
    """What to call a control when telling people of it."""
    own, beside = control.text.strip(), control.label.strip()
    return (
        beside or own if control.kind in (INPUT, SELECT) else own or beside
    ) or f"the {control.kind} at {control.box.center[0]}, {control.box.center[1]}"


def any_word(words: Iterable[str], text: str) -> bool:
    return any(within(word, text) for word in words)


def as_control(line: Line) -> Control:
    """A line of text as something that can be clicked."""
    return Control(TEXT, line.box, line.text, score=line.score)


def with_fields(scene: Scene) -> Scene:
    """The scene with wide frames whose words stand at their left taken for fields: the words of a button stand
    in its middle."""
    return replace(scene, controls=tuple(_as_field(scene, c) if c.kind == BUTTON else c for c in scene.controls))


def _as_field(scene: Scene, control: Control) -> Control:
    box, unit = control.box, scene.text_height
    if box.w < unit * 12 or not 1.8 * unit <= box.h <= 5 * unit or any(sign in control.text for sign in "!?."):
        return control
    lines = [line.box for line in scene.lines if line.box.overlap(box) * 2 > line.box.w * line.box.h]
    if not lines:
        return control
    left, right = min(line.x for line in lines) - box.x, box.right - max(line.right for line in lines)
    if left > unit * 2.2 or right < max(left * 3, box.w * 0.3):
        return control
    return replace(control, kind=INPUT, label=control.label or control.text)


def in_menu(scene: Scene, control: Control) -> bool:
    """A link of a menu: other links stand on its row near the top, or above and below it at the side."""
    links = [c for c in scene.controls if c.kind in (LINK, BUTTON) and c is not control]
    beside = [c for c in links if on_row(scene, control.box, c.box)]
    if control.box.y < scene.height * 0.16 and len(beside) >= 1:
        return True
    column = [c for c in links if abs(c.box.x - control.box.x) < scene.text_height and c.kind == LINK]
    return control.box.right < scene.width * 0.28 and len(column) >= 2


def with_menu(scene: Scene) -> Scene:
    """The scene with short words side by side at its top taken for links: a menu need not underline its places."""
    lines = [
        line
        for line in scene.lines
        if line.box.y < scene.height * 0.13
        and re.fullmatch(r"[A-Z][\w'’-]*(?: [\w'’-]+){0,2}", line.text)
        and not any(c.kind != PANEL and c.box.overlap(line.box) > 0 for c in scene.controls)
    ]
    found = []
    for line in lines:
        level = [o for o in lines if abs(o.box.center[1] - line.box.center[1]) <= 4 and abs(o.box.h - line.box.h) <= 7]
        below = [
            o for o in scene.lines if abs(o.box.x - line.box.x) < 6 and 0 < o.box.y - line.box.bottom < line.box.h * 3
        ]
        if len(level) >= 3 and not below:  # words with something right under them are the heads of a table
            found.append(Control(LINK, line.box, line.text, score=0.6))
    named = [folded(link.text) for link in found]
    kept = [
        replace(c, label="") if c.kind == INPUT and c.text and folded(c.label) in named else c for c in scene.controls
    ]  # a search field beside the menu is not called as the place before it
    return replace(scene, controls=(*kept, *found)) if found else scene


def shape(text: str) -> str:
    """The text's pattern: INV-1042 and INV-1043 have the same."""
    return re.sub(r"[a-z]+", "a", re.sub(r"[A-Z]+", "A", re.sub(r"\d+", "9", text.strip())))
