"""The bench of the jobs: counts as words, the table of the docs, and that another count is noticed."""

from __future__ import annotations

import re

from bench import jobs_told
from bench.hands import Effort
from bench.jobs_desk import Done


def test_counts_are_words_and_what_there_was_none_of_is_left_out():
    assert jobs_told.cell(Effort(clicks=1, fields=2)) == "1 click, 2 fields"
    assert jobs_told.cell(Effort(keys=5)) == "5 keys"


def test_the_docs_tell_the_counts_of_the_jobs_and_another_count_is_noticed():
    claims = jobs_told.in_docs(jobs_told.DOCS.read_text())
    jobs = {job for job, _way in claims}
    assert len(jobs) >= 15
    assert set(claims) == {(job, way) for job in jobs for way in jobs_told.WAYS}  # all of them, in each way
    assert all(re.fullmatch(r"\d+ (click|key|field)s?(, \d+ (key|field)s?)*", said) for said in claims.values())
    (job, way), said = next(iter(claims.items()))
    found = jobs_told.differences([Done(job, way, Effort(clicks=99))])
    assert len(found) == 1
    assert said in found[0]
    assert "99 clicks" in found[0]


def test_the_table_is_read_back_as_it_was_written():
    done = [Done("Pay", "mouse", Effort(clicks=3)), Done("Pay", "phone", Effort(clicks=2, fields=1))]
    text = f"x\n{jobs_told.BEGINS}\n{jobs_told.markdown(done, ['Pay'])}\n{jobs_told.ENDS}\ny"
    assert jobs_told.in_docs(text) == {("Pay", "mouse"): "3 clicks", ("Pay", "phone"): "2 clicks, 1 field"}
