"""The case file of a run: whole and readable without the console; one byte that is flipped anywhere is found, named."""

from __future__ import annotations

import io
import json
import re
import subprocess
import sys
import zipfile
from datetime import UTC, datetime

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from approvals import cases
from approvals.models import Approval, Decision, Preferences
from live.manner import Manner
from runs import audit
from runs.casefile import archive, parts, signing, verifier, words
from runs.models import AuditEntry, Event, Frame, Run

SECRET = "hunter2-and-more"


@pytest.fixture
def run(make_run, people):
    now = timezone.now()
    made = make_run(
        "succeeded", upstream_id="run/1 <b>", task=f"Sign in with password {SECRET}", cursor=6, cost_cents=10
    )
    told = [
        ("text", '{"text": "I look",\n "step": 1}'),
        ("tool_call", '{"step": 1, "action_type": "click", "params": {"x": 5, "y": 6, "text": "=1+1"}}'),
        ("tool_result", '{"step": 1, "success": true, "duration_ms": 7}'),
        ("awaiting_human", '{"reason": "<script>alert(1)</script>\u202e What is it?"}'),
        ("resumed", json.dumps({"note": f"the password is {SECRET}"})),
        ("billing", '{"cost_cents": 10}'),
    ]
    for seq, (kind, data) in enumerate(told, 1):
        Event.objects.create(run=made, seq=seq, type=kind, data=data, received_at=now)
    for index in range(2):
        Frame.objects.create(
            run=made, index=index, step=1, sha256="a" * 64, received_at=now, mime_type="image/png", width=10, height=10,
            image=b"\x89PNG\r\n\x1a\n" + bytes([index]) * 50, after_seq=2,
        )  # fmt: skip
    approval = Approval.objects.create(run=made, state="decided", reason="What is it?", pause_seq=4)
    Decision.objects.create(
        approval=approval, code="abcd1234", verdict="resume", note=f"password: {SECRET}", decided_by=people.reviewer,
        seen_seq=4, seen_frame_sha256="a" * 64, seen_reason="What is it?", seen_cost_cents=5,
    )  # fmt: skip
    with transaction.atomic():
        audit.record(people.reviewer, "approval.decided", run=made, subject="run/1")
        audit.record(people.admin, "person.made", subject="somebody")
        audit.record(people.reviewer, "decision.delivered", run=made, subject="run/1")
    return made


@pytest.fixture
def taken(run, people, client, tmp_path):
    """A case file as a person downloads it."""
    client.force_login(people.reviewer)
    answer = client.post(reverse("run_case", args=[run.upstream_id]))
    assert answer["Content-Disposition"] == 'attachment; filename="run-run-1-b--case.zip"'
    path = tmp_path / "case.zip"
    path.write_bytes(b"".join(answer.streaming_content))
    return path


def faults(path, raw):
    damaged = path.with_name("damaged.zip")
    damaged.write_bytes(raw)
    return verifier.check(str(damaged)).faults


def test_it_is_an_ordinary_archive_with_all_that_belongs_to_the_run(taken, run) -> None:
    with zipfile.ZipFile(taken) as case:
        assert case.testzip() is None
        names = case.namelist()
        events = [json.loads(line) for line in case.read("events/0001.jsonl").decode().splitlines()]
        desk = json.loads(case.read("decisions.json"))["approvals"][0]
        trail = json.loads(case.read("audit.json"))["entries"]
        everything = b"".join(case.read(name) for name in names)
        page = case.read("index.html").decode()
    assert {"run.json", "frames/00000.png", "frames/00001.png", "acts.csv", "cost.json", "verify.py"} <= set(names)
    assert [event["seq"] for event in events] == [1, 2, 3, 4, 5, 6]
    assert events[1]["data"] == {"step": 1, "action_type": "click", "params": {"x": 5, "y": 6, "text": "=1+1"}}
    assert (desk["decision"]["by"], desk["decision"]["seen_frame_sha256"]) == ("reviewer", "a" * 64)
    assert [entry["act"] for entry in trail] == ["approval.decided", "decision.delivered", "run.exported"]
    assert SECRET.encode() not in everything
    assert (events[4]["masked"], events[4]["stands_for"]) == (True, signing.stands_for(run.events.get(seq=5).data))
    assert "<script>" not in page
    assert "\u202e" not in page
    assert "http-equiv" in page
    assert 'src="http' not in page


def take(client, run, path, zone=""):
    """The case file as the signed-in person downloads it with a device of this zone."""
    client.cookies["zone"] = zone
    path.write_bytes(b"".join(client.post(reverse("run_case", args=[run.upstream_id])).streaming_content))
    return path


def test_its_page_speaks_the_language_of_its_reader_and_tells_times_in_their_zone_and_exactly(
    run, people, client, tmp_path
) -> None:
    Run.objects.filter(pk=run.pk).update(started_at=datetime(2026, 7, 1, 22, 30, 5, 123456, tzinfo=UTC))
    Preferences.objects.create(user=people.reviewer, language="de", time_zone="Europe/Berlin")
    client.force_login(people.reviewer)
    german = take(client, run, tmp_path / "german.zip", zone="Asia/Tokyo")
    client.force_login(people.operator)
    english = take(client, run, tmp_path / "english.zip", zone="Asia/Tokyo")
    told = {}
    for path in (german, english):
        assert verifier.check(str(path)).is_whole
        with zipfile.ZipFile(path) as case:
            told[path] = {name: case.read(name) for name in case.namelist()}
    mine, others = (told[path]["index.html"].decode() for path in (german, english))
    words_of = {'<html lang="de">', "2026-07-02 00:30:05 CEST", "Urteil", "Zustellung", "<strong>Entschieden</strong>"}
    assert sorted(word for word in words_of if word not in mine) == []
    words_of = {'<html lang="en">', "2026-07-02 07:30:05 JST", "Verdict", "Delivery"}
    assert sorted(word for word in words_of if word not in others) == []
    for page in (mine, others):
        assert "2026-07-01 22:30:05.123456 UTC" in page
        assert f'<dd class="pre">{people.reviewer}</dd>' in page
        assert not re.search(r"<dt[^>]*>\w+_\w+</dt>|<strong>\w+\.\w+</strong>", page)
    same = set(told[german]) - {"index.html", "audit.json", "manifest.json", "manifest.sig"}
    assert [name for name in same if told[german][name] != told[english][name]] == []


def test_a_zone_that_does_not_exist_is_not_taken(run, people, client, tmp_path) -> None:
    client.force_login(people.operator)
    with zipfile.ZipFile(take(client, run, tmp_path / "case.zip", zone="../../etc/passwd")) as case:
        assert "All times are in UTC." in case.read("index.html").decode()


def test_every_fact_that_its_page_tells_has_a_label(run) -> None:
    desk = cases.told(run)
    told = [parts.about(run), *desk["approvals"], *(one["decision"] for one in desk["approvals"])]
    inside = {"reason", "decision", "endorsements", "comments"}
    names = {name for facts in told for name in facts} - inside | {
        "lapsed_at",
        "lapsed_because",
        "ended_at",
        "acts",
        "at",
    }
    assert sorted(name for name in names if name not in words.LABELS) == []


def test_a_flip_of_any_byte_is_found_and_the_member_it_stands_in_is_named(taken) -> None:
    raw = taken.read_bytes()
    assert verifier.check(str(taken)).is_whole
    with zipfile.ZipFile(io.BytesIO(raw)) as case:
        members = case.infolist()
    for at, one in enumerate(members):
        start = one.header_offset
        content = start + 30 + len(one.filename)
        end = members[at + 1].header_offset if at + 1 < len(members) else content + one.file_size
        spots = {start, start + 14, start + 26, start + 31, content, (content + end) // 2, end - 1}
        for spot in spots:
            damaged = bytearray(raw)
            damaged[spot] ^= 1
            found = faults(taken, bytes(damaged))
            assert found, (one.filename, spot)
            assert any(fault.startswith(one.filename) for fault in found), (one.filename, spot, found)


def test_a_flip_of_any_byte_of_the_end_and_anything_cut_off_or_added_is_found(taken) -> None:
    raw = taken.read_bytes()
    with zipfile.ZipFile(io.BytesIO(raw)) as case:
        start = case.start_dir
    for spot in range(start, len(raw), 7):
        damaged = bytearray(raw)
        damaged[spot] ^= 0x80
        assert faults(taken, bytes(damaged)), spot
    assert faults(taken, raw + b"x")
    assert faults(taken, raw[:-1])
    assert faults(taken, raw[:100])
    assert faults(taken, b"")
    assert faults(taken, b"PK" + raw)


def test_a_case_that_was_made_up_with_another_key_is_told_from_ours(taken, settings, tmp_path) -> None:
    with zipfile.ZipFile(taken) as case:
        members = [(name, case.read(name)) for name in case.namelist() if not name.startswith("manifest.")]
    ours = signing.public_key()
    settings.SECRET_KEY = "somebody else's"
    forged = tmp_path / "forged.zip"
    changed = [(name, content.replace(b"reviewer", b"attacker")) for name, content in members]
    forged.write_bytes(b"".join(archive.written({"run": "run-1"}, changed, lambda digest: None)))
    assert any("another key" in fault for fault in verifier.check(str(forged), ours).faults)
    assert any("does not say" in fault for fault in verifier.check(str(forged)).faults)


def test_the_program_inside_verifies_it_without_the_console(taken, tmp_path) -> None:
    program = tmp_path / "verify.py"
    with zipfile.ZipFile(taken) as case:
        program.write_bytes(case.read("verify.py"))

    def verify(*arguments):
        done = subprocess.run([sys.executable, "-I", "-S", program, *arguments], capture_output=True, text=True)
        return done.returncode, done.stdout

    code, said = verify(taken, "--key", signing.public_key())
    assert (code, said.split()[:3]) == (0, ["WHOLE", "run", "run/1"])
    assert verify(taken, "--key", "00" * 32)[0] == 1
    raw = bytearray(taken.read_bytes())
    raw[60] ^= 4
    (tmp_path / "damaged.zip").write_bytes(raw)
    code, said = verify(tmp_path / "damaged.zip")
    assert (code, said) == (1, "CHANGED  run.json: its content is not as it was signed\n")


def test_the_console_holds_it_against_its_own_log_and_knows_the_seal(taken, capsys) -> None:
    call_command("verify_case", str(taken))
    said = capsys.readouterr().out
    assert "SIGNED   by this console" in said
    assert "SEALED   the audit log holds its seal" in said
    AuditEntry.objects.filter(act="approval.decided").update(actor_name="somebody else")
    with pytest.raises(CommandError):
        call_command("verify_case", str(taken))
    assert "audit.json: entry 1 of the log is another one" in capsys.readouterr().out


def test_it_is_audited_and_for_those_only_who_may_take_a_run_away(run, people, client) -> None:
    addresses = [reverse(name, args=[run.upstream_id]) for name in ("run_events", "run_acts")]
    case = reverse("run_case", args=[run.upstream_id])
    client.force_login(people.viewer)
    assert client.post(case).status_code == 403
    assert {client.get(address).status_code for address in addresses} == {403}
    client.force_login(people.operator)
    assert client.get(case).status_code == 405
    assert not AuditEntry.objects.filter(act="run.exported").exists()
    b"".join(client.post(case).streaming_content)
    trail = list(AuditEntry.objects.filter(run=run, act__startswith="run.").values_list("act", "actor_name"))
    assert trail == [("run.exported", "operator"), ("run.case_sealed", "operator")]
    assert audit.verify() == (True, None)


def test_events_and_acts_are_plain_files_with_no_secret_and_no_formula(run, people, client) -> None:
    client.force_login(people.operator)

    def get(name):
        return b"".join(client.get(reverse(name, args=[run.upstream_id])).streaming_content).decode()

    lines = get("run_events").splitlines()
    assert [json.loads(line)["type"] for line in lines] == list(run.events.values_list("type", flat=True))
    acts = get("run_acts")
    assert acts.splitlines()[1].startswith("1,2,")
    assert ",click,5,6,,,'=1+1,,,,True,,7" in acts
    assert SECRET not in acts + "".join(lines)


def test_a_long_run_becomes_many_parts_and_one_member_is_in_memory_at_a_time(make_run, people) -> None:
    run = make_run(cursor=2500)
    Event.objects.bulk_create(
        Event(run=run, seq=seq, type="text", data='{"text": "x"}', received_at=timezone.now()) for seq in range(1, 2601)
    )
    names = [name for name, _content in parts.members(run, 0, Manner()) if name.startswith("events/")]
    assert names == ["events/0001.jsonl", "events/0002.jsonl", "events/0003.jsonl"]
    many = ((f"f/{n}", b"x" * 1000) for n in range(3000))
    sizes = [len(part) for part in archive.written({"run": "r"}, many, lambda digest: None)]
    assert max(sizes[:3000]) < 1100


def test_a_run_that_is_too_large_is_refused_before_anything_is_sent(run, people, client, monkeypatch) -> None:
    monkeypatch.setattr(archive, "MAX_BYTES", 100)
    client.force_login(people.operator)
    answer = client.post(reverse("run_case", args=[run.upstream_id]), follow=True)
    assert "too large for one case file" in answer.content.decode()
    assert not AuditEntry.objects.filter(act="run.exported").exists()
