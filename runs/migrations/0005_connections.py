import django.db.models.deletion
from django.db import migrations, models
from django.utils.text import slugify

import runs.models


def name_what_is_there(apps, schema_editor):
    here = schema_editor.connection.alias  # a move migrates its target, while the default is its source
    connections = apps.get_model("runs", "Connection").objects.using(here)
    for number, row in enumerate(connections.order_by("-checked_at", "-id")):
        slug = slugify(row.name.replace(".", "-").replace(":", "-"))[:64] or runs.models.new_slug()
        connections.filter(pk=row.pk).update(slug=slug, is_from_settings=number == 0, is_enabled=number == 0)
    starts = apps.get_model("runs", "Run").objects.using(here).filter(started_by__isnull=False)
    starts.update(is_ours=True)


def nothing(apps, schema_editor):
    """What was named stays named."""


class Migration(migrations.Migration):
    dependencies = [("runs", "0004_run_followed")]

    operations = [
        migrations.AddField("connection", "slug", models.SlugField(max_length=64, default="")),
        migrations.AddField(
            "connection",
            "colour",
            models.CharField(
                choices=[
                    ("slate", "Slate"),
                    ("blue", "Blue"),
                    ("teal", "Teal"),
                    ("green", "Green"),
                    ("amber", "Amber"),
                    ("red", "Red"),
                    ("pink", "Pink"),
                    ("violet", "Violet"),
                ],
                default="slate",
                max_length=16,
            ),
        ),
        migrations.AddField("connection", "is_enabled", models.BooleanField(default=True)),
        migrations.AddField("connection", "is_from_settings", models.BooleanField(default=False)),
        migrations.AddField("connection", "sealed_key", models.TextField(blank=True, default="")),
        migrations.AddField("connection", "key_env", models.CharField(blank=True, default="", max_length=128)),
        migrations.AddField("connection", "wants_webhooks", models.BooleanField(default=False)),
        migrations.AddField("connection", "sealed_webhook_secret", models.TextField(blank=True, default="")),
        migrations.AddField(
            "connection", "max_requests_a_second", models.PositiveIntegerField(blank=True, null=True)
        ),
        migrations.AddField("connection", "max_runs", models.PositiveIntegerField(blank=True, null=True)),
        migrations.AddField("connection", "is_unlisted", models.BooleanField(default=False)),
        migrations.AddField("run", "is_ours", models.BooleanField(default=False)),
        migrations.CreateModel(
            "Allowance",
            [
                (
                    "connection",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="allowance",
                        serialize=False,
                        to="runs.connection",
                    ),
                ),
                ("next_at", models.FloatField(default=0.0)),
                ("held_until", models.FloatField(default=0.0)),
            ],
        ),
        migrations.CreateModel(
            "Starting",
            [
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "connection",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="runs.connection"
                    ),
                ),
                ("key", models.CharField(max_length=128, unique=True)),
                ("at", models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            "RunSecret",
            [
                (
                    "run",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="secret",
                        serialize=False,
                        to="runs.run",
                    ),
                ),
                ("sealed", models.TextField()),
            ],
        ),
        migrations.CreateModel(
            "Hint",
            [
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "connection",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="runs.connection"
                    ),
                ),
                ("upstream_id", models.CharField(max_length=128)),
                ("at", models.DateTimeField()),
                ("tries", models.PositiveIntegerField(default=0)),
                ("due_at", models.DateTimeField()),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=["connection", "upstream_id"], name="hint_once")],
                "indexes": [models.Index(fields=["due_at"], name="hint_due")],
            },
        ),
        migrations.CreateModel(
            "SeenSignature",
            [
                ("digest", models.CharField(max_length=64, primary_key=True, serialize=False)),
                ("at", models.DateTimeField(db_index=True)),
            ],
        ),
        migrations.RunPython(name_what_is_there, nothing),
    ]
