from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("approvals", "0019_working_hours_as_functions")]

    operations = [
        migrations.AddField("approval", "asked_cost_cents", models.PositiveIntegerField(blank=True, null=True)),
        migrations.AddField("approval", "ruled_cost_cents", models.PositiveIntegerField(blank=True, null=True)),
    ]
