"""The sockets of the desk's pages: the frame's counts, the overview, the queue, those alike, one approval."""

from __future__ import annotations

from contextlib import suppress

from django.http import QueryDict

from approvals import alike, claims, company, fragments, history, lists, presence
from approvals.errors import Refused
from approvals.models import Approval
from approvals.notices import fragments as notice_fragments
from approvals.rules import fragments as rule_fragments
from live import topics
from live.consumer import LIST_PACE_SECONDS, LiveConsumer, Missing
from runs import fragments as run_fragments
from runs import timeline


class NavConsumer(LiveConsumer):
    """What every page's frame shows: open approvals, upstream's health."""

    permission = "approvals.view_approval"

    def topics(self) -> list[str]:
        return [topics.QUEUE, topics.HEALTH]

    def regions(self) -> list[str]:
        alerts = [run_fragments.alerts(), rule_fragments.stopped(), notice_fragments.notice_alerts(self.user)]
        return [fragments.nav_counts(self.user), run_fragments.health(), *alerts]


class OverviewConsumer(LiveConsumer):
    permission = "approvals.view_approval"
    pace_seconds = LIST_PACE_SECONDS

    def topics(self) -> list[str]:
        return [topics.QUEUE, topics.HEALTH, topics.RUNS]

    def regions(self) -> list[str]:
        return [part for part in (*fragments.overview(self.user).values(), fragments.tour_card(self.user)) if part]


class QueueConsumer(LiveConsumer):
    """The queue as the page's address narrows it."""

    permission = "approvals.view_approval"

    def open(self) -> None:
        self.shown_rows = lists.Shown.read(QueryDict(self.scope["query_string"]))

    def topics(self) -> list[str]:
        return [topics.QUEUE]

    def regions(self) -> list[str]:
        waiting = lists.approval_queue(self.user, self.shown_rows)
        return [waiting, history.past(self.user), fragments.held(self.user)]


class AlikeConsumer(LiveConsumer):
    """Those that are alike, as many as the page has drawn: what has become of each since, and how many came."""

    permission = "approvals.view_approval"

    def open(self) -> None:
        self.pks = alike.read_drawn(QueryDict(self.scope["query_string"]).get("of", ""))
        first = Approval.objects.visible_to(self.user).filter(pk=self.scope["url_route"]["kwargs"]["pk"]).first()
        if first is None:
            raise Missing
        self.first = first
        self.runs = list(Approval.objects.filter(pk__in=self.pks).values_list("run_id", flat=True))

    def topics(self) -> list[str]:
        return [topics.QUEUE, *(topics.run(pk) for pk in self.runs)]

    def regions(self) -> list[str]:
        return list(alike.regions(self.user, self.first, self.pks))


class ApprovalConsumer(LiveConsumer):
    """State, claim, takeover and delivery of one approval, and its people; its facts only as far as to say that they
    moved. While it is open its person counts as present, and each sign of life keeps their claim.
    """

    permission = "approvals.view_approval"
    gives_signs = True
    is_away = False

    def open(self) -> None:
        self.pk = int(self.scope["url_route"]["kwargs"]["pk"])
        found = Approval.objects.visible_to(self.user).filter(pk=self.pk).first()
        if found is None:
            raise Missing
        self.run_pk = found.run_id

    def topics(self) -> list[str]:
        return [topics.approval(self.pk), topics.run(self.run_pk), topics.QUEUE]

    def regions(self) -> list[str]:
        approval = Approval.objects.select_related("run", "run__connection").get(pk=self.pk)
        return [
            fragments.approval_title(approval, self.user),
            fragments.approval_state(approval, self.user),
            fragments.moved(approval, timeline.latest_frame(approval.run)),
            rule_fragments.applied(approval),
            company.company(approval, self.user),
            company.comments(approval),
            fragments.held(self.user, approval),
        ]

    def ticked(self) -> None:
        if not self.is_away:
            presence.note(self.user, self.pk)

    def heard(self, sign: str) -> None:
        self.is_away = sign == "away"
        self.ticked()
        if sign == "typing":
            with suppress(Refused):  # decided meanwhile, or theirs to watch only
                claims.claim(self.user, Approval.objects.get(pk=self.pk))
        elif sign == "here":
            claims.renew(self.user, self.pk)
