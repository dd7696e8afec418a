"""The relay as `manage.py relay` runs it, watched from inside: how long each event took to committed and nudged.

Orders come as lines of JSON: `{"do": "reset"}` starts counting anew, `{"do": "report"}` answers what was seen.
"""

from __future__ import annotations

import json
import os
import sys
import time

import django


class Watch:
    """Wraps the relay's own call after each commit, when its nudges have left."""

    def __init__(self, relay) -> None:
        self._after = relay.journal._on_taken
        relay.journal._on_taken = self._taken
        self.reset()

    def reset(self) -> None:
        self.count, self.batches, self.delays = 0, 0, []
        self.first, self.last = 0.0, 0.0

    def _taken(self, events, taken) -> None:
        now = time.time()
        self.count += len(events)
        self.batches += bool(events)
        if events:
            self.first, self.last = self.first or now, now
            self.delays += [now - one.created_at.timestamp() for one in events[::16] if one.created_at]
        self._after(events, taken)

    def report(self) -> dict[str, object]:
        delays = sorted(self.delays)
        at = lambda share: round(delays[min(len(delays) - 1, int(len(delays) * share))] * 1000, 2) if delays else None  # noqa: E731
        return {
            "events": self.count, "batches": self.batches, "p50_ms": at(0.5), "p99_ms": at(0.99),
            "max_ms": at(1), "seconds": self.last - self.first, "cpu_seconds": time.process_time(),
        }  # fmt: skip


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "coasty_console.settings")
    django.setup()
    from runs.relay.supervisor import Relay

    relay = Relay()
    watch = Watch(relay)
    relay.start()
    print(json.dumps({"pid": os.getpid(), "name": relay.name}), flush=True)
    for line in sys.stdin:
        if json.loads(line)["do"] == "reset":
            watch.reset()
            print("{}", flush=True)
        else:
            print(json.dumps({**watch.report(), "following": relay.streams.count}), flush=True)
    relay.stop()


if __name__ == "__main__":
    main()
