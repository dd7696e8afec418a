from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("runs", "0002_run_log")]

    operations = [
        migrations.RemoveIndex("lease", "lease_expiry"),
        migrations.RemoveField("lease", "expires_at"),
        migrations.AlterField("lease", "worker", models.CharField(blank=True, db_index=True, max_length=64)),
    ]
