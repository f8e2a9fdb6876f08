"""HTTP handlers of what describes the API: its index, its OpenAPI document, and two pages for people.

Everything is served from here: the page's own files, and those of Swagger UI from the wheel ``flask-swagger-ui``, of
which nothing is imported. Upstream: https://github.com/swagger-api/swagger-ui/blob/master/docs/usage/configuration.md
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cache
from html import escape
from importlib.metadata import distribution
from pathlib import Path
from typing import TYPE_CHECKING, Final

import orjson
from anyio import to_thread
from starlette.responses import Response

from runtime import routes
from runtime.domain.preconditions import parse_tags
from runtime.http.openapi.document import TITLE, VERSION, document
from runtime.http.openapi.parts import HTML, JSON
from runtime.http.problem_kinds import KINDS, NO_SUCH_PATH
from runtime.http.problems import problem

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.requests import Request

    from runtime.http.problem_kinds import Kind

_FOLDER = Path(__file__).parent
_SWAGGER_UI: Final = distribution("flask-swagger-ui")
_DISTRIBUTED: Final = Path(str(_SWAGGER_UI.locate_file("flask_swagger_ui/dist")))
_FILES: Final = {
    "favicon-32x32.png": (_DISTRIBUTED, "image/png"),
    "problems.css": (_FOLDER, "text/css"),
    "start.js": (_FOLDER, "text/javascript"),
    "swagger-ui-bundle.js": (_DISTRIBUTED, "text/javascript"),
    "swagger-ui.css": (_DISTRIBUTED, "text/css"),
}
"""The folder and media type of each file of the pages: a request names one of these, and no path."""

_OF_PROBLEMS: Final = ("favicon-32x32.png", "problems.css")
"""The files of the page of problems, which is always served."""

_GUARDED: Final = {
    # Swagger UI draws its icons from data: URLs; everything else comes from this server, and no other page frames it.
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
}


@dataclass(frozen=True, slots=True)
class _Content:
    """A body that does not change while the process lives, with its entity tag."""

    body: bytes
    media: str
    tag: str

    def response(self, request: Request, more: Mapping[str, str]) -> Response:
        """Return the body, or 304 when the client has it."""
        headers = {"ETag": self.tag, **more}
        known = request.headers.get("if-none-match")
        if known is not None and parse_tags(known).match_weakly(self.tag):
            return Response(status_code=304, headers=headers)
        return Response(self.body, headers=headers, media_type=self.media)


class Documentation:
    """The handlers; ``live`` and ``ready`` are the paths of health.

    Where the API is not ``described``, its index names neither the document nor the page.
    """

    def __init__(self, live: str, ready: str, *, described: bool = True) -> None:
        self._index = _content(orjson.dumps(_index(live, ready, described=described)), JSON)
        self._files = _FILES if described else {name: _FILES[name] for name in _OF_PROBLEMS}
        self._health = live, ready
        self._page = _content((_FOLDER / "page.html").read_bytes(), HTML)
        self._problems = _content(_explanations().encode(), HTML)
        descriptions = {"service-desc": routes.DESCRIPTION, "service-doc": routes.PAGE} if described else {}
        targets = {**descriptions, "status": ready}
        self._links = {"Link": ", ".join(f'<{path}>; rel="{relation}"' for relation, path in targets.items())}

    async def index(self, request: Request) -> Response:
        """GET where things are; 304 when the client knows, as for each of the others."""
        return self._index.response(request, self._links)

    async def description(self, request: Request) -> Response:
        """GET the OpenAPI document."""
        # Nobody asks for it often, and it takes a third of a second: not while a worker starts, nor while others wait.
        described = await to_thread.run_sync(_description, *self._health)
        return described.response(request, {})

    async def page(self, request: Request) -> Response:
        """GET the page that shows the document, and sends requests."""
        return self._page.response(request, _GUARDED)

    async def problems(self, request: Request) -> Response:
        """GET the page that explains each kind of problem, at the anchor that its ``type`` names."""
        return self._problems.response(request, _GUARDED)

    async def file(self, request: Request) -> Response:
        """GET a file of the pages, read from the disk: nobody reads them often enough to keep megabytes in memory."""
        name = request.path_params["file"]
        if name not in self._files:
            return problem(NO_SUCH_PATH, "the page has no such file")
        folder, media = self._files[name]
        body = await to_thread.run_sync((folder / name).read_bytes)
        return _content(body, media).response(request, {"X-Content-Type-Options": "nosniff"})


@cache
def _description(live: str, ready: str) -> _Content:
    return _content(orjson.dumps(document(live, ready)), JSON)


def _content(body: bytes, media: str) -> _Content:
    return _Content(body, media, f'"{hashlib.sha256(body).hexdigest()[:32]}"')


def _index(live: str, ready: str, *, described: bool) -> dict[str, str]:
    descriptions = {"description": routes.DESCRIPTION, "documentation": routes.PAGE} if described else {}
    return {
        "title": TITLE,
        "version": VERSION,
        **descriptions,
        "problems": routes.PROBLEMS,
        "settings": routes.SETTINGS,
        "entries": routes.ENTRY,
        "live": live,
        "ready": ready,
    }


def _explanations() -> str:
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>Problems of the {TITLE}</title>\n"
        '<link rel="icon" href="docs/favicon-32x32.png">\n<link rel="stylesheet" href="docs/problems.css">\n'
        f"</head>\n<body>\n<h1>Problems of the {TITLE}</h1>\n"
        "<p>Every error is <code>application/problem+json</code>; its <code>type</code> is one of these.</p>\n"
        f"{''.join(map(_explanation, KINDS))}</body>\n</html>\n"
    )


def _explanation(kind: Kind) -> str:
    return (
        f'<h2 id="{kind.name}">{kind.status} {escape(kind.title)}</h2>\n<p><code>{escape(kind.type)}</code></p>\n'
        f"<p>{escape(kind.cause)}</p>\n<p>{escape(kind.remedy)}</p>\n"
    )
