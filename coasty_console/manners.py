"""Each request in its person's zone and language; the texts that scripts show, by language."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from functools import lru_cache

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils import translation
from django.utils.cache import patch_vary_headers
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe
from django.views.i18n import JavaScriptCatalog

from live import manner

_PROGRAMS = ("/api/", "/readyz")  # what programs read does not change with anybody's language


def activate(respond: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """The middleware. What a person has chosen wins over what their browser accepts."""

    def answer(request: HttpRequest) -> HttpResponse:
        if request.path_info.startswith(_PROGRAMS):
            return respond(request)
        device = request.COOKIES.get(manner.DEVICE, "")
        wanted = manner.of(request.user, request.headers.get("accept-language", ""), device=device)
        request.manner = wanted  # type: ignore[attr-defined]
        with manner.worn(wanted):
            response = respond(request)
        response.headers.setdefault("Content-Language", wanted.language)
        patch_vary_headers(response, ["Accept-Language"])
        return response

    return answer


@require_safe
@cache_control(max_age=31_536_000, public=True, immutable=True)
def words(request: HttpRequest, language: str, stamp: str) -> HttpResponseBase:
    """gettext for our scripts. The address names the language and what the texts are, so that it may be kept."""
    if language not in dict(settings.LANGUAGES):
        raise Http404
    with translation.override(language):
        return JavaScriptCatalog.as_view()(request)


@lru_cache(maxsize=1)
def words_stamp() -> str:
    """Another one whenever the texts for scripts are others."""
    found = hashlib.sha256(settings.VERSION.encode())
    for folder in settings.LOCALE_PATHS:
        for path in sorted(folder.glob("*/LC_MESSAGES/djangojs.mo")):
            found.update(path.read_bytes())
    return found.hexdigest()[:12]
