"""How well words that were read stand for words that were asked for."""

from __future__ import annotations

import functools
import re
import unicodedata

from rapidfuzz import fuzz

EXACT, SYNONYM, PART, LOOSE, OTHER = 1.0, 0.94, 0.8, 0.62, 0.45

_GROUPS = (
    ("sign in", "log in", "login", "signin", "log on", "logon"),
    ("sign up", "signup", "register", "create account", "create an account", "join", "join now", "get started"),
    ("sign out", "log out", "logout", "signout", "log off"),
    ("email", "e-mail", "email address", "e-mail address", "mail address", "username or email", "email or username"),
    ("username", "user name", "user id", "login name"),
    ("password", "passcode", "pass phrase", "passphrase"),
    (
        "confirm password",
        "repeat password",
        "password again",
        "re-enter password",
        "retype password",
        "verify password",
    ),
    ("continue", "next", "proceed", "next step", "go on"),
    ("back", "previous", "go back"),
    ("submit", "send", "send message"),
    ("save", "save changes", "apply", "apply changes", "update"),
    ("cancel", "discard", "never mind", "not now"),
    ("delete", "remove"),
    ("search", "find"),
    ("phone", "phone number", "telephone", "mobile", "mobile number", "mobile phone", "telephone number"),
    ("zip", "zip code", "postal code", "postcode", "post code", "zip/postal code"),
    ("first name", "given name", "forename"),
    ("last name", "surname", "family name"),
    ("name", "full name", "your name"),
    ("card number", "credit card number", "credit card", "card no"),
    ("cvv", "cvc", "security code", "cvc code", "cvv code"),
    ("expiry", "expiry date", "expiration", "expiration date", "valid until", "mm/yy", "mm / yy"),
    ("code", "verification code", "security code", "one-time code", "one time code", "6-digit code", "passcode"),
    ("checkout", "check out", "go to checkout"),
    ("add to cart", "add to basket", "add to bag"),
    ("pay", "pay now", "make payment"),
    ("place order", "buy now", "complete order", "confirm order", "order now"),
    ("close", "dismiss", "x"),
    ("ok", "okay", "got it"),
    ("settings", "preferences"),
    ("add", "new", "create"),
    ("edit", "change", "modify"),
    ("forgot password", "forgot your password", "forgotten password", "reset password"),
    ("remember me", "keep me signed in", "stay signed in", "keep me logged in"),
)
_USERS = ("email", "username")  # sign-in pages ask for one of both under either name
_HARMLESS = frozenset(
    "your my the a an our please enter address field box button link number account now here optional required full "
    "valid new to this id code work personal of for and type in select choose option tab page date all".split()
)
_TURNS = frozenset(  # words that make another thing of what they stand with
    "confirm repeat again retype re-enter reenter verify forgot forgotten reset old current new with using via not "
    "don't google facebook apple github microsoft sso without never".split()
)
_TAIL = re.compile(r"\s*(\((optional|required)\)|[*:>›»→…⟩+]|\.\.\.)+\s*$")
_HEAD = re.compile(r"^[^\w$€£#@+(\"'-]+")
_PREFIX = ("un", "dis", "de", "in", "non", "re", "mis")
_FOLD = str.maketrans({"0": "o", "1": "l", "|": "l", "i": "l", "’": "'", "‘": "'"})


@functools.lru_cache(maxsize=4096)
def plain(text: str) -> str:
    """Lower case, single blanks, without accents' variants, decoration at the ends and quotes."""
    text = unicodedata.normalize("NFKC", text).casefold().strip().strip("\"'“”‘’")
    text = _HEAD.sub("", _TAIL.sub("", text)) or text
    return " ".join(text.split()).rstrip(".,;!")


@functools.lru_cache(maxsize=8192)
def folded(text: str) -> str:
    """Plain text without blanks and punctuation; 0 and o, and 1, l and i are the same, as readers confuse them."""
    return re.sub(r"[^\w$€£@+]", "", plain(text)).translate(_FOLD)


def _words(text: str) -> list[str]:
    return re.findall(r"[\w'@$€£.-]*[\w$€£]", plain(text))


def _digits(text: str) -> str:
    return "".join(c for c in text if c.isdigit())


@functools.lru_cache(maxsize=4096)
def synonyms(text: str) -> frozenset[str]:
    """Folded forms that mean the same on a page."""
    own = folded(text)
    out: set[str] = set()
    for group in _GROUPS:
        forms = {folded(word) for word in group}
        if own in forms:
            out |= forms
    return frozenset(out - {own})


@functools.lru_cache(maxsize=16384)
def likeness(wanted: str, seen: str) -> tuple[float, str]:
    """How well `seen` stands for `wanted`, 0 to 1, and why."""
    a, b = folded(wanted), folded(seen)
    if not a or not b:
        return 0.0, ""
    if a == b:
        return EXACT, f"reads “{seen}”"
    if b in synonyms(wanted):
        return SYNONYM, f"“{seen}” means “{wanted}”"
    return max(_near(wanted, seen, a, b), _within(wanted, seen), _meant(wanted, seen))


def _near(wanted: str, seen: str, a: str, b: str) -> tuple[float, str]:
    """Letters that a reader got wrong."""
    if min(len(a), len(b)) < 4 or _digits(plain(wanted).translate(_UNFOLD)) != _digits(plain(seen).translate(_UNFOLD)):
        return 0.0, ""
    long, short = (a, b) if len(a) > len(b) else (b, a)
    if long.endswith(short) and long[: len(long) - len(short)] in _PREFIX:
        return OTHER, ""
    ratio = fuzz.ratio(a, b) / 100
    if ratio >= 0.86 and (len(short) >= 6 or ratio >= 0.9):
        return 0.97 * ratio, f"reads nearly “{seen}”"
    return 0.0, ""


_UNFOLD = str.maketrans({"o": "0", "l": "1", "i": "1"})


def _within(wanted: str, seen: str) -> tuple[float, str]:
    """All words of the one stand together in the other."""
    a, b = _words(wanted), _words(seen)
    if not a or not b or len(a) == len(b):
        return 0.0, ""
    short, long = (a, b) if len(a) < len(b) else (b, a)
    at = _position(short, long)
    if at < 0:
        return 0.0, ""
    extra = long[:at] + long[at + len(short) :]
    share = sum(map(len, short)) / max(1, sum(map(len, long)))
    if any(word in _TURNS for word in extra) and not (
        len(extra) == 1 and extra[0] == "new" and "password" not in short
    ):
        return LOOSE, f"“{seen}” holds more than “{wanted}”"
    if all(word in _HARMLESS for word in extra):
        return 0.88 + 0.08 * share, f"“{seen}” says “{wanted}”"
    if long is b:
        return (PART + 0.1 * share if len(extra) <= 4 else LOOSE), f"“{seen}” holds “{wanted}”"
    return (0.68 + 0.1 * share), f"“{seen}” is part of “{wanted}”"


def _position(short: list[str], long: list[str]) -> int:
    key = [folded(word) for word in short]
    for at in range(len(long) - len(short) + 1):
        if [folded(word) for word in long[at : at + len(short)]] == key:
            return at
    return -1


def _meant(wanted: str, seen: str) -> tuple[float, str]:
    """A synonym with harmless words beside it, or the other name of a user."""
    best = (0.0, "")
    for group in _GROUPS:
        if folded(wanted) in {folded(word) for word in group}:
            for word in group:
                score, _ = _within(word, seen)
                if score > 0.87:
                    best = max(best, (score - 0.06, f"“{seen}” means “{wanted}”"))
    pair = {folded(word) for word in _USERS}
    if folded(wanted) in pair and folded(seen) in pair:
        return max(best, (0.82, f"“{seen}” stands where “{wanted}” is asked for"))
    return best
