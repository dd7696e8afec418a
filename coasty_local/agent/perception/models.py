"""The two networks: where text is, and what a line says. Loaded once per process, from the installed package."""

from __future__ import annotations

import functools
import importlib.util
import math
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
import onnxruntime

from coasty_local.agent.ports import Image
from coasty_local.agent.scene import Box

HEIGHT = 48  # the line reader wants crops of this height
STEP = 32  # the text finder wants sides that are multiples of this
SURE = 0.5  # mean probability below which a patch is not text
SEED = 0.3  # probability above which a pixel belongs to a patch


def _session(name: str) -> onnxruntime.InferenceSession:
    spec = importlib.util.find_spec("rapidocr")
    if spec is None or spec.origin is None:
        raise RuntimeError("the package rapidocr is not installed, so that nothing can be read")
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1  # more threads spin and slow down a busy machine
    options.log_severity_level = 4
    options.enable_cpu_mem_arena = False
    path = Path(spec.origin).parent / "models" / name
    return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])


@functools.cache
def _finder() -> onnxruntime.InferenceSession:
    return _session("PP-OCRv6_det_small.onnx")


@functools.cache
def _reader() -> tuple[onnxruntime.InferenceSession, tuple[str, ...]]:
    session = _session("PP-OCRv6_rec_small.onnx")
    letters = session.get_modelmeta().custom_metadata_map["character"].splitlines()
    return session, ("", *letters, " ")


def load() -> None:
    """Load both networks now (about 0.2 s) instead of at the first look."""
    _finder()
    _reader()


def _as_input(image: Image) -> npt.NDArray[np.float32]:
    return (image.astype(np.float32).transpose(2, 0, 1)[None] - 127.5) / 127.5


def find(image: Image, scale: float) -> list[Box]:
    """Where lines of text are, as the cores of lines (the middle two fifths of their height), in pixels of `image`."""
    height, width = image.shape[:2]
    inner = (max(STEP, round(width * scale / STEP) * STEP), max(STEP, round(height * scale / STEP) * STEP))
    session = _finder()
    scaled = cv2.resize(image, inner, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR)
    chance = session.run(None, {session.get_inputs()[0].name: _as_input(scaled)})[0][0, 0]
    count, labels, stats, _ = cv2.connectedComponentsWithStats((chance > SEED).astype(np.uint8), connectivity=8)
    sums = np.bincount(labels.ravel(), weights=chance.ravel(), minlength=count)
    boxes = []
    for i in range(1, count):
        x, y, w, h, area = (int(v) for v in stats[i])
        if sums[i] / area < SURE or h < 2 or w < 2:
            continue
        boxes.append(_scaled(x, y, w, h, width / inner[0], height / inner[1]))
    return boxes


def _scaled(x: int, y: int, w: int, h: int, fx: float, fy: float) -> Box:
    left, top = math.floor(x * fx), math.floor(y * fy)
    return Box(left, top, math.ceil((x + w) * fx) - left, math.ceil((y + h) * fy) - top)


def read(crop: Image) -> tuple[str, float]:
    """What one line says, and the mean confidence (0 to 1)."""
    session, letters = _reader()
    height, width = crop.shape[:2]
    wide = max(16, math.ceil(width * HEIGHT / height))
    interpolation = cv2.INTER_CUBIC if height < HEIGHT else cv2.INTER_AREA
    scaled = _as_input(cv2.resize(crop, (wide, HEIGHT), interpolation=interpolation))
    padded = np.zeros((1, 3, HEIGHT, max(48, (wide + 23) // 8 * 8)), np.float32)
    padded[..., :wide] = scaled
    chances = session.run(None, {session.get_inputs()[0].name: padded})[0][0]
    best = chances.argmax(axis=1)
    keep = best != 0
    keep[1:] &= best[1:] != best[:-1]
    places = np.flatnonzero(keep)
    if not len(places):
        return "", 0.0
    text = "".join(letters[i] for i in best[places])
    return text, float(chances[places, best[places]].mean())
