"""What the desk's pages submit: a decision with the evidence that was on screen, an act of a takeover."""

from __future__ import annotations

import json
from typing import Any

from django import forms

from approvals import states

MAX_ACT_BYTES = 64_000


class Decide(forms.Form):
    """The verdict, the note, and the evidence as the page was drawn with; the rules are in `decisions.decide`."""

    verdict = forms.ChoiceField(choices=states.Verdict.choices)
    note = forms.CharField(required=False, strip=True, max_length=10_000)
    seen_seq = forms.IntegerField(required=False, min_value=0)
    seen_frame_sha256 = forms.RegexField(r"\A[0-9a-f]{64}\Z", required=False)
    seen_reason = forms.CharField(required=False, strip=False)
    seen_cost_cents = forms.IntegerField(required=False, min_value=0)
    seen_frame_open = forms.NullBooleanField(required=False)

    def clean_note(self) -> str:
        return _newlines(self.cleaned_data["note"])

    def clean_seen_reason(self) -> str:
        return _newlines(self.cleaned_data["seen_reason"])

    def evidence(self) -> dict[str, Any]:
        """The `seen_*` arguments of `decisions.decide`."""
        return {
            name: value for name, value in self.cleaned_data.items() if name.startswith("seen_") and name in self.data
        }


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
