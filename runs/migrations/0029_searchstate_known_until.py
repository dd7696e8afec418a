from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("runs", "0028_run_billed")]

    operations = [migrations.AddField("searchstate", "known_until", models.PositiveBigIntegerField(default=0))]
