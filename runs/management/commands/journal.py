"""`manage.py journal`: writes down what a relay reads. The relay starts it; nobody else needs to."""

from __future__ import annotations

import signal
import socket
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand
from django.db import connections

from runs.relay.journal_process import write_down


class Command(BaseCommand):
    help = "Write down what a relay reads. A relay starts this itself, over a socket that both have."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("socket", type=int, help="the number of the open socket to the relay")

    def handle(self, *args: Any, **options: Any) -> None:
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, signal.SIG_IGN)  # it ends when the relay has said all
        with socket.socket(fileno=options["socket"]) as end:
            write_down(end)
        connections.close_all()
