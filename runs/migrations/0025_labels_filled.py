"""The labels of the runs that are there already, as `runs.indexing` makes them of those that come."""

import json
from itertools import chain, islice

from django.db import migrations

LONGEST = 200


def fill(apps, schema_editor):
    Run, Label = apps.get_model("runs", "Run"), apps.get_model("runs", "Label")
    here = schema_editor.connection.alias  # a move migrates its target, while the default is its source
    told = Run.objects.using(here).exclude(metadata={}).order_by("id").values_list("id", "metadata").iterator(2000)
    rows = chain.from_iterable(made(Label, *row) for row in told)
    while some := list(islice(rows, 2000)):
        Label.objects.using(here).bulk_create(some)


def made(label, run, metadata):
    pairs = metadata.items() if isinstance(metadata, dict) else ()
    texts = {key[:LONGEST]: value if isinstance(value, str) else json.dumps(value) for key, value in pairs}
    return [label(run_id=run, key=key, value=value[:LONGEST]) for key, value in texts.items()]


class Migration(migrations.Migration):
    dependencies = [("runs", "0024_labels_and_walked_runs")]

    operations = [migrations.RunPython(fill, migrations.RunPython.noop)]
