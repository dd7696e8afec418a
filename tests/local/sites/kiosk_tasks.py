"""What people ask of the club's site, each said in one of several ways."""

# ruff: noqa: E501 (pages and sentences)

from __future__ import annotations

import random
from typing import TYPE_CHECKING

from tests.local.sites.world import Act, Task

if TYPE_CHECKING:
    from tests.local.sites.kiosk import Club

_YES = {"irreversible": "Yes, go ahead."}


def tasks(seed: int, club: Club) -> list[Task]:
    """One task of each kind, in the words that the seed picks."""
    dice = random.Random(f"kiosk tasks {seed}")
    made = (
        _opened,
        _searched,
        _removed,
        _viewed,
        _invited,
        _set,
        _joined,
        _total,
        _code,
        _entered,
        _liked,
        _room,
        _fact,
        _linked,
    )
    return [make(seed, club, dice) for make in made]


def _task(seed: int, text: str, *wanted: Act, says: str = "", harmless: tuple[str, ...] = (), **more: object) -> Task:
    loose = frozenset(("open", "search", "person", "room", *harmless)) - {act[0] for act in wanted}
    return Task("kiosk", seed, text, wanted, loose, says=says, **more)  # type: ignore[arg-type]


def _opened(seed: int, club: Club, dice: random.Random) -> Task:
    word, at = dice.choice((("first", 0), ("second", 1), ("third", 2), ("last", -1)))
    said = dice.choice(("Head to {url} and open the %s article.", "Go to {url}, then click the %s story in the list.",
                        "1. Visit {url}\n2. Open the %s item\n3. Make sure it reads \"What do you think?\""))  # fmt: skip
    return _task(seed, said % word, ("open", club.news[at]))


def _searched(seed: int, club: Club, dice: random.Random) -> Task:
    name = dice.choice(club.news)
    word = max(name.split(), key=len)
    said = dice.choice(("Open {url}. Search for %s and open the first result.",
                        "Visit {url}, use the search box to find '%s', then click the first result.",
                        "Go to {url}; type %s into Search, press Enter and open the top result."))  # fmt: skip
    return _task(seed, said % word, ("open", name))


def _removed(seed: int, club: Club, dice: random.Random) -> Task:
    name = dice.choice(list(club.people))
    said = dice.choice(("Go to {url}, open People and remove %s.", "Open {url} > People, then delete the member %s.",
                        "Head to {url}, go to the People page, and in the row of %s click Remove."))  # fmt: skip
    return _task(seed, said % name, ("remove", name), answers=_YES)


def _viewed(seed: int, club: Club, dice: random.Random) -> Task:
    name = dice.choice(list(club.people))
    said = dice.choice(("At {url} click People, then click View next to %s and check that it says %s.",
                        "Go to {url} and open People. View %s. You should end up on a page titled %s.",
                        "Open {url}, go to People, open %s, and make sure the heading is %s."))  # fmt: skip
    return _task(seed, said % (name, name), ("person", name))


def _invited(seed: int, club: Club, dice: random.Random) -> Task:
    team = dice.choice(("Kitchen", "Choir", "Chess"))
    said = dice.choice(("Go to {url}, click People, press New member, type Lena Fox into Name, choose %s from Team and "
                        "click Create. Then make sure the page shows 'Lena Fox was added'.",
                        "Open {url} and go to People. Add the member Lena Fox, team %s.",
                        "Visit {url}. Open the People page. Click \"New member\". In the Name field enter Lena Fox. Pick %s "
                        "in the Team list. Click Create."))  # fmt: skip
    return _task(seed, said % team, ("invite", "Lena Fox", team))


def _set(seed: int, club: Club, dice: random.Random) -> Task:
    name = dice.choice([name for name, on in club.choices.items() if not on] or ["Text messages"])
    lang = dice.choice(("German", "Danish"))
    on = sorted({*(n for n, is_on in club.choices.items() if is_on), name})
    said = dice.choice(("Go to {url}, open Settings, tick %s, choose %s as the language and save the settings.",
                        "Open {url}. Go to Settings. Turn on %s. Set Language to %s. Scroll down and click Save settings.",
                        "Visit {url}, go to the settings page, check '%s', select %s from the Language dropdown, then press "
                        "Save settings and make sure it reads 'Your settings were saved'."))  # fmt: skip
    return _task(seed, said % (name, lang), ("settings", ", ".join(on), lang, "-"))


def _joined(seed: int, club: Club, dice: random.Random) -> Task:
    team = dice.choice(("Garden", "Kitchen", "Choir"))
    said = dice.choice(("Go to {url} and click 'become a member'. Enter Tom Reed as your name and 1990-04-12 as the date of "
                        "birth, click Next, choose %s, tick 'I accept the house rules', click Next and click Finish.",
                        "1. Open {url} 2. Click become a member 3. Type Tom Reed in the name field 4. Set the date of birth to "
                        "1990-04-12 5. Press Next 6. Select %s 7. Accept the house rules 8. Press Next 9. Press Finish"))  # fmt: skip
    return _task(seed, said % team, ("join", "Tom Reed", "1990-04-12", team))


def _total(seed: int, club: Club, dice: random.Random) -> Task:
    said = dice.choice(("Go to {url}, open the basket and tell me the total.", "Open {url}, click Basket. What is the total?",
                        "Visit {url} and click on Basket. How much is the total?"))  # fmt: skip
    return _task(seed, said, says=f"${sum(club.prices) + 4}.50")


def _code(seed: int, club: Club, dice: random.Random) -> Task:
    said = dice.choice(("Go to {url}, open the Basket, enter SUN15 as the promo code and click Apply.",
                        "Open {url}, click Basket, apply the promo code SUN15 and check that 'The code was applied' appears.",
                        "Head over to {url}, click Basket, put \"SUN15\" in the promo code field, hit Apply."))  # fmt: skip
    return _task(seed, said, ("code", "SUN15"))


def _entered(seed: int, club: Club, dice: random.Random) -> Task:
    said = dice.choice(("Open Chrome, head to {url}, log in as %s with password %s, then make sure it reads Hello, %s.",
                        "Go to {url} and sign me in with email %s and password %s. Verify that the page says \"Hello, %s\".",
                        "Visit {url}, click Log in, log in (email: %s, password: %s) and confirm you can see \"Hello, %s\"."))  # fmt: skip
    name = club.email.split("@")[0].capitalize()
    return _task(seed, said % (club.email, club.password, name), ("in",), secrets=(club.password,))


def _liked(seed: int, club: Club, dice: random.Random) -> Task:
    name = dice.choice(club.news)
    said = dice.choice(("Open {url}, open \"%s\", scroll down and click Recommend.",
                        "Go to {url}. Open the article '%s'. Scroll to the bottom and press the Recommend button.",
                        "Visit {url}, click \"%s\", then click Recommend and see that it says Thank you for your recommendation."))  # fmt: skip
    if club.kit.listing == "table":
        said = f"Go to {{url}}. In the row of {name}, click Read more. %s Then click Recommend."
        return _task(seed, said % "Scroll down.", ("like", name))
    return _task(seed, said % name, ("like", name))


def _room(seed: int, club: Club, dice: random.Random) -> Task:
    room = dice.choice(("Attic", "Workshop", "Hall"))
    if dice.random() < 0.5:
        return _task(seed, f"Go to {{url}}, open Rooms, and click Details under {room}.", ("room", room))
    return _task(seed, f"Go to {{url}}, open Rooms, and add the {room} to the basket.", ("keep", room))


def _fact(seed: int, club: Club, dice: random.Random) -> Task:
    name = dice.choice(list(club.people))
    said = dice.choice(("Go to {url}, open People, view %s and tell me the phone.", "Open {url}, click People. Open %s. Read the phone.",
                        "Go to {url}, open People, click View next to %s. What is the Phone?"))  # fmt: skip
    return _task(seed, said % name, says=club.people[name]["Phone"])


def _linked(seed: int, club: Club, dice: random.Random) -> Task:
    said = dice.choice(("Open {url} and follow the link 'house rules' in the text.", "Go to {url}, click the link that says house rules.",
                        "Visit {url}, click on house rules, go back, and click on house rules again."))  # fmt: skip
    times = 2 if "again" in said else 1
    return _task(seed, said, *[("open", "House rules")] * times)
