"""What every visit starts with: accounts, invoices, orders, customers, help articles."""

from __future__ import annotations

from dataclasses import dataclass

COMPANY = "Larkfield Supply"


@dataclass(frozen=True)
class Account:
    email: str
    password: str
    name: str
    code: str = ""  # the one-time code asked for after the password, "" if none

    @property
    def first_name(self) -> str:
        return self.name.split()[0]


@dataclass
class Invoice:
    number: str
    payee: str
    cents: int
    due: str
    status: str  # Due, Overdue, Awaiting approval, Approved, Paid, Draft
    about: str

    @property
    def payable(self) -> bool:
        return self.status in ("Due", "Overdue", "Approved")

    @property
    def label(self) -> str:
        return f"{self.number} {self.payee} {money(self.cents)}"


@dataclass
class Order:
    number: str
    customer: str
    item: str
    cents: int
    placed: str
    status: str  # Delivered, Shipped, Processing, Refunded
    reason: str = ""

    @property
    def refundable(self) -> bool:
        return self.status in ("Delivered", "Shipped")


@dataclass(frozen=True)
class Customer:
    name: str
    email: str
    plan: str
    notes: str = ""


@dataclass(frozen=True)
class Article:
    slug: str
    title: str
    paragraphs: tuple[str, ...]


PLANS = ("Free", "Pro", "Enterprise")

ACCOUNTS = (
    Account("ada@example.com", "lovelace", "Ada Lovelace"),
    Account("grace@example.com", "hopper", "Grace Hopper", code="123456"),
)


def money(cents: int) -> str:
    """125000 -> "$1,250.00"."""
    return f"${cents // 100:,}.{cents % 100:02d}"


def invoices() -> dict[str, Invoice]:
    rows = (
        Invoice("INV-1040", "Harbor Freight Lines", 48_210, "2 March 2027", "Paid", "Pallet transport, February"),
        Invoice("INV-1041", "Cedar Paper Mill", 231_575, "8 March 2027", "Awaiting approval", "Carton board, 4 tonnes"),
        Invoice("INV-1042", "Northwind Traders", 125_000, "12 March 2027", "Due", "Spices and dry goods"),
        Invoice("INV-1043", "Bluebird Cleaning", 18_900, "26 February 2027", "Overdue", "Office cleaning, January"),
        Invoice("INV-1044", "Northwind Logistics", 76_440, "15 March 2027", "Due", "Cold storage, 30 days"),
        Invoice("INV-1045", "Summit Energy", 92_318, "19 March 2027", "Awaiting approval", "Electricity, warehouse 2"),
        Invoice("INV-1046", "Pixel Print Shop", 6_725, "1 April 2027", "Draft", "Business cards"),
    )
    return {row.number: row for row in rows}


def orders() -> dict[str, Order]:
    rows = (
        Order("7001", "Mabel Ortiz", "Ceramic teapot", 8_450, "18 February 2027", "Delivered"),
        Order("7002", "Jonas Lind", "Desk lamp", 5_999, "19 February 2027", "Shipped"),
        Order("7003", "Priya Nair", "Linen curtains", 12_900, "21 February 2027", "Processing"),
        Order("7004", "Tom Baker", "Garden hose", 3_275, "22 February 2027", "Delivered"),
        Order("7010", "Elif Demir", "Wall clock", 4_150, "24 February 2027", "Refunded", "wrong colour"),
    )
    return {row.number: row for row in rows}


def customers() -> list[Customer]:
    return [
        Customer("Mabel Ortiz", "mabel@ortiz.example", "Pro"),
        Customer("Jonas Lind", "jonas.lind@post.example", "Free"),
        Customer("Priya Nair", "priya@nair.example", "Enterprise"),
        Customer("Tom Baker", "tom@baker.example", "Free"),
    ]


REPORT = (("North", 48, "$48,200"), ("East", 61, "$61,050"), ("South", 37, "$36,900"), ("West", 82, "$82,400"))

ARTICLES = (
    Article(
        "paying-invoices", "Paying invoices",
        (
            "Open an invoice and choose Pay. You are shown the payee and the amount once more before any money moves.",
            "A payment can't be taken back from here. If you paid the wrong supplier, call them first.",
            "Invoices that await approval have to be approved by a second person before they can be paid.",
        ),
    ),
    Article(
        "two-factor-codes", "About two-factor codes",
        (
            "Some accounts use two-factor authentication. After the password we ask for a 6-digit verification code.",
            "The one-time code is made by the authenticator app on your phone and changes every thirty seconds.",
            "Never read your code to anybody on the telephone. We will never ask you for it.",
        ),
    ),
    Article(
        "why-captchas", "Why we sometimes show a captcha",
        (
            "Reports hold figures of many customers, so we ask once per visit whether you are a robot.",
            "The captcha shows a few letters. Type them into the field; capitals and small letters are the same.",
            "If you can't read the picture, ask for a new one.",
        ),
    ),
    Article(
        "refunds", "Refunding an order",
        (
            "Delivered and shipped orders can be refunded in full. Please give a reason: our buyers read every one.",
            "The money goes back to the card that was used within five working days.",
        ),
    ),
    Article(
        "closing-your-account", "Closing your account",
        (
            "You can delete your account in Settings. Deleting an account cannot be undone.",
            "Invoices that were paid stay in our books for ten years, as the law asks.",
        ),
    ),
)  # fmt: skip
