"""The captcha stands before the reports and is checked on the server."""

from __future__ import annotations

import cv2
import numpy as np

from coasty_local.practice import puzzle


def test_the_reports_lie_behind_the_captcha(ada):
    assert "prove that you are not a robot" in ada.get("/reports")
    assert "did not match" in ada.post("/captcha", letters="WRONG")
    assert "Quarterly report" in ada.post("/captcha", letters=puzzle.letters(1).lower())
    assert "Quarterly report" in ada.get("/reports")


def test_the_answer_is_not_in_the_page(ada):
    assert puzzle.letters(0) not in ada.get("/captcha")


def test_another_picture_has_other_letters(ada):
    ada.get("/reports")
    first = ada.http.get(ada.base + "/captcha.png", timeout=10).content
    ada.post("/captcha/another")
    second = ada.http.get(ada.base + "/captcha.png", timeout=10).content
    assert first != second
    picture = cv2.imdecode(np.frombuffer(second, np.uint8), cv2.IMREAD_COLOR)
    assert picture.shape == (puzzle.HEIGHT, puzzle.WIDTH, 3)
    assert "Quarterly report" in ada.post("/captcha", letters=puzzle.letters(1))


def test_a_stranger_who_solves_it_still_has_to_sign_in(visitor):
    visitor.get("/captcha")
    assert "Please sign in" in visitor.post("/captcha", letters=puzzle.letters(0))
    assert "Quarterly report" in visitor.sign_in()
