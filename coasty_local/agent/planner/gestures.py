"""Rules for keys, the wheel and the mouse: press, scroll, drag, hover."""

from __future__ import annotations

import re

from coasty_local.agent.planner import rules, targets
from coasty_local.agent.planner import words as lexicon
from coasty_local.agent.planner.clauses import Text
from coasty_local.agent.planner.steps import Drag, Hover, Press, Scroll, Step

RULES = rules.Rules()


@RULES.rule(
    r"(?:press|hit|tap|use|push|send)\s+(?:on\s+)?(?:the\s+)?(?P<keys>[\w\s+-]+?)(?:\s+(?:key|keys|button|shortcut|on\s+(?:the|your)\s+keyboard))?(?:\s+(?P<times>\d+|twice)(?:\s+times)?)?"
)
def press(match: re.Match[str], text: Text) -> list[Step] | None:
    names = [name.strip().lower() for name in re.split(r"\s*\+\s*|(?<=ctrl|ontr)-", match.group("keys"))]
    keys = [lexicon.KEYS.get(name) or (name if len(name) == 1 and len(names) > 1 else "") for name in names]
    if not all(keys) or (keys == ["Delete"] and "key" not in match.group().lower()):
        return None
    times = {"twice": 2, None: 1}.get(match.group("times")) or int(match.group("times") or 1)
    return [Press(keys=tuple(keys)) for _ in range(min(times, 20))]


@RULES.rule(r"(?P<key>enter|return|tab|escape|esc|space)(?:\s+key)?")
def bare_key(match: re.Match[str], text: Text) -> list[Step] | None:
    """ "Press Tab and then Enter"."""
    return [Press(keys=(lexicon.KEYS[match.group("key").lower()],))]


@RULES.rule(
    r"scroll(?:\s+(?:the\s+page|a\s+bit|a\s+little))?(?:\s+(?P<way>up|down|left|right))?(?:\s+(?:the\s+page|a\s+bit|a\s+little|by\s+one\s+page|one\s+page|further|more))?(?:\s+on\s+the\s+page)?",
    r"scroll(?:\s+(?:all\s+the\s+way|down|up|the\s+page))*\s+to\s+(?:the\s+)?(?:very\s+)?(?P<end>top|bottom|end|start|beginning)(?:\s+of\s+.*)?",
    r"scroll(?:\s+(?P<way>up|down))?(?:\s+(?:until|till)\s+(?:you\s+(?:can\s+)?(?:see|find|reach)\s+)?|\s+to\s+|\s+for\s+)(?P<to>.+?)(?:\s+(?:is|are|becomes|comes)\s+(?:visible|shown|in(?:to)?\s+view))?",
)
def scroll(match: re.Match[str], text: Text) -> list[Step] | None:
    found = match.groupdict()
    if found.get("end"):
        return [Scroll(direction="bottom" if found["end"].lower() in ("bottom", "end") else "top")]
    target = targets.target(found["to"], text) if found.get("to") else None
    return [Scroll(direction=(found.get("way") or "down").lower(), target=target)]


@RULES.rule(
    r"drag\s+(?P<what>.+?)\s+(?:to|onto|on\s+to|into|over|on|and\s+drop\s+it\s+(?:on|onto|in|into))\s+(?P<onto>.+)"
)
def drag(match: re.Match[str], text: Text) -> list[Step] | None:
    return [Drag(target=targets.target(match.group("what"), text), onto=targets.target(match.group("onto"), text))]


@RULES.rule(r"(?:hover|move\s+the\s+mouse|point)\s+(?:over|on|to|onto|at)\s+(?P<what>.+)")
def hover(match: re.Match[str], text: Text) -> list[Step] | None:
    return [Hover(target=targets.target(match.group("what"), text))]
