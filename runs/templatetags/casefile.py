"""The one tag of a case file's page: `{% moment_of … %}`, a moment in its reader's zone and exactly."""

from __future__ import annotations

from django import template

from runs.casefile import words

register = template.Library()
register.simple_tag(words.moment, name="moment_of")
