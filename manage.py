#!/usr/bin/env python
"""The console's commands."""

import os
import sys

from django.core.management import execute_from_command_line
from django.db import DatabaseError


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "coasty_console.settings")
    try:
        execute_from_command_line(sys.argv)
    except DatabaseError as problem:
        if "--traceback" in sys.argv:
            raise
        said = str(problem).splitlines()[0]
        is_empty = "no such table" in said or "does not exist" in said
        hint = "Is DATA_DIR right, and was `make up` run once?" if is_empty else "Check DATABASE_URL and that it runs."
        sys.exit(f"The database can't be used: {said}. {hint}")


if __name__ == "__main__":
    main()
