"""The sockets of the desk's pages: the frame's counts, the overview, the queue, one approval."""

from __future__ import annotations

from approvals import fragments
from approvals.models import Approval
from live import topics
from live.consumer import LIST_PACE_SECONDS, LiveConsumer, Missing
from runs import fragments as run_fragments


class NavConsumer(LiveConsumer):
    """What every page's frame shows: open approvals, upstream's health."""

    permission = "approvals.view_approval"

    def topics(self) -> list[str]:
        return [topics.QUEUE, topics.HEALTH]

    def regions(self) -> list[str]:
        return [fragments.nav_counts(self.user), run_fragments.health(), run_fragments.alerts()]


class OverviewConsumer(LiveConsumer):
    permission = "approvals.view_approval"
    pace_seconds = LIST_PACE_SECONDS

    def topics(self) -> list[str]:
        return [topics.QUEUE, topics.HEALTH, topics.RUNS]

    def regions(self) -> list[str]:
        return list(fragments.overview(self.user).values())


class QueueConsumer(LiveConsumer):
    permission = "approvals.view_approval"

    def topics(self) -> list[str]:
        return [topics.QUEUE]

    def regions(self) -> list[str]:
        return [fragments.approval_queue(self.user), fragments.past(self.user)]


class ApprovalConsumer(LiveConsumer):
    """State, claim, takeover and delivery of one approval; its facts only as far as to say that they moved."""

    permission = "approvals.view_approval"

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
            fragments.approval_state(approval, self.user),
            fragments.moved(approval),
        ]
