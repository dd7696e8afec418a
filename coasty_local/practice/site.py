"""The portal as one ASGI app, to be mounted under any path."""

from __future__ import annotations

from pathlib import Path

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from coasty_local.practice import theme, variants
from coasty_local.practice.call import HEADERS, endpoint
from coasty_local.practice.ledger import Ledger
from coasty_local.practice.pages import entry, gate, home, money, people, shop
from coasty_local.practice.visits import Visits

ICON = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16">'
    '<rect width="16" height="16" rx="3" fill="#1d5fd1"/>'
    '<path d="M5 3v10h6" stroke="#fff" stroke-width="2" fill="none"/></svg>'
)
BANNER = """document.addEventListener("submit", event => {
  if (!event.target.matches(".cookies")) return;
  event.preventDefault();
  event.target.remove();
  fetch(event.target.action, {method: "POST", keepalive: true});
});
"""


def build(ledger_path: Path | None = None) -> Starlette:
    """The practice portal. With `ledger_path` its ledger is kept in that file (JSON lines) and survives a restart."""
    ledger, visits = Ledger(ledger_path), Visits()
    areas = (entry, money, shop, people, gate, home)  # home last: it answers for unknown addresses
    pages = [
        Route(way.path, endpoint(way.view, visits, ledger, way.guarded), methods=[way.method])
        for area in areas
        for way in area.WAYS
    ]

    async def acts(request: Request) -> Response:
        return JSONResponse(ledger.entries(), headers=HEADERS)

    app = Starlette(routes=[Route("/ledger.json", acts), Route("/look/{number:int}.css", _look), *_pictures(), *pages])
    app.state.ledger, app.state.visits = ledger, visits
    return app


async def _look(request: Request) -> Response:
    look = variants.VARIANTS[request.path_params["number"] % len(variants.VARIANTS)]
    return Response(theme.sheet(look), media_type="text/css", headers=HEADERS)


async def _icon(request: Request) -> Response:
    return Response(ICON, media_type="image/svg+xml", headers=HEADERS)


async def _banner(request: Request) -> Response:
    return Response(BANNER, media_type="text/javascript", headers=HEADERS)


def _pictures() -> list[Route]:
    return [Route("/favicon.svg", _icon), Route("/favicon.ico", _icon), Route("/banner.js", _banner)]
