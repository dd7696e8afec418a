from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    dependencies = [("runs", "0003_lease_by_worker")]

    operations = [
        migrations.AddIndex(
            "run", models.Index(fields=["connection", "id"], name="run_followed", condition=~Q(stream="ended"))
        ),
    ]
