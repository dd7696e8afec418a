"""One request to the portal: its visit, its form, its links; and the wrapper that makes a view an endpoint."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from urllib.parse import parse_qsl, quote

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from coasty_local.practice import variants
from coasty_local.practice.ledger import Ledger
from coasty_local.practice.variants import Variant
from coasty_local.practice.visits import Visit, Visits

COOKIE = "larkfield"
BODY_LIMIT = 32_768
FIELD_LIMIT = 2_000

HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; img-src 'self'; style-src 'self' 'unsafe-inline'; "
    "script-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'self'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
}


class TooLarge(Exception):
    """The posted form is larger than any form here can be."""


@dataclass
class Call:
    """What a view works with."""

    visit: Visit
    ledger: Ledger
    base: str  # the path the portal is mounted under, "" at the root
    path: str  # within the portal
    args: dict[str, str]  # of the path
    query: dict[str, str]
    form: dict[str, str]

    @property
    def look(self) -> Variant:
        return variants.VARIANTS[self.visit.variant]

    def url(self, path: str) -> str:
        """A link within the portal, wherever it is mounted."""
        return self.base + path

    def field(self, name: str) -> str:
        return self.form.get(name, "").strip()

    def go(self, path: str, message: str = "") -> Response:
        """Redirect after a post, with a message for the page that comes."""
        if message:
            self.visit.message = message
        return RedirectResponse(self.url(path), status_code=303)

    def once(self, act: Callable[[], str], expired: str) -> Response:
        """Run `act`, which answers the path of its result, once per form token; a second post shows that result."""
        token = self.form.get("token", "")
        result = self.visit.tokens.get(token)
        if result is None:
            return self.go(expired, "That form had expired. Please try again.")
        if not result:
            result = act()
            self.visit.tokens[token] = result
        return self.go(result)


View = Callable[[Call], Response | str]


def endpoint(view: View, visits: Visits, ledger: Ledger, guarded: bool) -> Callable[[Request], Awaitable[Response]]:
    """Wrap a view: cookie, variant, form, sign-in guard. A view never waits, so that each act is whole."""

    async def run(request: Request) -> Response:
        try:
            form = await _form(request)
        except TooLarge:
            return Response("That form is too large.", status_code=413, headers=HEADERS)
        visit = visits.get(request.cookies.get(COOKIE, ""))
        visit.variant = variants.pick(request.query_params.get("variant", ""), visit.variant)
        call = _call(request, visit, ledger, form)
        response = _sign_in_first(call, request.method) if guarded and visit.account is None else _answer(view(call))
        response.headers.update(HEADERS)
        response.set_cookie(COOKIE, visit.id, path=call.base or "/", httponly=True, samesite="lax")
        return response

    return run


def _call(request: Request, visit: Visit, ledger: Ledger, form: dict[str, str]) -> Call:
    base = request.scope.get("root_path", "").rstrip("/")
    path = request.url.path.removeprefix(base) or "/"
    query = {name: value[:FIELD_LIMIT] for name, value in request.query_params.items()}
    args = {name: str(value) for name, value in request.path_params.items()}
    return Call(visit, ledger, base, path, args, query, form)


def _answer(made: Response | str) -> Response:
    return made if isinstance(made, Response) else HTMLResponse(made)


def _sign_in_first(call: Call, method: str) -> Response:
    if method == "GET":
        call.visit.wanted = quote(call.path)
    return call.go("/")


async def _form(request: Request) -> dict[str, str]:
    """The fields of a posted form, cut to a sane length.

    Raises TooLarge.
    """
    if request.method != "POST":
        return {}
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > BODY_LIMIT:
            raise TooLarge
    pairs = parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True, max_num_fields=50)
    return {name: value.replace("\r\n", "\n")[:FIELD_LIMIT] for name, value in pairs}
