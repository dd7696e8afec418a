from django.db import migrations


def _leave_room(apps, schema_editor):
    """Each event changes its run's row: with room on its page the row stays there, and no index is touched."""
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute("ALTER TABLE runs_run SET (fillfactor = 60)")


def _restore(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute("ALTER TABLE runs_run RESET (fillfactor)")


class Migration(migrations.Migration):
    dependencies = [("runs", "0018_event_run_index")]

    operations = [migrations.RunPython(_leave_room, _restore)]
