"""What a plan is made of: typed steps, each with the clause it came from. Pure data."""

from __future__ import annotations

from dataclasses import dataclass, field

from coasty_local.agent.scene import Target


@dataclass(frozen=True, kw_only=True)
class Step:
    """One thing to do. `source` is the user's own clause, for questions and the timeline."""

    source: str = ""


@dataclass(frozen=True, kw_only=True)
class Nothing(Step):
    """A clause that needs no act: "Open Chrome", "thanks"."""


@dataclass(frozen=True, kw_only=True)
class Unknown(Step):
    """A clause that the grammar can't read; the run parks on it before anything is done."""


@dataclass(frozen=True, kw_only=True)
class Goto(Step):
    """Open an address; an empty `url` means the start page that the platform names."""

    url: str


@dataclass(frozen=True, kw_only=True)
class Travel(Step):
    """`way`: back or reload."""

    way: str


@dataclass(frozen=True, kw_only=True)
class Click(Step):
    """`far`: the row of the target may have to be looked for on other pages."""

    target: Target
    clicks: int = 1
    button: str = "left"
    far: bool = False


@dataclass(frozen=True, kw_only=True)
class Hover(Step):
    target: Target


@dataclass(frozen=True, kw_only=True)
class Drag(Step):
    target: Target
    onto: Target


@dataclass(frozen=True, kw_only=True)
class Type(Step):
    """Put text into a field; a target without words is the field that has the focus."""

    target: Target
    text: str
    secret: bool = False


@dataclass(frozen=True, kw_only=True)
class Fill(Step):
    """Put named values into the fields of the form on screen."""

    slots: tuple[tuple[str, str], ...]


@dataclass(frozen=True, kw_only=True)
class Choose(Step):
    """Pick an option, from the named list if there is one."""

    option: Target
    source_list: Target | None = None


@dataclass(frozen=True, kw_only=True)
class Check(Step):
    target: Target
    on: bool = True


@dataclass(frozen=True, kw_only=True)
class Press(Step):
    keys: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Scroll(Step):
    """`direction`: up, down, left, right, top, bottom; with a target, until it is in view."""

    direction: str = "down"
    target: Target | None = None


@dataclass(frozen=True, kw_only=True)
class Wait(Step):
    """Wait some seconds, or until the words are (or, with `gone`, are no longer) on the screen."""

    seconds: float = 0.0
    words: str = ""
    gone: bool = False


@dataclass(frozen=True, kw_only=True)
class Verify(Step):
    """`words` must be on the screen (or not, without `present`), on the row of `about` if that is named.

    `state` asks for more than words: checked, unchecked, signed_in, signed_out, success. `mark`: said as "check X",
    which ticks X where X is a check box.
    """

    words: str = ""
    present: bool = True
    about: str = ""
    state: str = ""
    mark: bool = False


@dataclass(frozen=True, kw_only=True)
class Read(Step):
    """Say what stands at `words` (a label), on the row of `about` (a `noun`) if that is named."""

    words: str
    about: str = ""
    noun: str = ""


@dataclass(frozen=True, kw_only=True)
class SignIn(Step):
    user: str = ""
    password: str = ""


@dataclass(frozen=True, kw_only=True)
class SignOut(Step):
    pass


@dataclass(frozen=True, kw_only=True)
class Dismiss(Step):
    """Close what lies over the page; `words` say what it is."""

    words: str = ""


@dataclass(frozen=True, kw_only=True)
class Search(Step):
    words: str


@dataclass(frozen=True, kw_only=True)
class Open(Step):
    """Get to a page or a record: "the Orders page", "invoice INV-1042". `part`: it may be a part of this page."""

    noun: str = ""
    key: str = ""
    part: bool = False


@dataclass(frozen=True, kw_only=True)
class Goal(Step):
    """An act on a thing: `act` in its plain form, what kind of thing, which one, and what the task says about it."""

    act: str
    noun: str = ""
    key: str = ""
    slots: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, kw_only=True)
class Enter(Step):
    """Put values into the form that an act needs, going there first if need be; one without a name is an option."""

    verb: str
    noun: str = ""
    slots: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, kw_only=True)
class Commit(Step):
    """Press the one control whose words are related to the act; never before what the task enters is entered."""

    verb: str
    noun: str = ""


@dataclass(frozen=True, kw_only=True)
class Again(Step):
    """Type the password once more where the form asks for it twice."""


@dataclass(frozen=True, kw_only=True)
class Refrain(Step):
    """A thing not to do; it takes back the pressing that an earlier clause would mean."""

    words: str = ""


@dataclass(frozen=True, kw_only=True)
class Fact(Step):
    """Something to know, not to do: "the password is x". `line`: its label, where it was a line "Label: value"."""

    name: str
    value: str
    line: str = ""


@dataclass(frozen=True, kw_only=True)
class Allow(Step):
    """A permission: `kind` payment or irreversible, given or taken."""

    kind: str
    granted: bool = True


@dataclass(frozen=True)
class Plan:
    """The steps in order, with the permissions and facts that the instructions add."""

    steps: tuple[Step, ...]
    remarks: tuple[str, ...] = field(default=())

    def unread(self) -> list[Unknown]:
        return [step for step in self.steps if isinstance(step, Unknown)]
