"""One visit per browser session: its own copy of the data, who is signed in, which forms were used."""

from __future__ import annotations

import secrets
from collections import OrderedDict
from dataclasses import dataclass, field

from coasty_local.practice import data
from coasty_local.practice.data import Account, Customer, Invoice, Order

KEPT_VISITS = 1_000
KEPT_TOKENS = 200


@dataclass
class Visit:
    """Everything that belongs to one browser session."""

    id: str
    variant: int = 0
    account: Account | None = None
    pending: Account | None = None  # gave the password, still owes the one-time code
    wanted: str = ""  # the path asked for before sign-in
    message: str = ""  # shown once on the next page
    human: bool = False  # has passed the captcha
    captcha: int = 0  # how many pictures were given up or missed
    cookies_answered: bool = False
    closed: set[str] = field(default_factory=set)  # e-mails of deleted accounts
    settings: dict[str, str] = field(default_factory=lambda: {"due": "on", "format": "PDF", "note": ""})
    invoices: dict[str, Invoice] = field(default_factory=data.invoices)
    orders: dict[str, Order] = field(default_factory=data.orders)
    customers: list[Customer] = field(default_factory=data.customers)
    tokens: OrderedDict[str, str] = field(
        default_factory=OrderedDict
    )  # form token -> where its result is, "" if unused

    def issue(self) -> str:
        """A token for one form; the oldest are forgotten."""
        token = secrets.token_urlsafe(12)
        self.tokens[token] = ""
        while len(self.tokens) > KEPT_TOKENS:
            self.tokens.popitem(last=False)
        return token

    def take_message(self) -> str:
        message, self.message = self.message, ""
        return message


class Visits:
    """The visits of all browsers, in memory: the thousand that were used last."""

    def __init__(self) -> None:
        self._visits: OrderedDict[str, Visit] = OrderedDict()

    def get(self, id: str) -> Visit:
        """The visit with this id; an unknown id gets a new one with an id of our own."""
        visit = self._visits.get(id)
        if visit is None:
            visit = Visit(secrets.token_urlsafe(18))
            self._visits[visit.id] = visit
        self._visits.move_to_end(visit.id)
        while len(self._visits) > KEPT_VISITS:
            self._visits.popitem(last=False)
        return visit

    def __len__(self) -> int:
        return len(self._visits)
