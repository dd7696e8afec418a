"""Whether the database can be spoken to at all, told in one sentence before a process starts to work with it."""

from __future__ import annotations

from typing import Any

SECONDS = 5  # that a database server may take to answer


def why_not(database: Any) -> str:
    """Why this connection's server can't be reached; empty where it can. PostgreSQL is asked beside the pool, which
    would wait for half a minute and then give no reason.
    """
    if database.vendor != "postgresql":
        return ""
    try:
        database.Database.connect(**{**database.get_connection_params(), "connect_timeout": SECONDS}).close()
    except database.Database.Error as problem:
        told = database.settings_dict
        where = f"{told['HOST'] or 'this machine'}:{told['PORT'] or 5432}"
        reason = str(problem).strip().partition("\n")[0].rsplit(" failed: ", 1)[-1].rstrip(".")
        return f"PostgreSQL at {where} can't be reached (database {told['NAME']}): {reason}. See DATABASE_URL."
    return ""
