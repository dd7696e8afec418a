"""The looks of the portal: what changes with `?variant=N`. Names, amounts and data never do."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Variant:
    """One look: theme, type, layout and the words on buttons."""

    name: str
    theme: str = "light"  # light, dark, warm, contrast, slate, mint
    font: str = "Liberation Sans, Arial, sans-serif"
    size: int = 16  # px of body text
    zoom: float = 1.0
    radius: int = 6
    labels: str = "above"  # above, left, placeholder, floating
    fields: str = "outline"  # outline, filled, underline
    navigation: str = "top"  # top, side
    lists: str = "table"  # table, cards
    entry: str = "center"  # where the sign-in form stands: center, left, right, wide
    confirm: str = "page"  # page, dialog
    plans: str = "select"  # select, radio
    upper: bool = False  # button words in capitals
    row_pay: bool = False  # the list itself has a button that leads to the payment
    google: bool = False
    newsletter: bool = False
    cookies: bool = False
    email: str = "Email"
    sign_in: str = "Sign in"
    open: str = "View"
    pay: str = "Pay"
    confirm_pay: str = "Confirm payment"
    refund: str = "Refund"
    issue_refund: str = "Issue refund"
    add: str = "Add customer"
    save_customer: str = "Save customer"
    save: str = "Save changes"
    verify: str = "Verify"


SANS = "Liberation Sans, Arial, sans-serif"
SERIF = "Liberation Serif, Georgia, serif"
DEJAVU = "DejaVu Sans, Verdana, sans-serif"

VARIANTS = (
    Variant("plain"),
    Variant(
        "night", theme="dark", font=DEJAVU, size=15, labels="left", fields="filled", navigation="side", entry="left",
        sign_in="Log in", email="Email address", open="Details", pay="Pay invoice", confirm_pay="Pay now",
        confirm="dialog", google=True, add="New customer", save_customer="Create customer", radius=4,
    ),
    Variant(
        "bistro", theme="warm", font=SERIF, size=17, labels="above", fields="underline", lists="cards", entry="right",
        sign_in="Continue", open="Open", pay="Pay now", confirm_pay="Yes, pay", refund="Refund order",
        issue_refund="Refund", newsletter=True, plans="radio", radius=14, save="Save settings",
    ),
    Variant(
        "signal", theme="contrast", size=17, row_pay=True, fields="outline", navigation="side", upper=True,
        open="Show", pay="Pay", confirm_pay="Confirm", radius=0, save_customer="Add customer", verify="Continue",
    ),
    Variant(
        "quiet", theme="slate", font=SANS, size=15, labels="placeholder", fields="outline", entry="wide", google=True,
        email="Email address", sign_in="Log in", open="View", confirm="dialog", issue_refund="Confirm refund",
        radius=8, save_customer="Save", cookies=True,
    ),
    Variant(
        "orchard", theme="mint", font=DEJAVU, size=15, labels="floating", fields="outline", lists="cards",
        navigation="side", sign_in="Sign in", open="Details", pay="Pay invoice", confirm_pay="Confirm and pay",
        newsletter=True, radius=10, add="Add a customer", verify="Submit",
    ),
    Variant(
        "compact", theme="light", font=DEJAVU, size=15, zoom=0.9, labels="left", fields="outline", entry="left",
        sign_in="Continue", open="Open", radius=3, plans="radio", confirm="dialog", save="Save",
    ),
    Variant(
        "large", theme="warm", font=SANS, size=16, zoom=1.15, row_pay=True, labels="above", fields="filled",
        sign_in="Log in", pay="Pay this invoice", confirm_pay="Pay now", radius=24, google=True, entry="right",
    ),
    Variant(
        "ink", theme="dark", font=SANS, size=16, labels="floating", fields="filled", lists="cards", sign_in="Sign in",
        email="Email address", open="Open", confirm_pay="Confirm payment", radius=8, newsletter=True,
    ),
    Variant(
        "ledger", theme="slate", font=SERIF, size=18, labels="left", fields="underline", navigation="side",
        sign_in="Enter", open="Show", pay="Pay", confirm_pay="Pay", confirm="dialog", entry="wide", radius=2,
        issue_refund="Send refund", add="New customer", save_customer="Add customer", cookies=True,
    ),
)  # fmt: skip


def pick(number: str, current: int) -> int:
    """The index for a `variant` parameter: it wraps round; what is no number keeps the current look."""
    return int(number) % len(VARIANTS) if number.isascii() and number.isdigit() and len(number) < 10 else current
