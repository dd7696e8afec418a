"""The application: routes, practice site, errors, start and stop."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial

from anyio import to_thread
from fastapi import FastAPI, Request
from starlette.exceptions import HTTPException
from starlette.responses import RedirectResponse, Response
from starlette.routing import Match
from starlette.types import ASGIApp

from coasty_local.agent.perception import office
from coasty_local.runner.pool import Work
from coasty_local.server import access, acting, errors, inference, machines, runs, sessions, small
from coasty_local.server.errors import ApiError
from coasty_local.server.platform import Platform
from coasty_local.settings import Settings

THREADS = 100  # requests at work side by side; streams need none
ROUTERS = (small.router, runs.router, machines.router, acting.router, inference.router, sessions.router)


def build(
    settings: Settings, *, work: Work | None = None, practice: ASGIApp | None = None, home: str | None = None
) -> FastAPI:
    """The platform as an ASGI app. Raises SettingsError.

    `work`: what runs do (default: the agent, which starts at `home` when a task names no address).
    """
    platform = Platform(settings, work or _agent(home))

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        to_thread.current_default_thread_limiter().total_tokens = THREADS
        platform.start(asyncio.get_running_loop())
        if work is None:
            office.warm()
        yield
        await asyncio.to_thread(platform.stop)
        await asyncio.to_thread(_close_eyes)
        platform.close()

    app = FastAPI(title="Local platform", openapi_url=None, docs_url=None, redoc_url=None, lifespan=lifespan,
                  redirect_slashes=False)  # fmt: skip
    app.state.platform = platform
    for router in ROUTERS:
        app.include_router(router)
    app.add_route("/practice", _to_practice)
    app.mount("/practice", practice or _practice(settings))
    app.add_exception_handler(ApiError, _told)
    app.add_exception_handler(HTTPException, _unrouted)
    app.add_middleware(access.Envelope)
    return app


async def _told(request: Request, error: Exception) -> Response:
    if not isinstance(error, ApiError):
        raise error
    return errors.response(error, access.request_id(request))


async def _unrouted(request: Request, error: Exception) -> Response:
    """What the framework refuses by itself: unknown addresses and methods."""
    if not isinstance(error, HTTPException):
        raise error
    headers = dict(error.headers or {})
    if error.status_code == 405:
        headers["Allow"] = ", ".join(sorted(_methods(request)))
    code = errors.BY_STATUS.get(error.status_code, "INTERNAL_ERROR")
    message = f"{request.method} {request.url.path[:200]}: {error.detail}"
    return errors.response(ApiError(code, message, headers=headers), access.request_id(request))


def _methods(request: Request) -> set[str]:
    """All methods of that address; the framework itself names those of the first route only."""
    routes = [route for router in ROUTERS for route in router.routes]
    fitting = [route for route in routes if route.matches(request.scope)[0] is Match.PARTIAL]
    return {method for route in fitting for method in getattr(route, "methods", None) or ()}


def _agent(home: str | None) -> Work:
    from coasty_local.agent import worker  # loaded only where it is used: its models take a second

    return partial(worker.work, home=home)


def _close_eyes() -> None:
    """End the process that reads pictures, so that none outlives the platform."""
    if (pid := office.pid()) is not None:
        os.kill(pid, signal.SIGKILL)
        deadline = time.monotonic() + 2
        while office.pid() is not None and time.monotonic() < deadline:
            time.sleep(0.01)


async def _to_practice(request: Request) -> Response:
    """A mount answers below its slash only; people leave the slash out."""
    return RedirectResponse("/practice/" + (f"?{request.url.query}" if request.url.query else ""))


def _practice(settings: Settings) -> ASGIApp:
    from coasty_local.practice import site

    return site.build(settings.home / "practice-ledger.jsonl")
