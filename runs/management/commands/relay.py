"""`manage.py relay`: one relay worker, alone in its process."""

from __future__ import annotations

import signal
import threading
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import connection

from runs import reach
from runs.relay.supervisor import Relay


class Command(BaseCommand):
    help = "Follow the runs of upstream and store what they tell, until SIGTERM or Ctrl-C."

    def handle(self, *args: Any, **options: Any) -> None:
        if sentence := reach.why_not(connection):
            raise CommandError(sentence)
        stopping = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stopping.set())
        relay = Relay()
        relay.start()
        self.stdout.write(f"Relay {relay.name} is running.")
        self.stdout.flush()
        while not stopping.wait(1):
            pass
        relay.stop()
