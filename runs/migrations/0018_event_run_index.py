import django.db.models.deletion
from django.db import migrations, models


def _drop(apps, schema_editor):
    """The index of the key alone: the one of `event_once` begins with the same column. No table is written anew."""
    table = apps.get_model("runs", "Event")._meta.db_table
    with schema_editor.connection.cursor() as cursor:
        found = schema_editor.connection.introspection.get_constraints(cursor, table)
    for name, one in found.items():
        if one["index"] and not one["unique"] and one["columns"] == ["run_id"]:
            schema_editor.execute(f"DROP INDEX {schema_editor.quote_name(name)}")


def _restore(apps, schema_editor):
    field = apps.get_model("runs", "Event")._meta.get_field("run")
    schema_editor.execute(schema_editor._create_index_sql(field.model, fields=[field]))


class Migration(migrations.Migration):
    dependencies = [("runs", "0017_batch_asked")]

    operations = [
        migrations.SeparateDatabaseAndState(
            database_operations=[migrations.RunPython(_drop, _restore)],
            state_operations=[
                migrations.AlterField(
                    "event",
                    "run",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="events",
                        to="runs.run",
                    ),
                )
            ],
        )
    ]
