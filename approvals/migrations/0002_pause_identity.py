from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [("approvals", "0001_initial")]

    operations = [
        migrations.AddField("approval", "paused_at", models.DateTimeField(blank=True, null=True)),
        migrations.AddField("approval", "ask", models.PositiveSmallIntegerField(default=1)),
        migrations.RemoveConstraint("approval", "approval_once_per_pause"),
        migrations.AddConstraint(
            "approval",
            models.UniqueConstraint(fields=["run", "pause_seq", "ask"], name="approval_once_per_ask"),
        ),
    ]
