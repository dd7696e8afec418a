"""The stream's bytes, cut anywhere, give the same events; a broken tail gives none."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sseclient import SSEClient

from coasty_api import sse, wire

EXPECTED = [
    (1, "status", '{"status": "running"}'),
    (2, "text", '{"text": "Grüße, 世界 😀"}'),
    (12, "status", '{"status": "awaiting_human"}'),
    (13, "awaiting_human", '{"reason": "a\\nb", "n": 1.00}'),
]


def spoken(eol, is_wrapped=False):
    parts = [": hello", ""]
    for seq, kind, data in EXPECTED:
        payload = f'{{"seq": {seq}, "type": "{kind}", "data": {data}}}' if is_wrapped else data
        parts += [f"id: {seq}", f"event: {kind}", f"data: {payload}", "created_at: 2026-07-01T10:00:00.123Z", ""]
        parts += [": keepalive", ""]
    return (eol.join(parts) + eol).encode()


def mixed():
    ends = ["\n", "\r\n", "\r"]
    lines = spoken("\n").decode().split("\n")[:-1]
    return "".join(line + ends[number // 5 % 3] for number, line in enumerate(lines)).encode()


def read(*pieces):
    parser = sse.Parser()
    events = [wire.event(frame) for piece in pieces for frame in parser.feed(piece)]
    return [(event.seq, event.type, event.data) for event in events if event]


SPEAKERS = {
    "LF": spoken("\n"), "CRLF": spoken("\r\n"), "CR": spoken("\r"), "mixed": mixed(),
    "wrapped": spoken("\n", is_wrapped=True), "with a byte-order mark": b"\xef\xbb\xbf" + spoken("\n"),
}  # fmt: skip


@pytest.mark.parametrize("name", SPEAKERS)
def test_a_cut_at_any_byte_changes_nothing(name):
    raw = SPEAKERS[name]
    for at in range(len(raw) + 1):
        assert read(raw[:at], raw[at:]) == EXPECTED, f"cut at byte {at}"


@pytest.mark.parametrize("name", SPEAKERS)
@pytest.mark.parametrize("size", [1, 2, 3, 7])
def test_a_trickle_changes_nothing(name, size):
    raw = SPEAKERS[name]
    assert read(*(raw[at : at + size] for at in range(0, len(raw), size))) == EXPECTED


@pytest.mark.parametrize("name", ["LF", "CRLF", "CR", "mixed"])
def test_a_stream_that_breaks_off_dispatches_no_half_event(name):
    raw = SPEAKERS[name]
    for at in range(len(raw)):
        found = read(raw[:at])
        assert found == EXPECTED[: len(found)], f"broken off at byte {at}"


def test_the_time_on_the_extra_line_is_read():
    [frame] = sse.Parser().feed(b"id: 1\nevent: text\ndata: {}\ncreated_at: 2026-07-01T10:00:00.123Z\n\n")
    assert wire.event(frame).created_at.isoformat() == "2026-07-01T10:00:00.123000+00:00"


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (b'data: {"seq": 4, "type": "text", "data": {"a": 1}}\n\n', (4, "text", '{"a": 1}')),
        (b'id: 4\ndata: {"type": "text", "data": {}}\n\n', (4, "text", "{}")),
        (b'event: text\ndata: {"seq": 9, "text": "x"}\n\n', (9, "text", '{"seq": 9, "text": "x"}')),
        (b'id: 3\nevent: odd\ndata: {"type": 5, "data": {}}\n\n', (3, "odd", '{"type": 5, "data": {}}')),
        (b"id: 3\nevent: text\ndata: not json\n\n", (3, "text", "not json")),
        (b"id: 3\nevent: text\ndata: {\ndata: }\n\n", (3, "text", "{\n}")),
        (b"id: 3\nevent: text\ndata:{}\nretry: 10\nunknown\n\n", (3, "text", "{}")),
        (b"id: 3\nevent: text\ndata: \xff\xfe\n\n", (3, "text", "\ufffd\ufffd")),
    ],
)
def test_every_variant_of_a_frame_is_read(raw, expected):
    assert read(raw) == [expected]


@pytest.mark.parametrize(
    "raw",
    [
        b"id: 3\n\n",
        b"id: 3\nevent: text\n\n",
        b"event: text\ndata: {}\n\n",
        b"id: x\ndata: {}\n\n",
        b"id: 0\ndata: 1\n\n",
    ],
)
def test_what_is_no_event_of_the_log_is_passed_over(raw):
    assert read(raw, b"id: 5\nevent: text\ndata: {}\n\n") == [(5, "text", "{}")]


def test_two_megabytes_are_kept_and_more_than_four_are_only_named():
    large = json.dumps("x" * 2_000_000).encode()
    huge = json.dumps("x" * 9_000_000).encode()
    raw = b"id: 1\nevent: text\ndata: %s\n\nid: 2\nevent: text\ndata: %s\n\nid: 3\nevent: text\ndata: {}\n\n" % (
        large,
        huge,
    )
    found = read(*(raw[at : at + 65_536] for at in range(0, len(raw), 65_536)))
    assert found[0] == (1, "text", large.decode())
    assert found[1][:2] == (2, "text")
    assert json.loads(found[1][2])["too_large"] is True
    assert found[2] == (3, "text", "{}")


def test_a_flood_of_comments_costs_no_memory():
    parser = sse.Parser()
    for _ in range(200):
        assert list(parser.feed(b": " + b"x" * 65_536 + b"\n\n")) == []
    assert len(parser._buffer) == 0
    assert parser.comments == 200


VALUES = st.text(st.characters(exclude_characters="\r\n", exclude_categories=["Cs"]), max_size=30)


@given(number=VALUES, kind=VALUES, data=VALUES, created=st.none() | VALUES, space=st.sampled_from(["", " "]))
def test_a_frame_that_is_read_in_one_step_is_what_sseclient_reads(number, kind, data, created, space):
    lines = [f"id:{space}{number}", f"event:{space}{kind}", f"data:{space}{data}"]
    lines += [] if created is None else [f"created_at:{space}{created}"]
    raw = "\n".join(lines).encode()
    found = list(sse.Parser().feed(raw + b"\n\n"))
    expected = list(SSEClient(iter([raw.replace(b"\x00", "\ufffd".encode()) + b"\n\n"])).events())
    assert [(one.id, one.event, one.data) for one in found] == [(str(e.id), e.event, e.data) for e in expected]
