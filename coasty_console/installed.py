"""The console on a phone's home screen: its manifest, icons, service worker and the page that stands while offline."""

from __future__ import annotations

import hashlib
import json
from functools import lru_cache
from typing import Any

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.contrib.staticfiles import finders
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.templatetags.static import static
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

from coasty_console import icons

COLOURS = {"theme_color": "#2f4fb5", "background_color": "#f7f7f5"}
STYLES = ("tokens.css", "frame.css", "parts.css", "theme.js", "favicon.svg")


@require_safe
def manifest(request: HttpRequest) -> JsonResponse:
    """What a browser asks for before it installs; it opens with the queue."""
    root = reverse("overview")
    png = [
        {"src": reverse("icon", args=[size]), "sizes": f"{size}x{size}", "type": "image/png", "purpose": "any maskable"}
        for size in icons.SIZES
    ]
    said = {
        "id": root,
        "name": "Coasty Console",
        "short_name": "Coasty",
        "description": _("Decide what autonomous agents ask."),
        "lang": translation.get_language(),
        "start_url": reverse("approvals"),
        "scope": root,
        "display": "standalone",
        **COLOURS,
        "icons": [{"src": static("favicon.svg"), "sizes": "any", "type": "image/svg+xml"}, *png],
        "shortcuts": [
            {"name": _("Approvals"), "url": reverse("approvals")},
            {"name": _("Runs"), "url": reverse("runs")},
        ],
    }
    return JsonResponse(said, content_type="application/manifest+json")


@require_safe
@cache_control(max_age=86_400, public=True)
def icon(request: HttpRequest, size: int) -> HttpResponse:
    """The favicon as a PNG, for devices that take no SVG."""
    if size not in icons.SIZES:
        raise Http404
    return HttpResponse(icons.png(size), content_type="image/png")


@require_safe
@cache_control(no_cache=True)
def worker(request: HttpRequest) -> HttpResponse:
    """The service worker, at the root of what it may see; it is another one when its texts or what it keeps are."""
    keep = [reverse("offline"), reverse("unanswered"), *(static(name) for name in STYLES)]
    texts: dict[str, Any] = {"keep": keep, "languages": {}}
    for code, _name in settings.LANGUAGES:
        with translation.override(code):
            texts["languages"][code] = _words()
    texts["version"] = hashlib.sha256(json.dumps(texts).encode() + _kept()).hexdigest()[:12]
    body = f"const TEXTS = {json.dumps(texts)};\n{_source()}"
    headers = {"Service-Worker-Allowed": reverse("overview")}
    return HttpResponse(body, content_type="text/javascript; charset=utf-8", headers=headers)


def _words() -> dict[str, Any]:
    return {
        "waiting": _("Waiting in all: %s"),
        "titles": {
            "opened": _("Approval %s needs a person"),
            "routed": _("Approval %s: you are asked first"),
            "handed": _("Approval %s was handed over to you"),
            "due_soon": _("Approval %s is due soon"),
            "escalated": _("Approval %s is overdue"),
            "refused": _("Approval %s: upstream refused your decision"),
            "settled": _("Approval %s needs nobody any more"),
            "several": _("Several approvals need a look"),
            "burning": _("A run goes round in circles and burns money"),
            "several_burning": _("Several runs burn money"),
            "test": _("This device rings"),
        },
    }


@lru_cache(maxsize=1)
def _source() -> str:
    return _file("worker.js").decode()


@lru_cache(maxsize=1)
def _kept() -> bytes:
    return b"".join(_file(name) for name in STYLES) + settings.VERSION.encode()


def _file(name: str) -> bytes:
    path = finders.find(name)
    if not isinstance(path, str):
        raise FileNotFoundError(name)
    with open(path, "rb") as file:
        return file.read()


@require_safe
def offline(request: HttpRequest) -> HttpResponse:
    """What the service worker shows without a network: nothing of anybody's, so that it may be kept."""
    return _bare(request, "app/offline.html", is_sure=True)


@require_safe
def unanswered(request: HttpRequest) -> HttpResponse:
    """The same after a form was sent and no answer came."""
    return _bare(request, "app/offline.html", is_sure=False)


def _bare(request: HttpRequest, template: str, **context: Any) -> HttpResponse:
    request.user = AnonymousUser()
    return render(request, template, {"bare": True, **context})
