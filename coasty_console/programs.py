"""How programs are answered: health whatever the host name; the API with or without a last slash, in one envelope."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from coasty_console import errors, health

Respond = Callable[[HttpRequest], HttpResponse]

_HEALTH = {"/healthz": health.up, "/readyz": health.ready}
_API = "/api/"


def probe(respond: Respond) -> Respond:
    """Before all that look at the host: launchers and load balancers ask by an address of the machine."""

    def answer(request: HttpRequest) -> HttpResponse:
        ask = _HEALTH.get(request.path_info.rstrip("/"))
        return ask(request) if ask else respond(request)

    return answer


def speak(respond: Respond) -> Respond:
    """The middleware of the API's addresses and methods."""

    def answer(request: HttpRequest) -> HttpResponse:
        path = request.path_info
        if not f"{path}/".startswith(_API):
            return respond(request)
        if path in {"/api", _API} and request.method in {"GET", "HEAD"}:
            return redirect("api:openapi-view")
        request.path_info = path.rstrip("/")
        return _by_method(respond, request)

    return answer


def _by_method(respond: Respond, request: HttpRequest) -> HttpResponse:
    asked = request.method
    if asked == "HEAD":  # the server leaves the body out
        request.method = "GET"
    response = respond(request)
    request.method = asked
    if response.status_code == 400 and "json" not in response.headers.get("Content-Type", ""):
        said = "The console does not answer to this host name: ask by one of ALLOWED_HOSTS."
        return errors.envelope(400, "BAD_REQUEST", said)
    return _with_methods(request, response) if response.status_code == 405 else response


def _with_methods(request: HttpRequest, refused: HttpResponse) -> HttpResponse:
    """What is said instead of the framework's bare refusal; to OPTIONS it is the answer."""
    given = {method.strip() for method in refused.headers.get("Allow", "").split(",") if method.strip()}
    allow = ", ".join(sorted(given | {"OPTIONS"} | ({"HEAD"} if "GET" in given else set())))
    if request.method == "OPTIONS":
        answer = HttpResponse(status=204)
    else:
        said = f"{request.method} is not possible here, but: {allow}. See /api/docs."
        answer = errors.envelope(405, "METHOD_NOT_ALLOWED", said)
    answer["Allow"] = allow
    return answer
