"""Context and rendering of the fragments about people: who is on an approval, who looks at it, what they say."""

from __future__ import annotations

from typing import Any

from django.utils.safestring import SafeString

from approvals import claims, policies, presence
from approvals import comments as words
from approvals.models import Approval, Comment
from live import fragments


def company(approval: Approval, user: Any) -> SafeString:
    """Who else looks at it now, who is on it, whom it was handed to. Holds buttons, never a field."""
    handed = Comment.objects.filter(approval=approval).exclude(handed_to=None).select_related("author", "handed_to")
    return fragments.render(
        "approvals/_company.html",
        {
            "approval": approval,
            "user": user,
            "watching": presence.watching(approval.pk, but=user),
            "claim": claims.active(approval) if approval.is_open else None,
            "handed": handed.order_by("-id").first() if approval.is_open and approval.routed_to_id else None,
            "may_decide": not policies.why_not_decide(user, approval, ""),
        },
    )


def comments(approval: Approval) -> SafeString:
    """The thread; what is being typed stands outside of it."""
    return fragments.render("approvals/_comments.html", {"approval": approval, "comments": words.thread(approval)})


def answer(approval: Approval, user: Any, problem: str = "") -> str:
    """After a comment or a hand-over: what went wrong, if anything, and both fragments for their places."""
    said = fragments.render("approvals/_company_result.html", {"approval": approval, "problem": problem})
    return said + fragments.swap(company(approval, user)) + fragments.swap(comments(approval))


def page(approval: Approval, user: Any) -> dict[str, Any]:
    """What the parts of an approval's page that are about people need."""
    return {
        "company": company(approval, user),
        "comments": comments(approval),
        "colleagues": claims.colleagues(user) if approval.is_open else [],
        "may_comment": not policies.why_not_comment(user),
        "comment_limit": words.TEXT_LIMIT,
        "word_limit": claims.WORD_LIMIT,
    }
