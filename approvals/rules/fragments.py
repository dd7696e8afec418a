"""Rendering of what policies show: the sentence while it is built, the stop, what they did with an approval."""

from __future__ import annotations

from django.utils.safestring import SafeString

from approvals.models import Applied, Approval
from approvals.rules import stopping, words
from approvals.rules.forms import PolicyForm
from live import fragments


def sentence(form: PolicyForm) -> SafeString:
    """What the form says so far, as one sentence, and what may not be said so."""
    whole = not form.is_bound or form.is_valid()
    when, then = form.shape()
    said = words.sentence(when, then, words.Names.load())
    context = {"sentence": said, "problems": [] if whole else _problems(form), "page_text": when and when.page_text}
    return fragments.render("approvals/_policy_sentence.html", context)


def _problems(form: PolicyForm) -> list[tuple[str, str]]:
    """(label of the field, what is wrong with it); a name is given last."""
    labels = {name: str(field.label) for name, field in form.fields.items()}
    return [
        (labels.get(name, ""), str(text)) for name, texts in form.errors.items() if name != "name" for text in texts
    ]


def stopped() -> SafeString:
    """On every page while the kill switch is on."""
    return fragments.render("approvals/_stopped.html", {"stop": stopping.current()})


def applied(approval: Approval) -> SafeString:
    """What policies did with an approval, in the order in which they came."""
    rows = list(Applied.objects.filter(approval=approval).select_related("policy").order_by("id"))
    names = words.Names.load() if rows else words.Names()
    deeds = [{"row": row, "policy": row.policy, "deed": words.deed(row, names)} for row in rows]
    return fragments.render("approvals/_applied.html", {"approval": approval, "deeds": deeds})
