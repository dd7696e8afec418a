"""What outcomes and tasks tell, in expressions that an index holds: keys stand in the statement, not as parameters."""

from __future__ import annotations

from typing import Any

from django.db.models import Func, TextField


class Passed(Func):
    """Whether a result passed: `true`, `false`, or what else stands there. Nothing where nothing does."""

    arity = 1
    template = "LEFT((%(expressions)s -> 'passed')::text, 8)"  # an index of PostgreSQL refuses what is very long
    output_field = TextField()

    def as_sqlite(self, compiler: Any, connection: Any, **extra: Any) -> Any:
        return self.as_sql(compiler, connection, template="JSON_TYPE(%(expressions)s, '$.passed')", **extra)


class Code(Func):
    """The code of an error."""

    arity = 1
    template = "LEFT(%(expressions)s ->> 'code', 64)"
    output_field = TextField()

    def as_sqlite(self, compiler: Any, connection: Any, **extra: Any) -> Any:
        return self.as_sql(compiler, connection, template="JSON_EXTRACT(%(expressions)s, '$.code')", **extra)


class Beginning(Func):
    """What a text begins with: with its length it tells nearly all texts apart, and an index stays small."""

    CHARACTERS = 60
    arity = 1
    template = "SUBSTR(%(expressions)s, 1, 60)"
    output_field = TextField()
