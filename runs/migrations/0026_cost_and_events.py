"""Bills and events cost PostgreSQL less: no index of what a bill changes, no look at the run for each event."""

import django.db.models.deletion
from django.db import migrations, models
from django.db.models import Case, F, OrderBy, Q, When


class AlterFieldOnPostgreSQL(migrations.AlterField):
    """SQLite would write the whole table anew, which may take minutes, for what costs it next to nothing."""

    def database_forwards(self, app_label, schema_editor, from_state, to_state):
        if schema_editor.connection.vendor == "postgresql":
            super().database_forwards(app_label, schema_editor, from_state, to_state)


_NEWEST = OrderBy(F("created_at"), descending=True), OrderBy(F("id"), descending=True)
_KNOWN = "status", "connection", "machine_id", "is_ours", "started_by"


def walked(cost):
    columns = (F(name) for name in (*_KNOWN, cost, "finished_at"))
    return models.Index(*_NEWEST, *columns, condition=Q(finished_at__isnull=False), name="run_walked")


class AddWalkedIndex(migrations.AddIndex):
    """SQLite takes no index to hold all that is asked for when a generated column is among it."""

    def database_forwards(self, app_label, schema_editor, from_state, to_state):
        if schema_editor.connection.vendor == "sqlite":
            schema_editor.add_index(to_state.apps.get_model(app_label, self.model_name), walked("cost_cents"))
        else:
            super().database_forwards(app_label, schema_editor, from_state, to_state)


class Migration(migrations.Migration):
    dependencies = [("runs", "0025_labels_filled")]

    operations = [
        migrations.RemoveIndex(model_name="run", name="run_walked"),
        migrations.AddField(
            model_name="run",
            name="ended_cents",
            field=models.GeneratedField(
                db_persist=True,
                expression=Case(When(finished_at__isnull=False, then="cost_cents"), default=None),
                output_field=models.PositiveIntegerField(null=True),
            ),
        ),
        AlterFieldOnPostgreSQL(
            model_name="event",
            name="run",
            field=models.ForeignKey(
                db_constraint=False,
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="events",
                to="runs.run",
            ),
        ),
        AddWalkedIndex(model_name="run", index=walked("ended_cents")),
    ]
