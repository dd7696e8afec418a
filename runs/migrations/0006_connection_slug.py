from django.db import migrations, models

import runs.models


class Migration(migrations.Migration):
    # Apart from the one before it: PostgreSQL alters no table whose rows were written in the same transaction.
    dependencies = [("runs", "0005_connections")]

    operations = [
        migrations.AlterField(
            "connection", "slug", models.SlugField(default=runs.models.new_slug, max_length=64, unique=True)
        ),
        migrations.AlterField("connection", "sealed_key", models.TextField(blank=True)),
        migrations.AlterField("connection", "key_env", models.CharField(blank=True, max_length=128)),
        migrations.AlterField("connection", "sealed_webhook_secret", models.TextField(blank=True)),
    ]
