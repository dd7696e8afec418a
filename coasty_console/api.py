"""The JSON API: who is calling, the routes of the apps, one envelope for errors."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest
from ninja import NinjaAPI, Router
from ninja.errors import AuthenticationError, HttpError
from ninja.security import APIKeyCookie, HttpBearer
from ninja.utils import check_csrf

from approvals.api import router as approvals
from approvals.rules.api import router as policies
from coasty_console import errors, parsing
from runs import tokens
from runs.api import router as runs
from runs.batch_api import router as batches


class Token(HttpBearer):
    """A bearer token of `manage.py api_token`."""

    def authenticate(self, request: HttpRequest, token: str) -> Any:
        user = tokens.user_of(token)
        if user is None:  # whoever shows a token wants to be known by it, not by a cookie that came along
            raise AuthenticationError
        return user


class Session(APIKeyCookie):
    """The session of somebody who has signed in to the pages; writes need the CSRF token, as everywhere."""

    param_name = settings.SESSION_COOKIE_NAME

    def __call__(self, request: HttpRequest) -> Any:
        if not request.user.is_authenticated:
            return None
        if check_csrf(request):
            raise HttpError(403, "The CSRF token is missing or wrong. Scripts had better use a bearer token.")
        return request.user

    def authenticate(self, request: HttpRequest, key: str | None) -> Any:
        return request.user if request.user.is_authenticated else None


class Described(NinjaAPI):
    """An API whose description names its refusals too: they come from one place, not from each route."""

    def get_openapi_schema(self, **options: Any) -> Any:
        schema = super().get_openapi_schema(**options)
        errors.describe(schema)
        return schema


api = Described(
    title="Coasty Console",
    version=settings.VERSION,
    description="Runs, approvals and the audit log. Tokens come from `python manage.py api_token USERNAME`; they end"
    " when their person gets a new password or is switched off. What looks like a password, a code or a key in a"
    " task, in instructions, in a note or in an event is masked for every role, as on the pages.",
    auth=[Token(), Session()],
    parser=parsing.Strict(),
    urls_namespace="api",
)
errors.handle(api)
api.add_router("", runs)
api.add_router("", batches)
api.add_router("", approvals)
api.add_router("", policies)
others = Router()


@others.api_operation(["GET", "POST", "PUT", "PATCH", "DELETE"], "/{path:rest}", include_in_schema=False)
def nothing_here(request: HttpRequest, rest: str) -> None:
    raise Http404(f"There is no /api/{rest[:200]}. What there is stands in /api/docs.")


api.add_router("", others)  # last: it takes what no other route took
