from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("runs", "0027_run_task")]

    operations = [
        migrations.AddIndex(
            "run",
            models.Index(fields=["ended_cents"], name="run_billed", condition=models.Q(finished_at__isnull=False)),
        ),
    ]
