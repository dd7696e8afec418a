"""Reads the amounts of money that a text names, and says where one can't be read in one way only. Pure.

In doubt it is not readable: a policy then leaves the matter to a person.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from runs import plain

CURRENCIES = ("USD", "EUR", "GBP")
_SIGNS = {"$": "USD", "€": "EUR", "£": "GBP"}
_WORDS = {"dollar": "USD", "dollars": "USD", "euro": "EUR", "euros": "EUR", "pound": "GBP", "pounds": "GBP"}
_NUMBER = r"[0-9](?:[0-9.,'’]*[0-9])?"
_UNIT = rf"(?:[$€£]|\b(?:{'|'.join([*CURRENCIES, *_WORDS])})\b)"
_ANY_UNIT = re.compile(_UNIT, re.I)
_NAMED = re.compile(
    rf"(?P<before>{_UNIT})\s?(?P<a>{_NUMBER})(?P<after_too>\s?{_UNIT})?|(?P<b>{_NUMBER})\s?(?P<after>{_UNIT})", re.I
)
# Money that is not counted above, or words that make more or less of an amount than it says.
_FOREIGN = re.compile(
    r"[¢¥₹₽₩₺₴₿฿₫₪₱]|\b(?:CHF|JPY|CNY|INR|SEK|NOK|DKK|PLN|CZK|AUD|CAD|NZD|MXN|BRL|BTC|ETH|USDT|cents?|pence|francs?)\b"
    r"|\b(?:[A-Z]{1,3})(?=[$€£])",
    re.I,
)
_MORE_OR_LESS = re.compile(
    r"[0-9]\s?(?:k|m|mn|bn|thousand|million|billion|hundred|dozen|x)\b|[×%+]"
    r"|\b(?:per|each|apiece|every|times|monthly|weekly|yearly|annual(?:ly)?|daily|hourly|instal?lments?|recurring)\b"
    r"|\b(?:plus|fees?|tax(?:es)?|vat|tips?|shipping|surcharge|deposit|up to|at least|around|roughly|approximately)\b"
    r"|\b(?:or more|more than|less than|(?:about|from|at)\s?(?=[$€£0-9]))"
    r"|\b(?:pro|je|monatlich|jährlich|wöchentlich|zzgl|zuzüglich|gebühr\w*|steuer\w*|versand\w*|mindestens|etwa)\b",
    re.I,
)
_BEFORE_ANOTHER_DIGIT = re.compile(r"^[^A-Za-z0-9]{0,3}[0-9]")
_AFTER_ANOTHER_DIGIT = re.compile(r"[0-9][^A-Za-z0-9]?$")


@dataclass(frozen=True)
class Amount:
    """One amount as a text names it: between `low` and `high` cents, which are the same where it is clear."""

    currency: str
    low: int
    high: int


@dataclass(frozen=True)
class Reading:
    """All amounts of a text, and whether it names exactly one that can be read in one way only."""

    amounts: tuple[Amount, ...]
    is_clear: bool
    is_money: bool  # the text speaks of money at all

    def at_most(self, cents: int, currency: str) -> bool:
        """Certainly one amount, in that currency, and not above `cents`."""
        return self.is_clear and self.amounts[0].currency == currency and self.amounts[0].high <= cents

    def above(self, cents: int, currency: str) -> bool:
        """Perhaps an amount above `cents`: where it can't be read for certain, yes, since this asks for more care."""
        if self.is_money and not self.is_clear:
            return True
        return self.clearly_above(cents, currency)

    def clearly_above(self, cents: int, currency: str) -> bool:
        return self.is_clear and self.amounts[0].currency == currency and self.amounts[0].low > cents


def read(text: str) -> Reading:
    """The amounts in the text."""
    found = list(_NAMED.finditer(text))
    amounts = tuple(amount for match in found if (amount := _amount(match)))
    strange = bool(_FOREIGN.search(text)) or any(_is_other_digit(char) for char in text)
    clear = (
        len(found) == len(amounts) == 1
        and amounts[0].low == amounts[0].high
        and not strange
        and not plain.hides(text)
        and not _MORE_OR_LESS.search(text)
        and not found[0]["after_too"]
        and _stands_alone(text, found[0])
    )
    return Reading(amounts, clear, bool(found or _FOREIGN.search(text) or _ANY_UNIT.search(text)))


def _stands_alone(text: str, match: re.Match[str]) -> bool:
    """No other digit so near that it could belong to the amount."""
    before, after = text[: match.start()], text[match.end() :]
    minus = before.rstrip().endswith(("-", "−", "–"))
    return not minus and not _AFTER_ANOTHER_DIGIT.search(before) and not _BEFORE_ANOTHER_DIGIT.match(after)


def _amount(match: re.Match[str]) -> Amount | None:
    unit = (match["before"] or match["after"]).lower()
    currency = _SIGNS.get(unit) or _WORDS.get(unit) or unit.upper()
    values = _values(match["a"] or match["b"], currency)
    return Amount(currency, min(values), max(values)) if values else None


def _values(number: str, currency: str) -> list[int]:
    """The cents that a number may mean: one value where its separators leave no doubt; none for nonsense."""
    digits = re.split(r"[.,'’]", number)
    marks = re.findall(r"[.,'’]", number)
    if any(len(part) > 12 for part in digits) or "" in digits:
        return []
    if not marks:
        return [int(number) * 100]
    grouped = all(len(part) == 3 for part in digits[1:]) and 1 <= len(digits[0]) <= 3 and digits[0][0] != "0"
    if len(set(marks)) == 1 and grouped:  # 1,240: thousands; but 1.240 may be a fraction of three digits
        whole = int("".join(digits)) * 100
        return [whole] if marks[0] != "." or len(marks) > 1 else [int(digits[0]) * 100, whole]
    last_is_fraction = len(digits[-1]) in (1, 2) and marks[-1] in ".,"
    heads_grouped = len(digits) == 2 or (
        all(len(part) == 3 for part in digits[1:-1])
        and len(set(marks[:-1])) == 1
        and marks[-1] != marks[0]
        and 1 <= len(digits[0]) <= 3
    )
    if last_is_fraction and heads_grouped:
        fraction = int("".join(digits[:-1])) * 100 + int(digits[-1].ljust(2, "0"))
        # Who writes dollars or pounds puts no comma before cents: it may be a thousand cut short.
        return [fraction] if marks[-1] == "." or currency == "EUR" or len(marks) > 1 else [fraction, fraction * 1000]
    joined = int("".join(digits))
    return [joined, joined * 100]


def _is_other_digit(char: str) -> bool:
    return char.isnumeric() and not char.isascii()
