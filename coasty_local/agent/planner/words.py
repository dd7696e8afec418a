"""The words that the planner and the agent know: acts with their other names, roles, field names. Pure data."""

from __future__ import annotations

import re

from coasty_local.agent import scene

# act -> (words that a control for it may carry, words that a screen shows once it is done)
ACTS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "pay": (("pay now", "pay", "pay invoice", "make payment", "settle"), ("paid", "payment sent", "payment received")),
    "approve": (("approve", "accept", "authorize", "authorise"), ("approved", "accepted", "authorized")),
    "refund": (("refund", "issue refund", "refund order", "give refund", "return"), ("refunded", "refund issued")),
    "reject": (("reject", "decline", "deny", "refuse"), ("rejected", "declined", "denied")),
    "cancel": (("cancel",), ("cancelled", "canceled")),
    "delete": (("delete", "remove", "trash", "discard"), ("deleted", "removed")),
    "archive": (("archive",), ("archived",)),
    "void": (("void",), ("voided", "void")),
    "send": (("send",), ("sent",)),
    "publish": (("publish",), ("published",)),
    "ship": (("ship", "mark as shipped", "dispatch"), ("shipped", "dispatched")),
    "close": (("close", "resolve"), ("closed", "resolved")),
    "reopen": (("reopen", "re-open"), ("reopened", "open")),
    "renew": (("renew",), ("renewed",)),
    "suspend": (("suspend", "deactivate", "disable"), ("suspended", "deactivated", "disabled")),
    "activate": (("activate", "enable"), ("activated", "enabled", "active")),
    "deactivate": (("deactivate", "disable"), ("deactivated", "disabled", "inactive")),
    "resolve": (("resolve",), ("resolved",)),
    "assign": (("assign",), ("assigned",)),
    "confirm": (("confirm",), ("confirmed",)),
    "subscribe": (("subscribe", "sign up"), ("subscribed", "thank")),
    "unsubscribe": (("unsubscribe",), ("unsubscribed",)),
    "transfer": (("transfer", "send money"), ("transferred", "sent")),
    "buy": (("buy now", "buy", "purchase", "place order", "order now"), ("thank you for your order", "order placed")),
    "edit": (("edit", "change", "update", "modify"), ("saved", "updated", "changed")),
    "add": (
        ("add", "new", "create", "register", "add new", "create new"),
        ("added", "created", "saved", "registered", "new"),
    ),
    "invite": (("invite",), ("invited", "invitation sent")),
}
ACT_ALIASES = {
    "remove": "delete", "erase": "delete", "trash": "delete", "decline": "reject", "deny": "reject", "settle": "pay",
    "reimburse": "refund", "create": "add", "register": "add", "authorize": "approve", "authorise": "approve",
    "disable": "deactivate", "enable": "activate", "purchase": "buy", "dispatch": "ship", "change": "edit",
    "update": "edit", "modify": "edit", "issue": "add", "make": "add",
}  # fmt: skip
CONFIRMING = (
    "confirm", "yes", "ok", "submit", "save", "continue", "proceed", "send", "done", "finish", "complete", "apply",
    "next", "save changes", "go ahead", "agree", "accept",
)  # fmt: skip
SIGN_IN = ("sign in", "log in", "login", "signin", "log on", "sign on")
SIGN_OUT = ("sign out", "log out", "logout", "signout", "log off", "sign off")
GO_ON = ("continue", "next", "submit", "go", "enter", "proceed", "ok", "verify", "confirm")
USER_LABELS = ("email", "e-mail", "email address", "username", "user name", "user", "login", "account", "user id")
PASSWORD_LABELS = ("password", "passphrase", "passcode", "pass word", "secret", "pin")
CODE_LABELS = (
    "code", "one-time code", "verification code", "security code", "otp", "6-digit code", "authentication code",
    "token", "one time code", "passcode",
)  # fmt: skip
# What people call a field -> other words that a page may use for it.
FIELD_ALIASES: dict[str, tuple[str, ...]] = {
    "email": ("e-mail", "email address", "e-mail address", "mail"),
    "username": ("user name", "user", "login", "user id", "email"),
    "password": ("passphrase", "passcode"),
    "name": (
        "patient",
        "patient name",
        "client",
        "member",
        "full name",
        "guest name",
        "customer name",
        "your name",
        "display name",
        "company name",
        "contact name",
    ),
    "reason": ("reason for refund", "refund reason", "why", "comment", "note", "explanation", "justification"),
    "note": ("notes", "comment", "comments", "message", "remark"),
    "message": ("comment", "note", "your message", "reply", "text", "body"),
    "comment": ("reply", "note", "message", "your comment"),
    "from": ("start date", "first day", "start", "starts", "begin", "from date", "arrival", "check-in"),
    "to": ("end date", "last day", "end", "ends", "until", "to date", "departure", "check-out"),
    "arrival": ("check-in", "check in", "arrival date", "arrive"),
    "departure": ("check-out", "check out", "departure date", "leave"),
    "assignee": ("owner", "assigned to", "assign to", "responsible", "agent"),
    "shipping": ("delivery", "shipping method", "delivery method"),
    "guests": ("number of guests", "people", "persons", "party size", "adults", "number of people"),
    "recipient": ("to", "send to", "addressee"),
    "tickets": ("number of tickets", "seats", "quantity", "how many"),
    "time": ("hour", "start time"),
    "phone": ("telephone", "phone number", "mobile", "tel"),
    "amount": ("sum", "value", "total", "price"),
    "plan": ("subscription", "tier", "package", "subscription plan"),
    "role": ("access", "permission", "type"),
    "company": ("organisation", "organization", "business", "company name"),
    "address": ("street", "street address"),
    "zip": ("postal code", "postcode", "zip code"),
    "title": ("subject", "summary"),
    "subject": ("title",),
    "quantity": ("qty", "count"),
    "date": ("day", "when"),
    "date of birth": ("birth date", "birthday", "dob", "born"),
    "description": ("details", "text", "body"),
    "code": CODE_LABELS,
    **dict.fromkeys(
        ("coupon", "promo", "discount", "voucher", "gift"),
        ("coupon code", "promo code", "discount code", "voucher code", "gift code", "coupon", "voucher", "promo"),
    ),
}
FIELDS = frozenset(FIELD_ALIASES) | frozenset(
    "country city state street tel telephone mobile website url comment notes department team manager "
    "price tax first_name "
    "last_name surname age birthday budget priority category status type tag tags label language currency iban "
    "account reference due due_date start end pin cvv card color colour size gender number login user".split()
)
# names of fields that have an "of" in them: what follows it is no value
COMPOUND = r"(?:date|day|place|year|number|time|type|kind|reason|name)\s+of\s+(?:the\s+)?[a-z]+"
# role words that follow or precede the name of a control
ROLES: dict[str, tuple[str, ...]] = {
    "button": (scene.BUTTON, scene.LINK, scene.ICON),
    "link": (scene.LINK,),
    "hyperlink": (scene.LINK,),
    "tab": (scene.LINK, scene.BUTTON),
    "menu": (scene.BUTTON, scene.LINK, scene.ICON),
    "menu item": (scene.LINK, scene.BUTTON),
    "icon": (scene.ICON, scene.BUTTON, scene.IMAGE),
    "image": (scene.IMAGE, scene.ICON),
    "picture": (scene.IMAGE, scene.ICON),
    "field": (scene.INPUT, scene.SELECT),
    "text field": (scene.INPUT,),
    "input field": (scene.INPUT,),
    "input": (scene.INPUT,),
    "textbox": (scene.INPUT,),
    "text box": (scene.INPUT,),
    "text area": (scene.INPUT,),
    "textarea": (scene.INPUT,),
    "bar": (scene.INPUT,),
    "box": (scene.INPUT, scene.CHECK),
    "checkbox": (scene.CHECK,),
    "check box": (scene.CHECK,),
    "tick box": (scene.CHECK,),
    "switch": (scene.CHECK,),
    "toggle": (scene.CHECK,),
    "radio button": (scene.RADIO,),
    "radio": (scene.RADIO,),
    "dropdown": (scene.SELECT, scene.BUTTON),
    "drop-down": (scene.SELECT, scene.BUTTON),
    "drop down": (scene.SELECT, scene.BUTTON),
    "dropdown list": (scene.SELECT,),
    "dropdown menu": (scene.SELECT,),
    "select": (scene.SELECT,),
    "select box": (scene.SELECT,),
    "list": (scene.SELECT, scene.RADIO),
    "combo box": (scene.SELECT, scene.INPUT),
    "slider": (scene.SLIDER,),
    "option": (),
    "item": (),
    "entry": (),
    "card": (),
    "heading": (scene.TEXT,),
    "text": (scene.TEXT, scene.LINK),
    "result": (scene.LINK, scene.TEXT),
}
ORDINALS = {
    "first": 1, "1st": 1, "second": 2, "2nd": 2, "third": 3, "3rd": 3, "fourth": 4, "4th": 4, "fifth": 5, "5th": 5,
    "sixth": 6, "6th": 6, "seventh": 7, "7th": 7, "eighth": 8, "8th": 8, "ninth": 9, "9th": 9, "tenth": 10, "10th": 10,
    "last": -1, "top": 1, "topmost": 1, "bottom": -1, "final": -1,
}  # fmt: skip
KEYS = {
    "enter": "Enter", "return": "Enter", "tab": "Tab", "escape": "Escape", "esc": "Escape", "backspace": "Backspace",
    "delete": "Delete", "del": "Delete", "space": " ", "spacebar": " ", "up": "ArrowUp", "down": "ArrowDown",
    "left": "ArrowLeft", "right": "ArrowRight", "home": "Home", "end": "End", "page up": "PageUp", "pageup": "PageUp",
    "page down": "PageDown", "pagedown": "PageDown", "ctrl": "Control", "control": "Control", "shift": "Shift",
    "alt": "Alt", "cmd": "Meta", "command": "Meta", "meta": "Meta", "arrow up": "ArrowUp", "arrow down": "ArrowDown",
    "up arrow": "ArrowUp", "down arrow": "ArrowDown", "left arrow": "ArrowLeft", "right arrow": "ArrowRight",
    **{f"f{n}": f"F{n}" for n in range(1, 13)},
}  # fmt: skip

EMAIL = re.compile(r"[\w.+%-]+@[\w-]+(?:\.[\w-]+)+")
MONEY = re.compile(
    r"(?:[$€£]\s?\d[\d.,]*\d|[$€£]\s?\d|\b\d[\d.,]*\s?(?:USD|EUR|GBP|CHF|dollars|euros)\b|\b\d[\d.,]*\s?[€£])"
)
URL = re.compile(
    r"(?:https?://|file://|about:)\S+|\b(?:localhost|\d{1,3}(?:\.\d{1,3}){3})(?::\d+)?(?:/\S*)?"
    r"|(?<![@\w])(?:[a-z0-9-]+\.)+(?:com|org|net|io|dev|ai|app|co|edu|gov|info|test|local|example|[a-z]{2})(?::\d+)?(?:/\S*)?(?![\w@])",
    re.IGNORECASE,
)


def field_aliases(name: str) -> tuple[str, ...]:
    """Other words that a page may use for the field that people call `name`."""
    plain = name.lower().strip()
    found = FIELD_ALIASES.get(plain, ())
    for base, others in FIELD_ALIASES.items():
        if plain in others:
            found += (base, *(word for word in others if word != plain))
    return tuple(dict.fromkeys(found))


def plural(noun: str) -> str:
    """The plain English plural: invoice -> invoices, company -> companies."""
    if not noun or noun.endswith("s") or noun in ("people", "children"):
        return noun
    if noun.endswith("y") and noun[-2:-1] not in "aeiou":
        return noun[:-1] + "ies"
    return noun + ("es" if noun.endswith(("x", "ch", "sh")) else "s")


def singular(noun: str) -> str:
    if noun.endswith("ies"):
        return noun[:-3] + "y"
    return noun[:-1] if noun.endswith("s") and not noun.endswith("ss") else noun


def act_words(act: str) -> tuple[str, ...]:
    """Words that a control for the act may carry, the likeliest first."""
    words, done = ACTS.get(act, ((act,), ()))
    return (*words, *(f"mark {way}{state}" for state in done[:1] for way in ("", "as ", "it as ")))


def done_words(act: str) -> tuple[str, ...]:
    """Words that a screen shows once the act is done."""
    return ACTS[act][1] if act in ACTS else (past(act), _going(act))


def _going(act: str) -> str:
    """What a screen says while the act goes on: restart -> restarting."""
    return act[:-1] + "ing" if act.endswith("e") and not act.endswith("ee") else act + "ing"


_PASTS = {
    "withdraw": "withdrawn", "undo": "undone", "reset": "reset", "submit": "submitted", "star": "starred",
    "flag": "flagged", "pin": "pinned", "enrol": "enrolled", "write": "written", "leave": "left", "make": "made",
    "hold": "held", "lend": "lent", "unpin": "unpinned", "sign": "signed",
}  # fmt: skip


def past(act: str) -> str:
    """The past participle of an act: sign up -> signed up, reply -> replied."""
    verb, _, more = act.partition(" ")
    if verb in _PASTS:
        done = _PASTS[verb]
    elif verb.endswith("e"):
        done = verb + "d"
    else:
        done = verb[:-1] + "ied" if re.search(r"[^aeiou]y$", verb) else verb + "ed"
    return f"{done} {more}".strip()
