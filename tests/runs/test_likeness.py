"""Likeness: the same screen with a word more is near, another page is not, and no file can hurt."""

from __future__ import annotations

import io
import struct
import zlib

import pytest
from PIL import Image, ImageDraw

from runs import frames, ingest, likeness
from tests.scripted_runs import picture


def screen(*, bars=4, word="", kind="PNG", mode="RGB"):
    """A page with a dark head, so many bars, and a word typed into its field."""
    drawn = Image.new("RGB", (1280, 720), "#f4f4f4")
    pen = ImageDraw.Draw(drawn)
    pen.rectangle((0, 0, 1280, 70), fill="#223366")
    for number in range(bars):
        pen.rectangle((100, 120 + 60 * number, 500 + 90 * number, 150 + 60 * number), fill="#3355cc")
    pen.text((700, 640), word, fill="black")
    written = io.BytesIO()
    drawn.convert(mode).save(written, kind)
    return written.getvalue()


def test_a_typed_word_is_near_and_another_page_is_not():
    one = likeness.of(screen())
    assert len(one) == 16
    assert likeness.near(one, likeness.of(screen(word="ada@example.com")))
    assert not likeness.near(one, likeness.of(screen(bars=9)))
    assert likeness.distance(one, one) == 0


@pytest.mark.parametrize(("kind", "mode"), [("JPEG", "RGB"), ("WEBP", "RGB"), ("PNG", "RGBA"), ("PNG", "L")])
def test_it_does_not_depend_on_how_the_picture_is_stored(kind, mode):
    assert likeness.near(likeness.of(screen()), likeness.of(screen(kind=kind, mode=mode)))


def test_what_can_not_be_read_is_like_nothing():
    assert likeness.of(b"\x89PNG\r\n\x1a\n and then nothing") == ""
    assert not likeness.near("", "")
    assert likeness.distance("", "0" * 16) == 64


@pytest.mark.parametrize("side", [5000, 60_000])
def test_a_picture_that_claims_to_be_huge_is_not_decoded(side):
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    rows = zlib.compress(b"\x00" * 10_000)
    head = struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0)
    bomb = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")
    assert likeness.of(bomb) == ""


@pytest.mark.django_db
def test_a_frame_is_stored_with_its_likeness(upstream, connection):
    scripted = upstream.add(task="pictures")
    run = ingest.take_snapshot(connection, scripted.view())
    scripted.frames += [screen(), screen(word="ada"), b"\xff\xd8\xff torn", picture(1)]
    assert frames.collect(run) == 4
    first, second, torn, flat = run.frames.values_list("likeness", flat=True)
    assert likeness.near(first, second)
    assert (torn, flat) == ("", "0" * 16)
