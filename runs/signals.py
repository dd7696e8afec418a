"""The one edge that points up: what ingest tells, inside its transaction, to whoever must act on a status."""

from django.dispatch import Signal

# Sent with sender=Run class, run: Run (already written), old: str, new: str, seq: int | None (None: seen by snapshot).
# Sent again for a pause that is already known (its reason, its seq): receivers are idempotent.
status_changed = Signal()

# Sent with sender=Run class, run: Run (written), has_begun: bool, inside the transaction that wrote it: the run is
# flagged (`run.waste_kind`) as burning money, what that costs has grown, or it no longer does. Begins once an episode.
waste_found = Signal()
