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
        sys.exit(
            f"The database can't be used: {said}. Is DATA_DIR right, and was `make up` or `manage.py migrate` run?"
        )


if __name__ == "__main__":
    main()
