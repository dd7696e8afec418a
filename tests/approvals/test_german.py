"""The desk in German: texts, numbers, plurals, what was stored in English; programs are answered in English."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest
from django.test import Client
from django.utils import translation

from approvals import acts, decisions
from approvals.errors import Invalid
from approvals.rules import applying, editing, matching, shape, stopping, words
from approvals.rules.shape import Then, When
from coasty_api import client, errors
from runs import told
from runs.models import AuditEntry
from runs.plain import plain
from tests.approvals.rules_desk import policy

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def german(people):
    client = Client(headers={"accept-language": "de-AT,de;q=0.9,en;q=0.5"})
    client.force_login(people.reviewer)
    return client


def text_of(answer) -> str:
    shown = re.sub(r"<script.*?</script>|<[^>]+>", " ", answer.content.decode(), flags=re.DOTALL)
    return " ".join(shown.split())


def test_the_queue_an_approval_and_its_run_are_german(desk, german):
    _scripted, mirror, approval = desk.parked("I am about to pay $1,240.00 to Nordwind GmbH. Shall I?")
    queue = text_of(german.get("/approvals/"))
    assert "Freigaben" in queue
    assert "Kostet Geld" in queue
    assert "Alle Arten" in queue
    page = text_of(german.get(f"/approvals/{approval.pk}/"))
    for words_of_it in ("Der Agent sagt", "Ihre Entscheidung", "Fortsetzen", "Scheitern lassen", "Abbrechen"):
        assert words_of_it in page
    assert "Ich bestätige die Zahlung von" in page
    assert "$1,240.00" in page
    assert "Braucht einen Menschen" in text_of(german.get(f"/runs/{mirror.upstream_id}/"))


def test_a_row_that_is_put_off_says_so_in_both_languages(desk, german):
    _scripted, _mirror, approval = desk.parked()
    type(approval).objects.filter(pk=approval.pk).update(priority=-2)
    for language, said in (("de", "Zurückgestellt: Priorität −2"), ("en", "Put off: priority −2")):
        assert said in text_of(german.get("/approvals/", headers={"accept-language": language}))


def test_plurals_numbers_and_dates_are_german():
    with translation.override("de"):
        assert "1.990 weitere Zeichen" in plain("x" * 2000, 10)
        assert words.duration(1440) == "1 Tag"
        assert words.duration(2 * 1440) == "2 Tage"
        assert words.duration(90) == "90 Minuten"


def test_a_policy_is_one_german_sentence():
    when = shape.When(kinds=("captcha",), waits_minutes=10)
    then = shape.Then(escalate=True)
    with translation.override("de"):
        said = words.sentence(when, then, words.Names({}, {}))
    assert said == "Wenn ein Captcha mehr als 10 Minuten wartet, dann: eskalieren."


def test_what_was_stored_in_english_is_told_in_german_and_upstreams_own_words_stay(desk, people, german):
    scripted, _mirror, approval = desk.parked()
    scripted.resume("elsewhere")
    desk.follow(scripted)
    approval.refresh_from_db()
    assert approval.closed_because == "resumed elsewhere"
    assert "anderswo fortgesetzt" in text_of(german.get(f"/approvals/{approval.pk}/"))
    with translation.override("de"):
        assert told.told("Upstream refused it: No such run") == "Upstream hat es abgelehnt: No such run"
        assert told.told("Key refused since 10:15: bad key") == "Schlüssel abgelehnt seit 10:15: bad key"
        assert told.told("Whatever upstream says") == "Whatever upstream says"
        assert told.told("mail.example.org did not answer.") == "mail.example.org hat nicht geantwortet."
        assert told.told("Prod mail did not answer.") == "Prod mail did not answer."
        with pytest.raises(decisions.Refused, match="anderswo fortgesetzt"):
            decisions.decide(people.reviewer, approval, "resume", note="")
    assert told.told("resumed elsewhere") == "resumed elsewhere"


def test_programs_read_english_whatever_they_accept(desk, german):
    _scripted, _mirror, approval = desk.parked()
    body = german.get(f"/api/approvals/{approval.pk}").json()
    assert body["state"] == "open"
    wrong = german.get("/api/approvals/999999").json()
    assert "There is no approval" in str(wrong)


def test_what_the_client_of_upstream_says_by_itself_is_told_in_german():
    kinds = [errors.CoastyError]
    for kind in kinds:
        kinds += [one for one in kind.__subclasses__() if one.__module__.startswith("coasty_api")]
    said = {kind().message for kind in kinds} | {words for _sign, words in client._WORDS}
    assert len(said) > 15
    with translation.override("de"):
        assert not [text for text in said if told.told(text) == text]
        down = told.told(f"{errors.Unavailable().message} (HTTP 503)")
        assert down.startswith("Upstream ist ausgefallen")
        assert down.endswith("(HTTP 503)")


def test_refusals_of_acts_and_of_forms_are_german(desk, german):
    with translation.override("de"), pytest.raises(Invalid) as refused:
        acts.checked("type", {"text": "x" * (acts.MAX_TEXT + 1)})
    assert refused.value.message == f"text von type muss sein: ein Text von 1 bis {acts.MAX_TEXT} Zeichen."
    _scripted, _mirror, approval = desk.parked()
    answer = german.post(f"/approvals/{approval.pk}/decide/", {"verdict": "pay", "seen_seq": "x"})
    assert answer.status_code == 422
    assert "Wählen Sie, was geschehen soll." in text_of(answer)
    assert "Seen seq" not in text_of(answer)


def test_what_jobs_have_stored_in_english_of_policies_and_lapsed_agreement_is_told_in_german(desk, german, people):
    policy(people.admin, {"kinds": ("captcha",)}, {"verdict": "resume"}, name="Captchas")
    stopping.stop(people.reviewer)
    _scripted, _mirror, approval = desk.parked("Please solve the captcha")
    applying.apply_due()
    said = "Alle Richtlinien, die entscheiden, sind angehalten."
    assert said in text_of(german.get(f"/approvals/{approval.pk}/"))
    log = text_of(german.get("/audit/?act=policy.stood_back"))
    where = f"policy.stood_back {approval.run.upstream_id} Freigabe {approval.pk}"
    assert f"Eine Richtlinie hielt sich zurück {where}" in log
    assert said in log
    joined = "what the agent says has changed; the cost rose from $0.20 to $0.30."
    with translation.override("de"):
        german_one = "was der Agent sagt, hat sich geändert; die Kosten sind von $0.20 auf $0.30 gestiegen."
        assert told.told(joined) == german_one
        assert told.told("Prod is on fire; all stop.") == "Prod is on fire; all stop."  # a person's own words


def test_each_sentence_that_says_why_a_policy_stood_back_is_known_by_those_who_tell_it():
    found = set()
    for module in (matching, applying):
        for node in ast.walk(ast.parse(Path(module.__file__).read_text())):
            if isinstance(node, ast.Call) and ast.unparse(node.func) == "_":
                found.add(node.args[0].value)
    assert len(found) > 8
    with translation.override("de"):
        # What differs is a name or a number.
        plain_ones = {re.sub(r"%\(\w+\)s", "7", sentence) for sentence in found}
        assert {sentence for sentence in plain_ones if told.told(sentence) == sentence} == set()


def test_ready_notes_are_labelled_in_german_and_go_to_the_agent_as_they_are(desk, german):
    _scripted, _mirror, approval = desk.parked("I am about to pay $1,240.00 to Nordwind GmbH. Shall I?")
    page = german.get(f"/approvals/{approval.pk}/").content.decode()
    told = 'data-preset="Yes, pay it." title="Geht an den Agenten als „Yes, pay it.“">Ja, bezahlen.</button>'
    assert told in page


def test_the_log_tells_a_policys_sentence_in_german_where_its_rule_says_just_that(german, people):
    when = {"kinds": ("captcha",), "task_contains": "anything waits, escalate it"}
    made = policy(people.admin, when, {"route_to": people.reviewer.pk})
    draft = editing.Draft(made.name, When(kinds=("payment",)), Then(two_people=True))
    editing.change(people.admin, made, draft, version=made.version)
    page = text_of(german.get("/audit/"))
    assert "Wenn eine Zahlung wartet, dann: zwei Personen verlangen." in page
    assert "Wenn ein Captcha mit „anything waits, escalate it“ in der Aufgabe wartet, dann: " in page
    assert "When a" not in page
    AuditEntry.objects.filter(act="policy.changed").update(detail={"sentence": "When a payment waits, need three."})
    assert "When a payment waits, need three." in text_of(german.get("/audit/"))
    assert "When a captcha" in text_of(german.get("/audit/", headers={"accept-language": "en"}))
