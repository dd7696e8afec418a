from django.db import migrations


def forget(apps, schema_editor):
    """Days were kept as lists of decisions; they are made anew as sums, by a job. Until then they are read fresh."""
    apps.get_model("approvals", "Digest").objects.using(schema_editor.connection.alias).all().delete()


class Migration(migrations.Migration):

    dependencies = [
        ('approvals', '0017_digests'),
    ]

    operations = [
        migrations.RunPython(forget, migrations.RunPython.noop, elidable=True),
    ]
