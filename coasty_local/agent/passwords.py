"""Typing secrets: one character, a look, the rest only where it shows as a dot; and the field that wants it twice."""

from __future__ import annotations

import re
from functools import partial

from coasty_local.agent import asking
from coasty_local.agent.asking import Stuck
from coasty_local.agent.ports import Image
from coasty_local.agent.scene import Box, Control
from coasty_local.agent.session import Session


def put(session: Session, control: Control, text: str, name: str) -> None:
    """Type a secret only where it shows as dots: one character, look, then the rest."""
    session.vault.learn([text])
    before = session.look()
    held = session.memory.secrets_at
    if held.get(control.box) == text and masked(session, before.image, control.box) is True:
        return
    for attempt in range(2):
        shown: list[bool | None] = []
        with session.turn(f"I type the secret into {name}."):
            session.hands.click(control, name)
            if attempt or masked(session, before.image, control.box) is True:
                session.hands.clear()
            look = partial(_dots, session, control, shown)
            typed = session.hands.type_secret(text, f"Type a secret into {name}", look)
        if typed and masked(session, session.look().image, control.box) is True:
            held[control.box] = text
            return
        if shown and shown[-1] is False:
            break
    raise Stuck(
        asking.CREDENTIAL,
        f"Password not typed: {name} shows what is typed in clear letters, so I erased it. Please take "
        f"over and type it yourself.",
    )


def repeat(session: Session, password: str) -> bool:
    """Type the password into the field that wants it once more, if there is one; whether there was."""
    twin = next((c for c in asking.password_fields(session.scene) if asks_twice(c)), None)
    if twin is None or not password:
        return False
    put(session, twin, password, "the field that repeats the password")
    return True


def asks_twice(control: Control) -> bool:
    words = f"{control.label} {control.text}"
    return bool(re.search(r"\b(?:repeat|confirm|again|re-?enter|re-?type|verify)\b", words, re.IGNORECASE))


def of_old(control: Control) -> bool:
    """The password that is to be replaced: what repeats it repeats the new one."""
    return bool(re.search(r"\b(?:current|old|present|existing)\b", f"{control.label} {control.text}", re.IGNORECASE))


def masked(session: Session, image: Image, box: Box) -> bool | None:
    """Whether the field shows dots; looked at once more a little further in, where round corners do not reach."""
    seen = session.eyes.masked(image, box)
    inner = Box(box.x + 4, box.y + 4, max(1, box.w - 8), max(1, box.h - 8))
    return seen if seen is True else session.eyes.masked(image, inner)


def _dots(session: Session, control: Control, shown: list[bool | None]) -> bool:
    """Whether the first character shows as a dot; some fields show it for a moment in clear, so one more look
    is taken."""
    for _ in range(3):
        image = session.eyes.still(session.sight.grab, session.desk.check, 1.0)
        shown.append(masked(session, image, control.box))
        if shown[-1] is True:
            return True
    return False
