"""The audit log in words: its page, its filter, and that no act is without any."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.db import transaction
from django.utils import translation
from django.utils.html import strip_tags

from approvals.models import Preferences
from runs import acts, audit
from runs.models import AuditEntry
from tests.test_house import code

pytestmark = pytest.mark.django_db


class Module:
    """What one file of the code passes to `audit.record`, whichever way it takes there."""

    def __init__(self, path: Path) -> None:
        self.tree = ast.parse(path.read_text())
        self.within = {child: node for node in ast.walk(self.tree) for child in ast.iter_child_nodes(node)}
        self.calls = [node for node in ast.walk(self.tree) if isinstance(node, ast.Call)]

    def recorded(self) -> Iterator[ast.Call]:
        for call in self.calls:
            if ast.unparse(call.func) == "audit.record":
                yield call

    def acts(self, node: ast.expr) -> set[str]:
        """All that the expression may be. Fails on one that can't be followed: say it more plainly there."""
        if isinstance(node, ast.Constant):
            return {str(node.value)}
        if isinstance(node, ast.IfExp):
            return self.acts(node.body) | self.acts(node.orelse)
        if isinstance(node, ast.Subscript):  # of a table that the module holds
            (table,) = self.assigned(node.value.id, self.tree)
            return set().union(*map(self.acts, table.values))
        assert isinstance(node, ast.Name), ast.unparse(node)
        function = node
        while not isinstance(function, ast.FunctionDef | ast.Module):
            function = self.within[function]
        if found := [*self.assigned(node.id, function), *self.assigned(node.id, self.tree)]:
            return set().union(*map(self.acts, found))
        place = [argument.arg for argument in function.args.args].index(node.id)
        given = [call.args[place] for call in self.calls if getattr(call.func, "id", "") == function.name]
        assert given, f"nobody calls {function.name}"
        return set().union(*map(self.acts, given))

    @staticmethod
    def assigned(name: str, where: ast.AST) -> list[ast.expr]:
        nodes = [node for node in where.body if isinstance(node, ast.Assign | ast.AnnAssign)]
        if not isinstance(where, ast.Module):
            nodes = [node for node in ast.walk(where) if isinstance(node, ast.Assign)]
        targets = [(node, node.targets[0] if isinstance(node, ast.Assign) else node.target) for node in nodes]
        return [node.value for node, target in targets if isinstance(target, ast.Name) and target.id == name]


@pytest.fixture(scope="module")
def written() -> list[tuple[Path, Module, ast.Call]]:
    modules = [(path, Module(path)) for path in code() if "audit.record(" in path.read_text()]
    return [(path, module, call) for path, module in modules for call in module.recorded()]


def test_each_act_that_is_written_has_words_and_stands_in_one_area(written):
    found = {act for _path, module, call in written for act in module.acts(call.args[1])}
    assert len(written) > 50
    assert found >= {"approval.decided", "session.failed", "policy.would_have", "budget.reached", "recipe.added"}
    assert {act for act in found if not acts.said(act)} == set()
    assert {act for act in acts.ACTS if act not in found} == set(), "words of what is never written"
    offered = [act for area in acts.AREAS for act, _words in area.acts]
    assert sorted(offered) == sorted(acts.ACTS)


def test_each_field_that_is_told_of_an_act_has_a_label(written):
    told = {word.arg for _path, _module, call in written for word in call.keywords if word.arg}
    told -= {"run", "subject", "actor_name"}
    assert len(told) > 30
    raw = {name for name in told if acts.label(name) == name.replace("_", " ").capitalize()}
    plain = {"count", "version", "days", "mode", "note", "kind", "text"}
    known = {name for name in raw if name in acts.LABELS or name in acts.words.LABELS}
    assert raw - known - plain == set()


def record(act, actor=None, **detail):
    with transaction.atomic():
        return audit.record(actor, act, **detail)


def shown(client, address="/audit/"):
    """The rows of the page as they are read, each on one line; without that of our own sign-in."""
    page = client.get(address).content.decode()
    rows = re.findall(r'id="audit-row-\d+">(.*?)</li>', page, re.DOTALL)
    told = [" ".join(strip_tags(row).split()) for row in rows]
    return [row for row in told if "session.signed_in" not in row]


def test_what_the_words_of_an_act_say_already_is_not_said_twice(people, client):
    for detail in ("Upstream confirmed it.", "Upstream's answer was lost; reading the run proves that it arrived."):
        record("decision.delivered", subject="decision ab12", verdict="resume", detail=detail)
    client.force_login(people.viewer)
    lost, plain = shown(client)
    assert "What upstream said: Upstream&#x27;s answer was lost" in lost
    assert "Upstream confirmed the decision" in plain
    assert "What upstream said" not in plain


def test_the_page_says_acts_and_facts_in_the_readers_words_and_names_the_code(people, client):
    record("approval.decided", people.reviewer, subject="approval 7", verdict="resume", seen_cost_cents=250, seen_seq=9)
    record("person.changed", people.admin, subject="ada", role={"from": "viewer", "to": "admin"}, new_password=True)
    record("budget.changed", people.admin, subject="Day", before={"limit_cents": 100}, after={"limit_cents": 2500})
    record("takeover.acted", people.operator, subject="mch_1", count=4, kinds={"clicks": 3, "texts": 1})
    record("policy.applied", subject="approval 7", actor_name="policy “Dear”", due_at="2026-07-01T12:00:00+00:00")
    client.force_login(people.viewer)
    dear, acted, budget, person, decided = shown(client)
    assert "reviewer Decided approval.decided approval 7 · Verdict: Resume · Last event on screen: 9 · " in decided
    assert "Cost on screen: $2.50" in decided
    assert "Changed a person person.changed ada · Role: Viewer → Admin · New password: yes" in person
    assert "Before: Limit $1.00 · After: Limit $25.00" in budget
    assert "Count: 4 · Acts by kind: Clicks 3, Texts 1" in acted
    assert "policy “Dear” A policy decided or added to it policy.applied" in dear
    assert "Due: 2026-07-01 12:00:00" in dear
    assert '<a href="/approvals/7/">approval 7</a>' in client.get("/audit/").content.decode()
    Preferences.objects.create(user=people.viewer, language="de", time_zone="Asia/Tokyo")
    dear, acted, budget, person, decided = shown(client)
    assert "Entschieden approval.decided Freigabe 7 · Urteil: Fortsetzen" in decided
    assert "Rolle: Betrachter → Admin" in person
    assert "Fällig: 2026-07-01 21:00:00" in dear
    with translation.override("de"):
        assert acts.who(AuditEntry(actor_name="command line")) == "Befehlszeile"


def test_what_others_have_written_stays_text_and_short(people, client):
    record("approval.commented", people.reviewer, text="<b>bold</b> \u202e" + "x" * 2000, odd={"<i>": ["<u>", {}]})
    record("unheard.of", people.reviewer, done=list(range(500)), due_at="never")
    client.force_login(people.viewer)
    page = client.get("/audit/").content.decode()
    assert not re.search("<[bui]>", page[page.index('id="audit-list"') :])
    unheard, commented = shown(client)
    assert len(commented) < 700
    assert "unheard.of" in unheard
    assert "Due: never" in unheard
    assert "440 more" in unheard


def test_an_entry_that_somebody_has_changed_is_shown_as_it_stands(people, client):
    record("approval.commented", people.reviewer, text="as it was")
    client.force_login(people.viewer)
    assert "as it was" in shown(client)[0]
    AuditEntry.objects.filter(act="approval.commented").update(detail={"text": "as it is"})
    assert "as it is" in shown(client)[0]


def test_the_filter_offers_acts_in_words_by_area_and_keeps_what_an_address_names(people, client):
    for act in ("approval.decided", "approval.claimed", "approvals.decided_alike", "policies.stopped", "old.act"):
        record(act, people.reviewer)
    client.force_login(people.viewer)
    page = client.get("/audit/?act=approval.").content.decode()
    assert '<option value="approval." selected>All of: Approvals</option>' in page
    assert '<option value="approval.decided" title="approval.decided">Decided</option>' in page
    assert len(shown(client, "/audit/?act=approval.")) == 3
    assert len(shown(client, "/audit/?act=policy.")) == 1
    assert len(shown(client, "/audit/?act=approval.decided")) == 1
    assert len(shown(client, "/audit/?act=approval.c")) == 1
    assert "<option selected>old.</option>" in client.get("/audit/?act=old.").content.decode()
    told = client.get("/api/audit?act=approval.decided").json()["data"]
    assert [entry["act"] for entry in told] == ["approval.decided"]


def test_words_cost_no_statement_an_entry(people, client, django_assert_max_num_queries):
    for number in range(30):
        record("approval.decided", people.reviewer, subject=f"approval {number}", verdict="resume")
    client.force_login(people.viewer)
    client.get("/audit/")
    with django_assert_max_num_queries(20):
        assert len(shown(client)) == 30
