"""Many open streams on one loop: connect, resume at the cursor, back off, stop. Hands over events; writes no rows."""

from __future__ import annotations

import heapq
import itertools
import logging
import random
import selectors
import threading
import time
from collections import deque
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial

from coasty_api import errors, sse, wire
from coasty_api.body import Body, Broken
from runs import restores, states
from runs.ingest import Arrived
from runs.relay.following import Followed, Sink, Source
from runs.relay.gate import backoff_seconds
from runs.relay.openers import SILENCE_SECONDS
from runs.relay.waking import Waker
from runs.states import Stream

log = logging.getLogger(__name__)

_HEALTHY_SECONDS = 20.0  # a connection that lived so long ended by rotation, not by a fault
_READS_A_TURN = 8
_SOCKETS_A_TURN = 25
_LONGEST_PAUSE_SECONDS = 15.0
_GONE_PAUSE_SECONDS = 60.0
_GAPS_ASKED = 5  # an upstream that leaves out more does so for a reason


class Streams:
    """The loop and its openers. `follow` and `drop` may be called from any thread."""

    def __init__(self, sink: Sink) -> None:
        self._sink = sink
        self._followed: dict[int, Followed] = {}
        self._arrived: list[Arrived] = []  # in this turn
        self._now = datetime.now(UTC)  # of this turn
        self._due: list[tuple[float, int, int]] = []
        self._order = itertools.count()
        self._posted: deque[Callable[[], None]] = deque()
        self._selector = selectors.DefaultSelector()
        self._waker = Waker()
        self._selector.register(self._waker.socket, selectors.EVENT_READ, None)
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="relay-streams", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self, seconds: float) -> None:
        """Close every stream."""
        self._stopping.set()
        self._waker.wake()
        self._thread.join(seconds)

    @property
    def count(self) -> int:
        return len(self._followed)

    def runs(self) -> dict[int, int]:
        """The runs followed now: {run pk: token}."""
        return {pk: stream.token for pk, stream in list(self._followed.items())}

    def follow(
        self, source: Source, run_pk: int, upstream_id: str, token: int, cursor: int, status: str, *place: int
    ) -> None:
        """Follow from the stored `cursor` on; `place` is the run's log_offset, log_from, log_epoch."""
        offset, log_from, epoch = place or (0, 1, 0)
        start = log_from - 1 if restores.is_rereading(epoch) else cursor
        stream = Followed(run_pk, upstream_id, token, start, states.is_terminal(status), source, offset, log_from)
        stream.remark = restores.WORDS if epoch else ""
        self._post(partial(self._add, stream))

    def drop(self, run_pk: int) -> None:
        """Stop following, without a word to anybody: somebody else does, or nobody needs to."""
        self._post(partial(self._remove, run_pk))

    def leave(self, source: Source) -> None:
        """Stop following all that comes from there."""
        self._post(partial(self._leave, source))

    def ended(self, run_pk: int) -> None:
        """The journal has learnt that a run has ended."""
        self._post(partial(self._ended_upstream, run_pk))

    def hurry(self, run_pk: int) -> None:
        """There is something to read, as a listing has told: do not wait for the end of a pause."""
        self._post(partial(self._open_soon, run_pk))

    def is_wanted(self, stream: Followed) -> bool:
        return self._is_current(stream) and not self._stopping.is_set()

    def connected(self, stream: Followed, body: Body) -> None:
        self._post(partial(self._connected, stream, body))

    def failed(self, stream: Followed, error: errors.CoastyError) -> None:
        self._post(partial(self._failed, stream, error))

    def finished(self, stream: Followed) -> None:
        self._post(partial(self._finished, stream))

    def not_finished(self, stream: Followed) -> None:
        self._post(partial(self._not_finished, stream))

    def halt(self, source: Source, error: errors.CoastyError) -> None:
        """Its gate has closed. A refused key ends the open streams as well."""
        self._post(partial(self._halt, source, isinstance(error, errors.KeyRefused)))

    def resume(self, source: Source) -> None:
        """Its gate is open again: connect what waits, spread over a moment."""
        self._post(partial(self._resume, source))

    # The loop's thread.

    def _run(self) -> None:
        checked = time.monotonic()
        while not self._stopping.is_set():
            try:
                ready = self._selector.select(self._until_due())
                for at in range(0, len(ready), _SOCKETS_A_TURN):
                    self._read_all(ready[at : at + _SOCKETS_A_TURN])
                self._do_posted()
                self._start_due()
                if time.monotonic() - checked > SILENCE_SECONDS / 15:
                    checked = time.monotonic()
                    self._drop_silent(checked)
            except Exception:
                log.exception("The loop of streams met what it does not know; it goes on")
        for stream in self._followed.values():
            self._disconnect(stream)

    def _read_all(self, ready: list[tuple[selectors.SelectorKey, int]]) -> None:
        self._sink.wait_for_room()
        self._now = datetime.now(UTC)
        try:
            for key, _mask in ready:
                self._ready(key)
        finally:
            self._hand_over()

    def _hand_over(self) -> None:
        if self._arrived:
            arrived, self._arrived = self._arrived, []
            self._sink.events(arrived)

    def _until_due(self) -> float:
        if self._posted:
            return 0
        wait = self._due[0][0] - time.monotonic() if self._due else 1.0
        return min(1.0, max(0.0, wait))

    def _ready(self, key: selectors.SelectorKey) -> None:
        if key.data is None:
            self._waker.calm()
        else:
            self._read(key.data)

    def _do_posted(self) -> None:
        for _turn in range(len(self._posted)):  # what these post has its turn after the sockets
            self._now = datetime.now(UTC)
            self._posted.popleft()()
        self._hand_over()

    def _start_due(self) -> None:
        now = time.monotonic()
        while self._due and self._due[0][0] <= now:
            when, _order, run_pk = heapq.heappop(self._due)
            stream = self._followed.get(run_pk)
            if stream is None or stream.due_at != when or stream.body is not None or stream.is_opening:
                continue
            if stream.source.gate.is_open:
                stream.is_opening = True
                stream.source.openers.open(stream, stream.has_done)
            else:
                self._wait(stream)

    def _wait(self, stream: Followed) -> None:
        """Behind a closed gate nothing is planned: `resume` does it anew."""
        gate = stream.source.gate
        state = Stream.REFUSED if isinstance(gate.error, errors.KeyRefused) else Stream.RECONNECTING
        self._note(stream, state, gate.in_words())

    def _schedule(self, stream: Followed, seconds: float) -> None:
        stream.due_at = time.monotonic() + seconds
        heapq.heappush(self._due, (stream.due_at, next(self._order), stream.run_pk))

    def _add(self, stream: Followed) -> None:
        known = self._followed.get(stream.run_pk)
        if known is not None and known.token >= stream.token:
            return
        self._remove(stream.run_pk)
        self._followed[stream.run_pk] = stream
        if stream.source.gate.is_open:
            self._note(stream, Stream.CONNECTING, "")
        self._schedule(stream, 0)

    def _remove(self, run_pk: int) -> None:
        stream = self._followed.pop(run_pk, None)
        if stream is not None:
            self._disconnect(stream)

    def _ended_upstream(self, run_pk: int) -> None:
        stream = self._followed.get(run_pk)
        if stream is not None:
            stream.is_terminal = True

    def _open_soon(self, run_pk: int) -> None:
        stream = self._followed.get(run_pk)
        if stream is not None and stream.body is None and not stream.is_opening:
            self._schedule(stream, 0)

    def _is_current(self, stream: Followed) -> bool:
        return self._followed.get(stream.run_pk) is stream

    def _connected(self, stream: Followed, body: Body) -> None:
        stream.is_opening = False
        if not self._is_current(stream) or self._stopping.is_set():
            body.close()
            return
        stream.body, stream.parser, stream.progressed = body, sse.Parser(), False
        stream.was_terminal = stream.is_terminal
        stream.opened_at = stream.heard_at = time.monotonic()
        self._selector.register(body.socket, selectors.EVENT_READ, stream)
        self._note(stream, Stream.LIVE, stream.remark)
        self._read(stream)

    def _read(self, stream: Followed) -> None:
        body = stream.body
        if body is None:
            return
        try:
            for _turn in range(_READS_A_TURN):
                data = body.read()
                if data is None:
                    return
                if data == b"":
                    self._closed(stream, "" if body.is_complete else "the connection was cut")
                    return
                stream.heard_at = time.monotonic()
                missing = self._take(stream, data)
                if missing:
                    self._ask_again(stream, missing)
                    return
                if stream.has_done:
                    self._closed(stream, "")
                    return
                if body.is_drained:
                    return
        except (OSError, Broken) as problem:
            self._closed(stream, f"the connection broke ({type(problem).__name__})")
        else:
            if body.has_buffered:
                self._posted.append(partial(self._read, stream))

    def _take(self, stream: Followed, data: bytes) -> str:
        """Hand over what came, known events as well: they may tell another story. Which events are missing, if any."""
        now, missing, before = self._now, "", stream.cursor
        for frame in stream.parser.feed(data):
            event = wire.event(frame)
            if event is None:
                continue
            seq = event.seq + stream.offset
            if seq < stream.log_from:
                continue
            is_gap = seq > stream.cursor + 1
            missing = self._missing(stream, seq) if is_gap else ""
            if missing:
                break
            arrived = Arrived(stream.run_pk, seq, event.type, event.data, event.created_at, now, stream.token, is_gap)
            self._arrived.append(arrived)
            if seq > stream.cursor:
                stream.cursor, stream.progressed = seq, True
                stream.has_done = stream.has_done or event.type == "done"
        if stream.cursor > before:
            stream.failures = 0
        return missing

    def _missing(self, stream: Followed, seq: int) -> str:
        """The events that are left out before `seq`, when they are worth asking for; else it is noted and accepted."""
        first, last = stream.cursor + 1 - stream.offset, seq - 1 - stream.offset
        words = f"event {first}" if first == last else f"events {first} to {last}"
        if stream.asked_from != stream.cursor and stream.gaps < _GAPS_ASKED:
            stream.asked_from = stream.cursor
            return words
        stream.gaps += 1
        stream.remark = f"Upstream left out {words}"
        self._note(stream, Stream.LIVE, stream.remark)
        return ""

    def _ask_again(self, stream: Followed, words: str) -> None:
        self._disconnect(stream)
        self._note(stream, Stream.RECONNECTING, f"Upstream left out {words}: asking for them once more")
        self._schedule(stream, random.uniform(0.05, 0.25))  # noqa: S311 (jitter, no secret)

    def _closed(self, stream: Followed, problem: str) -> None:
        """A connection has ended: at the end of the log, by rotation, or by a fault."""
        self._disconnect(stream)
        is_outage = bool(problem) and not stream.progressed
        stream.is_verifying = is_outage and not stream.is_verifying  # not twice in a row: that could go on for ever
        if not problem and stream.parser.is_in_frame:
            problem = "the connection was cut"
        if stream.has_done or (stream.was_terminal and not problem and not stream.progressed):
            stream.has_done = True
            self._schedule(stream, 0)  # one last look at the run
            return
        if stream.progressed or time.monotonic() - stream.opened_at > _HEALTHY_SECONDS:
            stream.failures = 0
            self._schedule(stream, random.uniform(0.05, 0.25))  # noqa: S311 (jitter, no secret)
            return
        stream.failures += 1
        if stream.failures > 1 or problem:
            self._note(stream, Stream.RECONNECTING, problem or "upstream closes the stream without an event")
        self._schedule(stream, backoff_seconds(stream.failures, _LONGEST_PAUSE_SECONDS))

    def _failed(self, stream: Followed, error: errors.CoastyError) -> None:
        stream.is_opening = False
        if not self._is_current(stream):
            return
        stream.failures += 1
        stream.is_verifying = stream.is_verifying or isinstance(error, errors.Unavailable)
        pause = backoff_seconds(stream.failures, _LONGEST_PAUSE_SECONDS)
        if isinstance(error, (errors.NotFound, errors.NotAllowed, errors.Invalid, errors.Blocked)):
            self._note(stream, Stream.REFUSED, error.message)
            pause = backoff_seconds(stream.failures, _GONE_PAUSE_SECONDS)
        elif isinstance(error, errors.KeyRefused):
            self._note(stream, Stream.REFUSED, stream.source.gate.in_words() or error.message)
        else:
            self._note(stream, Stream.RECONNECTING, stream.source.gate.in_words() or error.message)
        self._schedule(stream, max(pause, error.retry_after or 0))

    def _finished(self, stream: Followed) -> None:
        if self._is_current(stream):
            self._note(stream, Stream.ENDED, "")
            self._remove(stream.run_pk)

    def _not_finished(self, stream: Followed) -> None:
        """The log has said `done`, but the run says that it lives: believe the run, and keep listening."""
        stream.is_opening = False
        if self._is_current(stream):
            stream.has_done = False
            stream.failures += 1
            self._schedule(stream, backoff_seconds(stream.failures, _LONGEST_PAUSE_SECONDS))

    def _disconnect(self, stream: Followed) -> None:
        body, stream.body = stream.body, None
        if body is not None:
            self._selector.unregister(body.socket)
            body.close()

    def _drop_silent(self, now: float) -> None:
        for stream in list(self._followed.values()):
            if stream.body is not None and now - stream.heard_at > SILENCE_SECONDS:
                self._closed(stream, f"nothing was heard for {SILENCE_SECONDS:.0f} s")

    def _leave(self, source: Source) -> None:
        for stream in self._of(source):
            self._remove(stream.run_pk)

    def _of(self, source: Source) -> list[Followed]:
        return [stream for stream in self._followed.values() if stream.source is source]

    def _halt(self, source: Source, is_refusal: bool) -> None:
        words = source.gate.in_words()
        for stream in self._of(source):
            if is_refusal:
                if stream.body is not None:
                    self._disconnect(stream)
                stream.noted = (Stream.REFUSED, words)  # the supervisor writes it for all of them at once
            elif stream.body is None:
                self._note(stream, Stream.RECONNECTING, words)

    def _resume(self, source: Source) -> None:
        waiting = self._of(source)
        spread = min(5.0, len(waiting) / 500)
        for stream in waiting:
            if stream.body is None:
                own = backoff_seconds(stream.failures, _LONGEST_PAUSE_SECONDS) if stream.failures > 1 else 0
                self._schedule(stream, own + random.uniform(0, spread))  # noqa: S311 (jitter, no secret)

    def _note(self, stream: Followed, state: str, detail: str) -> None:
        if stream.noted != (state, detail):
            stream.noted = (state, detail)
            self._sink.note(stream.run_pk, stream.token, state, detail)

    # Any thread.

    def _post(self, act: Callable[[], None]) -> None:
        self._posted.append(act)
        self._waker.wake()
