"""All sites by name, and their tasks by seed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from tests.local.sites.admin import ADMIN
from tests.local.sites.clinic import CLINIC
from tests.local.sites.desk import DESK
from tests.local.sites.entry import SIGN_IN, SIGN_UP
from tests.local.sites.hotel import HOTEL
from tests.local.sites.kiosk import KIOSK
from tests.local.sites.leave import LEAVE
from tests.local.sites.library import LIBRARY
from tests.local.sites.mail import MAIL
from tests.local.sites.shop import CHECKOUT, SHOP
from tests.local.sites.theatre import THEATRE
from tests.local.sites.world import Site, Task

SITES: dict[str, Site] = {
    site.name: site
    for site in (SIGN_IN, SIGN_UP, CHECKOUT, SHOP, DESK, LEAVE, MAIL, HOTEL, ADMIN, LIBRARY, CLINIC, THEATRE, KIOSK)
}
FORMS = ("sign_in", "sign_up", "checkout")
ERRANDS = ("shop", "desk", "leave", "mail", "hotel", "admin")
PORTALS = ("library", "clinic", "theatre")


def tasks(names: Iterable[str], seeds: Iterable[int]) -> Iterator[tuple[Site, Task]]:
    """Every task of these sites with these seeds; the sites take turns."""
    for seed in seeds:
        for name in names:
            for task in SITES[name].tasks(seed):
                yield SITES[name], task
