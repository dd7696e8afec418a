"""What the desk's pages submit: a decision with the evidence that was on screen, an act of a takeover."""

from __future__ import annotations

import json
from typing import Any

from django import forms
from django.utils.translation import gettext as _

from approvals import answers, notes, states
from approvals.models import Approval
from approvals.seen import Seen, changes
from approvals.states import Verdict

MAX_ACT_BYTES = 64_000


class Decide(forms.Form):
    """The verdict, the note, and the evidence as the page was drawn with; the rules are in `decisions.decide`."""

    verdict = forms.ChoiceField(choices=states.Verdict.choices, required=False)
    note = forms.CharField(required=False, strip=True, max_length=10_000)
    choice = forms.CharField(required=False, max_length=20)
    value = forms.CharField(required=False, max_length=2000)
    secret = forms.CharField(required=False, max_length=notes.SECRET_LIMIT)
    as_secret = forms.BooleanField(required=False)  # send all that was written as a secret, with a resume
    confirm = forms.CharField(required=False, max_length=64)  # the digest of what was asked
    seen_seq = forms.IntegerField(required=False, min_value=0)
    seen_frame_sha256 = forms.RegexField(r"\A[0-9a-f]{64}\Z", required=False)
    seen_reason = forms.CharField(required=False, strip=False)
    seen_cost_cents = forms.IntegerField(required=False, min_value=0)
    seen_frame_open = forms.NullBooleanField(required=False)
    seen_fallback = forms.CharField(required=False, strip=False)  # the note of others that an empty one stands for

    def __init__(self, data: Any, approval: Approval | None = None) -> None:
        super().__init__(data)
        self.approval = approval
        self.asked = answers.form(approval.kind, approval.reason) if approval else answers.Form("")

    def clean(self) -> dict[str, Any]:
        """Verdict, note and secret as they are decided with, made of the fields that the kind of the pause has."""
        said = super().clean() or self.cleaned_data
        verdict = Verdict.RESUME if said.get("as_secret") else said.get("verdict")
        if not verdict:
            raise forms.ValidationError(_("Choose what to do."))
        is_resume = verdict == Verdict.RESUME
        if is_resume and self.asked.terms and not self._is_confirmed(said):
            raise forms.ValidationError(_("Confirm first what the agent is about to do."))
        note, secret = self._composed(said, is_resume)
        if said.get("as_secret"):
            note, secret = "", f"{note} {secret}".strip()
        return {**said, "verdict": str(verdict), "note": note, "secret": secret}

    def _is_confirmed(self, said: dict[str, Any]) -> bool:
        """What was confirmed is what is asked; where another reason was on screen, its refusal tells the difference."""
        given, shown = said.get("confirm", ""), said.get("seen_reason") if "seen_reason" in self.data else None
        saw_other = bool(self.approval and changes(self.approval, Seen(seen_reason=shown)))
        return given == self.asked.digest or bool(given and saw_other)

    def _composed(self, said: dict[str, Any], is_resume: bool) -> tuple[str, str]:
        note, secret = said.get("note", ""), said.get("secret", "")
        if not is_resume:
            return note, ""  # a secret that was typed and not needed is dropped
        value = said.get("value", "") if self.asked.value_label else ""
        phrase = self.asked.secret_phrase if secret else ""
        chosen = said.get("choice", "") if self.asked.choices else ""
        return answers.said([chosen, note, f"{self.asked.value_phrase} {value}" if value else "", phrase]), secret

    def clean_note(self) -> str:
        return _newlines(self.cleaned_data["note"])

    def clean_seen_reason(self) -> str:
        return _newlines(self.cleaned_data["seen_reason"])

    def clean_seen_fallback(self) -> str:
        return _newlines(self.cleaned_data["seen_fallback"])

    def problems(self) -> str:
        """What is wrong with it, in sentences; the field is named where it is one that people see."""
        names = {"note": _("Note"), "secret": _("Password or code"), "value": _("Value"), "choice": _("Choice")}
        return " ".join(
            f"{names[name]}: {error}" if name in names else str(error)
            for name, found in self.errors.items()
            for error in found
        )

    def evidence(self) -> dict[str, Any]:
        """The `seen_*` arguments of `decisions.decide`."""
        return {
            name: value for name, value in self.cleaned_data.items() if name.startswith("seen_") and name in self.data
        }


class DecideAlike(forms.Form):
    """One verdict and note for several approvals; `members` gives what was shown of each."""

    verdict = forms.ChoiceField(choices=states.Verdict.choices)
    note = forms.CharField(required=False, strip=True, max_length=10_000)
    secret = forms.CharField(required=False, max_length=notes.SECRET_LIMIT)

    def clean_note(self) -> str:
        return _newlines(self.cleaned_data["note"])

    def said(self, first: Approval) -> dict[str, str]:
        """Verdict, note and secret for those that ask as this one does; a secret goes with a resume only."""
        verdict, note, secret = (self.cleaned_data[name] for name in ("verdict", "note", "secret"))
        asked = answers.form(first.kind, first.reason)
        if not secret or verdict != Verdict.RESUME or not asked.secret_label:
            return {"verdict": verdict, "note": note, "secret": ""}
        return {"verdict": verdict, "note": answers.said([note, asked.secret_phrase]), "secret": secret}


def read_member(text: str) -> tuple[int, Seen]:
    """One ticked approval with its evidence, as `lists.Member.evidence` wrote it; ValueError for anything else."""
    said = json.loads(text)
    match said:
        case {
            "pk": int(pk),
            "seen_seq": int(seq),
            "seen_frame_sha256": str(frame),
            "seen_reason": str(reason),
            "seen_cost_cents": int(cost),
        } if 0 <= min(pk, seq, cost) <= max(pk, seq, cost) < 2**63:
            return pk, Seen(seq, frame[:64], reason, cost)
    raise ValueError("A member is an object with its approval and the evidence that was shown.")


def read_looked_at(text: str) -> set[int] | None:
    """Which of them were looked at, as the page's script told; None where it told nothing that can be read."""
    numbers = [part for part in text.removeprefix("seen").split(",") if part]
    if not text.startswith("seen") or not all(part.isascii() and part.isdecimal() for part in numbers):
        return None
    return {int(part) for part in numbers if len(part) < 20}


def _newlines(text: str) -> str:
    # A browser sends CRLF whatever was typed or drawn.
    return text.replace("\r\n", "\n")


def read_act(body: bytes) -> tuple[str, dict[str, Any], bool]:
    """Command, parameters and whether it is private, of an act sent as JSON; ValueError for anything else."""
    if len(body) > MAX_ACT_BYTES:
        raise ValueError("The act is too large.")
    said = json.loads(body)
    match said:
        case {"command": str(command), "parameters": dict(parameters)}:
            return command, parameters, said.get("private") is True
    raise ValueError("An act is an object with a command and its parameters.")
