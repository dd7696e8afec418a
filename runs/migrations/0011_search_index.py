"""The database's own index over runs_searchtext.words: FTS5 kept by triggers on SQLite, a tsvector with GIN on PostgreSQL.

On SQLite a later migration that alters runs_searchtext makes the table anew, without its triggers: let it run `make`
of this one again.
"""

from django.db import migrations

SQLITE = (
    "CREATE VIRTUAL TABLE runs_search USING fts5(words, content='runs_searchtext', content_rowid='run_id',"
    " tokenize='unicode61 remove_diacritics 0', prefix='2 3', detail=none, columnsize=0)",
    "CREATE TRIGGER runs_search_added AFTER INSERT ON runs_searchtext BEGIN"
    " INSERT INTO runs_search(rowid, words) VALUES (new.run_id, new.words); END",
    "CREATE TRIGGER runs_search_gone AFTER DELETE ON runs_searchtext BEGIN"
    " INSERT INTO runs_search(runs_search, rowid, words) VALUES ('delete', old.run_id, old.words); END",
    "CREATE TRIGGER runs_search_changed AFTER UPDATE OF words ON runs_searchtext BEGIN"
    " INSERT INTO runs_search(runs_search, rowid, words) VALUES ('delete', old.run_id, old.words);"
    " INSERT INTO runs_search(rowid, words) VALUES (new.run_id, new.words); END",
)
POSTGRES = (
    "ALTER TABLE runs_searchtext ADD COLUMN vector tsvector"
    " GENERATED ALWAYS AS (array_to_tsvector(string_to_array(words, ' '))) STORED",
    "CREATE INDEX search_vector ON runs_searchtext USING gin (vector)",
)


def make(apps, schema_editor):
    with schema_editor.connection.cursor() as cursor:
        for statement in SQLITE if schema_editor.connection.vendor == "sqlite" else POSTGRES:
            cursor.execute(statement)


def unmake(apps, schema_editor):
    with schema_editor.connection.cursor() as cursor:
        if schema_editor.connection.vendor == "sqlite":
            for name in ("added", "gone", "changed"):
                cursor.execute(f"DROP TRIGGER IF EXISTS runs_search_{name}")
            cursor.execute("DROP TABLE IF EXISTS runs_search")
        else:
            cursor.execute("ALTER TABLE runs_searchtext DROP COLUMN IF EXISTS vector")


class Migration(migrations.Migration):
    dependencies = [("runs", "0010_planning")]

    operations = [migrations.RunPython(make, unmake)]
