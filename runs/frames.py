"""The pictures of a run: fetched from upstream after steps, at pauses and at the end, and stored once each."""

from __future__ import annotations

import base64
import binascii
import hashlib
import logging
import threading
import time
from datetime import datetime
from itertools import groupby
from typing import Any

from django.db import transaction
from django.utils import timezone

from coasty_api import errors, wire
from coasty_api.client import Client
from live import publish, topics
from runs import likeness, private, upstream
from runs.models import Frame, PrivateTime, Run

log = logging.getLogger(__name__)

MAX_IMAGE_BYTES = 8 * 1024 * 1024
_SIGNATURES = {b"\xff\xd8\xff": "image/jpeg", b"\x89PNG\r\n\x1a\n": "image/png", b"RIFF": "image/webp"}
_PAGE = 10
_LISTED = 100  # without pictures
_PAGES_AT_ONCE = 20
AT_ONCE = _PAGE * _PAGES_AT_ONCE  # so many in one call, or more: there may be others behind them
_ASK_AGAIN_SECONDS = 600.0

_without_frames: dict[int, float] = {}  # connections whose service has no frames, and when they said so
_lock = threading.Lock()


def collect(run: Run, *, is_moment: bool = False) -> int:
    """Fetch and store the frames that are new; how many there were. Nothing is fetched while somebody types a secret.

    Where the service keeps none, the machine's screenshot stands in when `is_moment` (a pause, the end) says that it
    matters. Raises the tree of `coasty_api.errors`.
    """
    if private.is_on(run.pk):
        return 0
    client = upstream.client(run.connection)
    if are_kept(run.connection_id):
        try:
            return _pages(client, run)
        except errors.NotFound as problem:
            if problem.code == "RUN_NOT_FOUND":
                raise
            _note_without(run.connection_id)
    return _screenshot(client, run) if is_moment and run.machine_id else 0


def are_kept(connection_pk: int) -> bool:
    """Whether the connection's service keeps frames, as far as is known. One that said no is asked again later."""
    with _lock:
        said_at = _without_frames.get(connection_pk)
    return said_at is None or time.monotonic() - said_at > _ASK_AGAIN_SECONDS


def _note_without(connection_pk: int) -> None:
    with _lock:
        _without_frames[connection_pk] = time.monotonic()


def _pages(client: Client, run: Run) -> int:
    after, count = Run.objects.values_list("frame_cursor", flat=True).get(pk=run.pk), 0
    if times := private.times(run.pk):
        return _around(client, run, times, after)
    for _page in range(_PAGES_AT_ONCE):
        answer = client.screenshots(run.upstream_id, after if after >= 0 else None, _PAGE)
        told = [item for item in answer.get("data") or [] if _index(item) > after]
        if not told:
            break
        count += _store(client, run, [frame for frame in map(_frame, told) if frame], max(map(_index, told)))
        after = max(map(_index, told))
        if not answer.get("has_more"):
            break
    return count


def _around(client: Client, run: Run, times: list[PrivateTime], after: int) -> int:
    """Frames of a run that had private times: first what there is, without pictures; then those that may be seen."""
    count = 0
    for _page in range(_PAGES_AT_ONCE):
        answer = client.screenshots(run.upstream_id, after if after >= 0 else None, _LISTED, images=False)
        told = sorted((item for item in answer.get("data") or [] if _index(item) > after), key=_index)
        if not told:
            break
        ahead = client.ahead_seconds
        marked = [(_index(item), private.hiding(times, _index(item), _taken_at(item), ahead)) for item in told]
        for is_hidden, rows in groupby(marked, key=lambda one: one[1] is not None):
            group = list(rows)
            count += _leave_out(run, group) if is_hidden else _some(client, run, [index for index, _ in group])
        after = _index(told[-1])
        if not answer.get("has_more"):
            break
    return count


def _leave_out(run: Run, hidden: list[tuple[int, PrivateTime | None]]) -> int:
    with transaction.atomic():
        newest = hidden[-1][0]
        if Run.objects.filter(pk=run.pk, frame_cursor__lt=newest).update(frame_cursor=newest):
            private.skip(run, [(index, time) for index, time in hidden if time])
    return 0


def _some(client: Client, run: Run, wanted: list[int]) -> int:
    """Exactly these frames, which stand side by side in the list; no other picture is asked for."""
    count = 0
    for at in range(0, len(wanted), _PAGE):
        part = wanted[at : at + _PAGE]
        answer = client.screenshots(run.upstream_id, part[0] - 1 if part[0] else None, len(part))
        told = [item for item in answer.get("data") or [] if _index(item) in part]
        count += _store(client, run, [frame for frame in map(_frame, told) if frame], part[-1])
    return count


def _index(item: Any) -> int:
    index = item.get("index") if isinstance(item, dict) else None
    return index if isinstance(index, int) and not isinstance(index, bool) and 0 <= index < 2**31 else -1


def _frame(item: dict[str, Any]) -> Frame | None:
    image, mime_type = image_of(item.get("image_b64"))
    if not image:
        return None
    return Frame(
        index=_index(item),
        step=item.get("step") if isinstance(item.get("step"), int) else None,
        taken_at=_taken_at(item),
        received_at=timezone.now(),
        width=_size(item.get("width")),
        height=_size(item.get("height")),
        mime_type=mime_type,
        sha256=hashlib.sha256(image).hexdigest(),
        likeness=likeness.of(image),
        image=image,
    )


def _taken_at(item: dict[str, Any]) -> datetime | None:
    return wire.time(item.get("taken_at") or item.get("captured_at"))


def image_of(encoded: Any) -> tuple[bytes, str]:
    """The picture and its type by its own first bytes, whatever upstream calls it; empty for anything else."""
    if not isinstance(encoded, str) or len(encoded) > MAX_IMAGE_BYTES * 4 // 3 + 100:
        return b"", ""
    try:
        image = base64.b64decode(encoded.partition(",")[2] if encoded.startswith("data:") else encoded)
    except (binascii.Error, ValueError):
        return b"", ""
    for signature, mime_type in _SIGNATURES.items():
        if image.startswith(signature):
            return image, mime_type
    return b"", ""


def _size(value: Any) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 100_000 else 0


def _screenshot(client: Client, run: Run) -> int:
    answer = client.machine_screenshot(run.machine_id)
    cursor, newest = Run.objects.values_list("cursor", "frame_cursor").get(pk=run.pk)
    frame = _frame({**answer, "index": newest + 1})
    if frame is None or Frame.objects.filter(run=run, index=newest, sha256=frame.sha256, after_seq=cursor).exists():
        return 0
    return _store(client, run, [frame], frame.index)


def _store(client: Client, run: Run, frames: list[Frame], newest: int) -> int:
    with transaction.atomic():
        row = Run.objects.select_for_update(no_key=True).only("cursor", "frame_cursor").get(pk=run.pk)
        frames = private.sift(run, frames, client.ahead_seconds)  # a private time may have begun since they were asked
        for frame in frames:
            frame.run_id, frame.after_seq = run.pk, row.cursor
        Frame.objects.bulk_create(frames, ignore_conflicts=True)
        if newest > row.frame_cursor:
            Run.objects.filter(pk=run.pk).update(frame_cursor=newest)
        publish.nudge(topics.run(run.pk))
    return len(frames)
