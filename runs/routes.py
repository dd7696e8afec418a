"""Owns how a run's public id stands in an address: whatever it is, it is one segment and comes back whole."""

from __future__ import annotations

from urllib.parse import quote, unquote

from django.urls import register_converter


class RunId:
    """Ordinary ids stand as they are; slashes and ids of dots only are written so that no browser resolves them."""

    regex = "[^/]+"

    def to_python(self, value: str) -> str:
        return unquote(value)

    def to_url(self, value: str) -> str:
        written = quote(value, safe="-._~:@")
        return written if written.strip(".") else written.replace(".", "%2E")


register_converter(RunId, "run")
