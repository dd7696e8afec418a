"""Context and rendering of the live fragments of a batch; they read, and never write."""

from __future__ import annotations

from django.db.models import Case, IntegerField, Value, When
from django.utils.safestring import SafeString

from live import fragments
from runs import batches, states
from runs.models import Batch, BatchItem

MOST_ITEMS = 100
_STATE = BatchItem.State
_FIRST = (_STATE.UNSURE, _STATE.REFUSED, _STATE.SENDING)


def batch_head(batch: Batch) -> SafeString:
    """How it stands: state, why it waits, rows done, money."""
    progress = batches.progress(batch)
    return fragments.render(
        "batches/_batch_head.html",
        {
            "batch": batch,
            "progress": progress,
            "items": [(state, progress.items[state]) for state in _STATE if progress.items.get(state)],
            "runs": [(status, progress.runs[status]) for status in states.Status if progress.runs.get(status)],
            "is_start": batch.act == Batch.Act.START,
        },
    )


def batch_items(batch: Batch) -> SafeString:
    """Its rows: what went wrong first, then as they are in the table; a hundred of them, the rest is in the export."""
    rank = Case(*(When(state=state, then=Value(at)) for at, state in enumerate(_FIRST)), default=Value(len(_FIRST)),
                output_field=IntegerField())  # fmt: skip
    items = list(batch.items.select_related("run").order_by(rank, "number")[: MOST_ITEMS + 1])
    rows = [(item, batches.task_of(batch, item)) for item in items[:MOST_ITEMS]]
    context = {"batch": batch, "rows": rows, "has_more": len(items) > MOST_ITEMS, "most": MOST_ITEMS}
    return fragments.render("batches/_batch_items.html", context)
