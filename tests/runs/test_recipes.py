"""Templates and tables: variables with kinds, secrets that are not kept, and each wrong line named before any start."""

from __future__ import annotations

import pytest

from runs import control, ingest, recipes, sheets
from runs.models import AuditEntry, Run, SearchText, Withheld
from runs.recipes import Variable

TEXT = "pay invoice {{number}} of {{ customer }}: {{amount:number}}, password {{pw:secret}}, again {{number}}"
INVOICES = 'Number;Customer;Amount;PW\r\nINV-1;Nordwind;12,50;lovelace\r\n\r\nINV-2;"Contoso; Ltd";7;hopper\r\n'


def test_a_templates_variables_are_read_once_each_with_their_kinds():
    kinds = [(one.name, one.kind) for one in recipes.variables(TEXT)]
    assert kinds == [("number", "text"), ("customer", "text"), ("amount", "number"), ("pw", "secret")]
    assert recipes.variables("{{a}} {{a:number}}") == [Variable("a", "number")]
    for wrong in ("{{a:date}}", "{{a:number}} {{a:secret}}", "{{ }}", "{{a", "a}}", "{{1a}}"):
        with pytest.raises(recipes.Refused):
            recipes.variables(wrong)


def test_the_sentence_is_filled_and_shown_without_its_secrets():
    values = {"number": "INV-1", "customer": "{{pw}}", "amount": "3", "pw": "lovelace"}
    assert recipes.fill(TEXT, values).startswith("pay invoice INV-1 of {{pw}}: 3, password lovelace")
    assert "lovelace" not in recipes.fill(TEXT, values, shows_secrets=False)
    assert (
        recipes.shown("password {{pw:secret}}, then password hopper")
        == "password {{pw:secret}}, then password ••••••••"
    )
    for kind, value in (("text", "a"), ("number", "1,240.00"), ("number", "-3"), ("secret", "x")):
        assert recipes.problem(Variable("n", kind), value) == ""
    for kind, value in (("text", " "), ("number", "3 apples"), ("text", "{{x}}"), ("secret", "x" * 2001)):
        assert recipes.problem(Variable("n", kind), value)


def test_a_table_is_read_with_its_lines_whatever_separates_its_cells():
    variables = recipes.variables(TEXT)
    for table in (
        INVOICES,
        "\ufeff" + INVOICES,
        INVOICES.replace("; L", "/ L").replace(";", "\t").replace("/ L", "; L"),
    ):
        sheet = sheets.read(table)
        assert sheet.columns == ("Number", "Customer", "Amount", "PW")
        assert [row.line for row in sheet.rows] == [2, 4]
    mapping = sheets.suggest(sheet, variables)
    checked = sheets.check(sheet, TEXT, variables, mapping)
    assert not checked.problems
    assert checked.rows[1] == (4, {"number": "INV-2", "customer": "Contoso; Ltd", "amount": "7", "pw": "hopper"})


def test_every_wrong_line_is_named_with_its_column():
    variables = recipes.variables("{{number}} {{amount:number}}")
    table = 'number,amount\nA,1\n"two\nlines",x\n,5\nB\nC,1,extra\n'
    sheet = sheets.read(table)
    checked = sheets.check(sheet, "{{number}} {{amount:number}}", variables, sheets.suggest(sheet, variables))
    assert [(p.line, p.column) for p in checked.problems] == [(3, "amount"), (5, "number"), (6, "amount"), (7, "")]
    assert sheets.check(sheet, "{{number}} {{other}}", recipes.variables("{{number}} {{other}}"), {"number": "number"}
                        ).problems[0].column == "other"  # fmt: skip


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ("", "empty"), ("a,b\n", "no row"), ("a,a\n1,2", "Two columns"), ("a\x00,b\n1,2", "no text"),
        ('a,b\n1,2\n"open,3\n', "Line 3"), ("a\n" + "1\n" * 2001, "2001 rows"), (",\n1,2", "no row"),
    ],
)  # fmt: skip
def test_a_table_that_cant_be_read_says_why(table, said):
    with pytest.raises(sheets.Unreadable, match=said):
        sheets.read(table)


def test_no_cell_of_an_export_is_a_formula():
    lines = list(sheets.written(["a", "b"], [["=1+1", 2], ["-x", "fine"]]))
    assert lines == ["a,b\r\n", "'=1+1,2\r\n", "'-x,fine\r\n"]


@pytest.mark.django_db
def test_a_secret_goes_upstream_and_is_stored_nowhere_whatever_tells_the_task_again(upstream, connection, people):
    task, shown = "sign in, the word is xyzzy123", "sign in, the word is ••••"
    run = control.start(people.operator, {"task": task}, shown_task=shown)
    far = upstream.runs[run.upstream_id]
    assert far.fields["task"] == task
    assert run.task == shown
    ingest.take_snapshots(connection, [{**far.view(), "status": "running"}])
    Run.objects.filter(pk=run.pk).delete()
    ingest.take_snapshots(connection, [far.view()])  # found anew, as by another console's listing
    kept = [
        *Run.objects.values(),
        *AuditEntry.objects.values(),
        *Withheld.objects.values(),
        *SearchText.objects.values(),
    ]
    assert Run.objects.get().task == shown
    assert "xyzzy123" not in str(kept)


@pytest.mark.django_db
def test_templates_are_the_teams_named_once_and_audited(people):
    made = recipes.save(people.operator, " Pay  one ", "pay {{number}}", {"max_steps": 9})
    with pytest.raises(recipes.Refused, match="name"):
        recipes.save(people.admin, "Pay one", "x", {})
    recipes.save(people.admin, "Pay one", "pay {{number}} now", {}, made)
    assert [one.text for one in recipes.usable(people.operator)] == ["pay {{number}} now"]
    assert recipes.usable(people.viewer) == []
    assert (recipes.archive(people.admin, made), recipes.archive(people.admin, made)) == (True, False)
    assert recipes.usable(people.operator) == []
    acts = AuditEntry.objects.order_by("seq").values_list("act", "actor_name")
    assert list(acts) == [("recipe.added", "operator"), ("recipe.changed", "admin"), ("recipe.removed", "admin")]
