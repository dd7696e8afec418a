from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("runs", "0001_initial")]

    operations = [
        migrations.AddField("run", "status_at", models.DateTimeField(blank=True, null=True)),
        migrations.AddField("run", "log_status", models.CharField(blank=True, default="", max_length=32), False),
        migrations.AddField("run", "log_steps", models.PositiveIntegerField(default=0)),
        migrations.AddField("run", "pause_seq", models.PositiveBigIntegerField(blank=True, null=True)),
        migrations.AddField("run", "is_ahead", models.BooleanField(default=False)),
    ]
