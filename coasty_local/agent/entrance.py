"""Signing in and out by sight: one page or two, one-time codes, and what the page says to a wrong password."""

from __future__ import annotations

import re

from coasty_local.agent import asking, contents, fields, passwords, reading
from coasty_local.agent.asking import Stuck
from coasty_local.agent.planner import words as lexicon
from coasty_local.agent.planner.steps import SignIn
from coasty_local.agent.scene import BUTTON, ICON, INPUT, LINK, Control, Scene, Target
from coasty_local.agent.session import Session

_MOVES = 10
_PATIENCE_SECONDS = 2.5
_OTHERS = re.compile(
    r"\b(?:google|facebook|apple|microsoft|github|sso|with|up|forgot|register|create|new|help|cancel|back)\b",
    re.IGNORECASE,
)


def sign_in(session: Session, step: SignIn) -> str:
    """Sign in with what the task and the notes gave; what the screen says afterwards. Raises Stuck for what is
    missing."""
    facts = session.memory.facts
    for name, value in (("email", step.user), ("password", step.password)):
        if value and not (name == "password" and value in session.memory.refused):
            facts.setdefault(name, value)
    sent, tried, entry = False, set[str](), session.scene
    for _ in range(_MOVES):
        scene = session.scene
        session.obstacles()
        if (box := asking.code_field(scene)) is not None:
            give_code(session, box)
            sent = True
        elif _form(scene):
            if sent:
                _refused(session)
            entry = scene
            sent = _send(session) or sent
        elif sent and not signed_in(scene) and (asking.code_page(scene) or _same_page(entry, scene)):
            _unsure(session)
        elif sent or signed_in(scene):
            return f"Signed in as {facts['email']}." if facts.get("email") else "Signed in."
        else:
            _open(session, tried)
    raise Stuck(
        asking.NO_PROGRESS, f"Signing in leads nowhere: I still see “{asking.short(reading.title(session.scene), 60)}”."
    )


def _same_page(before: Scene, after: Scene) -> bool:
    """Most of what was written there still is, under the same heading: menus stand on every page."""
    if reading.headings(before) and reading.title(before) != reading.title(after):
        return bool(asking.standing_trouble(after))
    known = {reading.folded(line.text) for line in before.lines}
    kept = known & {reading.folded(line.text) for line in after.lines}
    return len(kept) > 0.6 * len(known)


def _unsure(session: Session) -> None:
    """The form was sent and its page still stands, but its fields are not seen: wait, then say what the page says."""
    before = session.look()
    if session.sight.until(lambda look: bool(session.sight.changed(before, look)), _PATIENCE_SECONDS):
        return
    if asking.standing_trouble(session.scene):
        _refused(session)
    page = asking.short(reading.title(session.scene), 60)
    raise Stuck(
        asking.NO_PROGRESS, f"Signing in leads nowhere: I sent the form, but I still see “{page}”. Please look."
    )


def signed_in(scene: Scene) -> bool:
    return any(reading.any_word(lexicon.SIGN_OUT, c.text) for c in scene.controls if c.kind in (BUTTON, LINK))


def _form(scene: Scene) -> bool:
    """A sign-in form: a password field, or a user field with a sign-in button and no other fields."""
    if asking.password_fields(scene):
        return True
    inputs = [c for c in scene.controls if c.kind == INPUT]
    users = [c for c in inputs if reading.any_word(lexicon.USER_LABELS, f"{c.label} {c.text}")]
    return bool(users) and len(inputs) <= 2 and enter_button(scene, inputs) is not None and not signed_in(scene)


def enter_button(scene: Scene, below: list[Control]) -> Control | None:
    """The button that sends the sign-in form: near its fields, with a word for entering, not another way in."""
    tops = [c.box.y for c in below]
    top = min(tops, default=0)
    scored = []
    for control in scene.controls:
        words = reading.plain(control.text)
        if control.kind not in (BUTTON, LINK, ICON) or control.box.y < top or not words or _OTHERS.search(words):
            continue
        first = any(reading.same(word, words) for word in lexicon.SIGN_IN)
        if first or any(reading.same(word, words) for word in lexicon.GO_ON):
            scored.append((first, control.kind == BUTTON, -control.box.y, control))
    return max(scored, key=lambda item: item[:3])[3] if scored else None


def _send(session: Session) -> bool:
    """Fill what is on screen and press the button; whether the form was sent with a password."""
    facts, scene = session.memory.facts, session.scene
    secrets = asking.password_fields(scene)
    user = _user_field(scene, secrets)
    if user is not None:
        if not facts.get("email"):
            both = "Email and password needed" if secrets and not facts.get("password") else "Email or user name needed"
            _lacking(session, both, "email")
        fields.put_text(session, user, facts["email"], "the email field")
    if secrets:
        if not facts.get("password"):
            _lacking(session, f"Password needed for {facts.get('email') or 'this account'}", "password")
        field = asking.password_fields(session.scene) or secrets
        passwords.put(session, field[0], facts["password"], "the password field")
    session.obstacles()
    before = session.scene
    button = enter_button(session.scene, [c for c in (user, *secrets) if c is not None])
    if button is None:
        with session.turn("I press Enter to send the form."):
            session.hands.press(["Enter"])
    else:
        with session.turn(f"I press “{reading.name(button)}”."):
            session.hands.click(button, f"“{reading.name(button)}”")
            session.memory.secrets_at.clear()
    session.sight.until(lambda look: look.scene is not before and _moved_on(before, look.scene), _PATIENCE_SECONDS)
    return bool(secrets)


def _moved_on(before: Scene, after: Scene) -> bool:
    """The form is gone, asks for the next thing, or complains."""
    asks_more = bool(asking.password_fields(after)) and not asking.password_fields(before)
    return not _form(after) or asks_more or bool(asking.trouble(before, after))


def _user_field(scene: Scene, secrets: list[Control]) -> Control | None:
    inputs = [c for c in scene.controls if c.kind == INPUT and c not in secrets]
    named = [
        c
        for c in inputs
        if reading.any_word(lexicon.USER_LABELS, c.label) or reading.any_word(lexicon.USER_LABELS, c.text)
    ]
    mails = [c for c in inputs if lexicon.EMAIL.search(c.text)]
    above = [
        c
        for c in inputs
        if secrets and 0 < secrets[0].box.y - c.box.y < scene.text_height * 9 and not reading.within("search", c.label)
    ]
    for group in (named, mails, above):
        near = [
            c
            for c in group
            if not secrets or (c.box.y <= secrets[0].box.y and abs(c.box.x - secrets[0].box.x) < scene.text_height * 6)
        ]
        if near:
            return near[-1]
    return named[0] if named and not secrets else None


def _lacking(session: Session, what: str, wants: str) -> None:
    page = asking.short(reading.title(session.scene), 60)
    example = "the password is …" if wants == "password" else "email: …, password: …"
    raise Stuck(
        asking.CREDENTIAL,
        f"{what}: “{page}” asks for it and the task does not give it. Answer “{example}”.",
        wants=wants,
    )


def _refused(session: Session) -> None:
    """The form came back: the credentials were not accepted. Forget the password and ask."""
    says = asking.standing_trouble(session.scene)
    facts = session.memory.facts
    wrong = facts.pop("password", "")
    if wrong:
        session.memory.refused.add(wrong)
    quoted = f": the page says “{asking.short(says, 90)}”" if says else ""
    who = facts.get("email", "this account")
    raise Stuck(
        asking.CREDENTIAL,
        f"Password not accepted for {who}{quoted}. Answer with the right password (“the password is …”).",
        wants="password",
    )


def give_code(session: Session, box: Control) -> None:
    """Type the one-time code that a person gave and send it. Raises Stuck when none is known or the page refuses it."""
    code = session.memory.facts.get("code", "")
    page = asking.short(_code_words(session.scene), 100)
    if not code:
        who = session.memory.facts.get("email", "")
        raise Stuck(
            asking.ONE_TIME_CODE,
            f"One-time code needed{f' for {who}' if who else ''}: the page says “{page}”. Answer “the code is …”.",
            wants="code",
        )
    session.vault.learn([code])
    with session.turn("I type the one-time code."):
        session.hands.click(box, "the code field")
        if contents.has_value(session, session.look(), box):
            session.hands.clear()
        session.hands.type_text(code, "Type the one-time code", secret=True)
    before = session.scene
    if asking.code_page(session.scene):
        button = enter_button(session.scene, [box])
        with session.turn(f"I press “{reading.name(button)}”." if button else "I press Enter."):
            if button:
                session.hands.click(button, f"“{reading.name(button)}”")
            else:
                session.hands.press(["Enter"])
    session.sight.until(
        lambda look: not asking.code_page(look.scene) or bool(asking.trouble(before, look.scene)), _PATIENCE_SECONDS
    )
    session.memory.facts.pop("code", None)
    if asking.code_page(session.scene):
        says = asking.trouble(before, session.scene) or asking.standing_trouble(session.scene)
        quoted = f": the page says “{asking.short(says, 90)}”" if says else ""
        reason = f"One-time code not accepted{quoted}. Please give another code."
        raise Stuck(asking.ONE_TIME_CODE, reason, wants="code")


def _code_words(scene: Scene) -> str:
    """The page's own words that ask for the code."""
    asks = [line.text for line in scene.lines if "code" in line.text.lower() and len(line.text) < 110]
    return max(asks, key=len, default=reading.title(scene))


def _open(session: Session, tried: set[str]) -> None:
    """Find the way to the sign-in form: a link or button that says so."""
    control = session.seen(Target("Sign in", (LINK, BUTTON), aliases=lexicon.SIGN_IN))
    if control is None:
        session.sight.until(lambda look: _form(look.scene) or asking.code_field(look.scene) is not None, 1.5)
        if _form(session.scene) or asking.code_field(session.scene):
            return
        control = session.find(Target("Sign in", (LINK, BUTTON), aliases=lexicon.SIGN_IN), "a way to sign in")
    here = f"{reading.plain(control.text)}@{reading.plain(reading.title(session.scene))}"
    if here in tried:
        says = asking.standing_trouble(session.scene)
        raise Stuck(
            asking.NOT_FOUND,
            session.not_found("the fields of the sign-in form") + (f" It says “{says}”." if says else ""),
        )
    tried.add(here)
    with session.turn(f"I press “{reading.name(control)}” to sign in."):
        session.hands.click(control, f"“{reading.name(control)}”")


def wall(session: Session) -> bool:
    """Sign in when the page demands it before anything else; whether it did. Raises Stuck without credentials."""
    scene = session.scene
    if (box := asking.code_field(scene)) is not None:
        give_code(session, box)
        return True
    if asking.login_wall(scene):
        sign_in(session, SignIn())
        return True
    return False


def sign_out(session: Session) -> str:
    """Press the way out, in a menu if need be; verified by it being gone."""
    control = session.find(Target("Sign out", (BUTTON, LINK), aliases=lexicon.SIGN_OUT), "a way to sign out")
    with session.turn(f"I press “{reading.name(control)}”."):
        session.hands.click(control, f"“{reading.name(control)}”")
    if session.sight.until(lambda look: not signed_in(look.scene), 3.0):
        return "Signed out."
    raise Stuck(asking.NO_PROGRESS, "I pressed the way out, but the page still shows it.")
