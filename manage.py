#!/usr/bin/env python
"""The console's commands."""

import os
import sys

from django.core.management import execute_from_command_line

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "coasty_console.settings")
    execute_from_command_line(sys.argv)
