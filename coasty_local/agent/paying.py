"""What moves money: controls and acts that pay, sums and payees as a page shows them, the question about it. Pure."""

from __future__ import annotations

import re

from coasty_local.agent import reading
from coasty_local.agent.planner import words as lexicon
from coasty_local.agent.scene import BUTTON, ICON, LINK, Control, Line, Scene

_SHORT = 90  # a phrase that asks for something is no longer than this; longer lines are prose
_PAY = re.compile(
    r"^(?:yes,?\s*)?(?:pay(?:\s+(?:now|it|the|this|invoice|bill|order|with|by|all|in\s+full|securely|\W*[$€£\d]).*|\s+\S*\d\S*)?|confirm\s+(?:and\s+pay|payment|order|purchase)|"
    r"(?:make|submit|send|complete|approve|authorize|authorise)\s+(?:a\s+|the\s+|this\s+)?(?:payment|purchase|transfer|money)|place\s+(?:your\s+|the\s+)?order|buy(?:\s+now|\s+it\s+now)?|"
    r"order\s+(?:now|and\s+pay)|complete\s+(?:purchase|order|checkout)|purchase|transfer(?:\s+(?:now|money|funds))?|send\s+money|donate(?:\s+now)?|checkout\s+and\s+pay|settle(?:\s+\w+)?|book\s+and\s+pay)\W*$",
    re.IGNORECASE,
)
_PAYEE_LABELS = (
    "payee",
    "pay to",
    "paid to",
    "recipient",
    "supplier",
    "vendor",
    "beneficiary",
    "merchant",
    "biller",
    "seller",
    "company",
    "to",
    "from",
    "customer",
)
_AMOUNT_LABELS = (
    "total due",
    "amount due",
    "grand total",
    "total",
    "amount",
    "balance due",
    "balance",
    "sum",
    "price",
    "to pay",
)
_STATUS = re.compile(
    r"^(?:due|overdue|paid|open|unpaid|pending|approved|awaiting.*|draft|sent|new|view|show|open|details|pay.*|edit|approve)$",
    re.IGNORECASE,
)


def pays(control: Control) -> bool:
    """Whether the words on a control say that it pays."""
    return control.kind in (BUTTON, LINK, ICON) and bool(_PAY.match(control.text.strip()))


_BUYING = frozenset(
    ("pay", "buy", "purchase", "order", "transfer", "donate", "top up", "rent", "bid", "bet", "tip", "book and pay")
)
_BOUGHT = frozenset(("order", "purchase", "payment", "bid", "bet", "donation", "deposit"))
_SENDING = frozenset(("place", "make", "send", "submit", "confirm", "complete", "finish", "check out"))
_COSTING = frozenset(
    ("book", "reserve", "upgrade", "subscribe", "renew", "register", "sign up", "join", "enrol", "enroll", "confirm",
     "complete", "finish", "place", "check out", "redeem", "extend", "hire")
)  # fmt: skip
_TOTAL = re.compile(
    r"\b(?:total|to\s+pay|amount\s+due|you(?:'ll|\s+will)?\s+pay|will\s+be\s+charged|balance\s+due)\b", re.IGNORECASE
)
_PRICE = re.compile(r"\b(?:prices?|costs?|fees?|rate|subtotal)\b", re.IGNORECASE)
# what only leads on, looks closer or lays something aside: a price beside it is for reading
_LEADS_ON = re.compile(
    r"(?:details?|more(?:\s+\w+)?|(?:view|see|show|open|read|learn|compare|select|choose|pick|change|edit|back|next|search|"
    r"find|add\s+to|put\s+in|save\s+for|continue\s+shopping|remove|apply|estimate|calculate)\b.*|\+|add)\W*",
    re.IGNORECASE,
)


def buys(verb: str, noun: str, scene: Scene, control: Control | None = None) -> bool:
    """Whether the act, said in words, moves money by this control: it always does, or the page names a sum for it."""
    if control is not None and _leads_on(control.text.strip()):
        return False
    if verb in _BUYING or (verb in _SENDING and noun in _BOUGHT):
        return True
    return verb in _COSTING and costs(scene)


def _leads_on(text: str) -> bool:
    return bool(_LEADS_ON.fullmatch(text)) and not re.search(
        r"\b(?:pay|buy|order|purchase|transfer|book)\b", text, re.I
    )


def costs(scene: Scene) -> bool:
    """Whether the page names a sum to be paid, in one line or beside its label. A total always is one; a price only on
    a page about one thing: a list of prices is an offer."""
    if any(_sums(scene, line) for line in scene.lines if _TOTAL.search(line.text)):
        return True
    offers = {reading.digits(found) for found in amounts(scene)}
    return len(offers) <= 2 and any(_sums(scene, line) for line in scene.lines if _PRICE.search(line.text))


def _sums(scene: Scene, line: Line) -> bool:
    """A sum of money stands on the line, or beside it."""
    if len(line.text) > _SHORT:
        return False
    beside = [other for other in scene.lines if reading.on_row(scene, line.box, other.box)]
    return any(lexicon.MONEY.search(other.text) for other in (line, *beside))


_FINAL = re.compile(r"\?\s*$|\b(?:charged|confirm(?:s|ing)?|complete(?:s|d)?|final(?:ly)?|debited)\b", re.IGNORECASE)


def pays_here(scene: Scene, control: Control) -> bool:
    """Whether a control that merely confirms answers a question about paying a sum, which stands above it."""
    words = ("confirm", "yes", "ok", "submit", "continue", "proceed", "send")
    word = next((word for word in words if reading.same(word, control.text)), "")
    if control.kind != BUTTON or not word:
        return False
    leads_on = word in ("continue", "proceed") and not any(_FINAL.search(line.text) for line in scene.lines)
    return not leads_on and any(
        re.search(r"\b(?:pay|payment|transfer|purchase)\b", line.text, re.IGNORECASE)
        and lexicon.MONEY.search(line.text)
        and len(line.text) <= _SHORT
        and line.box.y < control.box.y
        and reading.near(scene, line, control, 12)
        for line in scene.lines
    )


def amounts(scene: Scene) -> list[str]:
    return [found for line in scene.lines for found in lexicon.MONEY.findall(line.text)]


def amount(scene: Scene, control: Control, about: str = "") -> str:
    """The sum that the control would move: on its own words, its row, beside an amount label, in the page's
    question."""
    own = lexicon.MONEY.findall(control.text)
    if own:
        return own[0]
    band = reading.row_lines(scene, about) if about else []
    band += [line for line in scene.lines if reading.on_row(scene, control.box, line.box)]
    for line in band:
        found = lexicon.MONEY.findall(line.text)
        if found:
            return found[0]
    for label in _AMOUNT_LABELS:
        found = lexicon.MONEY.findall(reading.value_of(scene, label))
        if found:
            return found[0]
    everywhere = list(dict.fromkeys(amounts(scene)))
    return everywhere[0] if len(everywhere) == 1 else ""


def payee(scene: Scene, control: Control, about: str = "") -> str:
    """Who would be paid: in the page's question, beside a payee label, or on the row of the control."""
    for line in scene.lines:
        asked = re.search(r"\bto\s+([A-Z][\w&.'-]*(?:\s[A-Z][\w&.'-]*)*)\s?[?.]?$", line.text)
        if asked and lexicon.MONEY.search(line.text):
            return asked.group(1).strip()
    for label in _PAYEE_LABELS:
        value = (about and reading.column_value(scene, label, about)) or _labelled(scene, label)
        if value and re.search(r"[A-Za-z]{2}", value):
            return value
    row = (
        reading.row_lines(scene, about)
        if about
        else [line for line in scene.lines if reading.on_row(scene, control.box, line.box)]
    )
    words = [
        line.text
        for line in row
        if re.search(r"[A-Za-z]{3}", line.text)
        and not re.search(r"\d", line.text)
        and not _STATUS.match(line.text.strip())
    ]
    return words[0] if words else ""


def _labelled(scene: Scene, label: str) -> str:
    """The value of a label that stands by itself (a one-word line or one with a colon)."""
    for line in scene.lines:
        text = reading.plain(line.text.split(":")[0])
        if text == label and (":" in line.text or len(line.text) <= len(label) + 2):
            return reading.value_of(
                Scene(scene.width, scene.height, scene.lines, (), scene.text_height), line.text.split(":")[0]
            )
    return ""


def pay_question(scene: Scene, control: Control, about: str = "") -> str:
    """What to ask before a payment, naming payee and amount as the screen shows them."""
    who, much = payee(scene, control, about), amount(scene, control, about)
    what = f"About to pay {who} {much}".rstrip() if who else f"About to pay {much}".rstrip()
    missing = (
        ""
        if who and much
        else " (the screen shows no payee)"
        if much
        else " (the screen shows no amount)"
        if who
        else " (the screen shows neither payee nor amount)"
    )
    what += f" for {about}" if about and about not in what else ""
    return f"{what} by “{reading.name(control)}”{missing}. Resume to pay, or say no."
