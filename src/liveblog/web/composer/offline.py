"""Serves the service worker, manifest, scripts and icons with which the composer works offline."""

from __future__ import annotations

import gzip

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from ..static import IMMUTABLE, TYPES
from .forms import Fields
from .site import ComposerSite


def routes(site: ComposerSite) -> list[Route]:
    """Return the routes of these files, which need no token."""
    files = _Files(site)
    return [
        Route("/compose/shell", files.shell),
        Route("/compose/sw.js", files.worker),
        Route("/compose/manifest.webmanifest", files.manifest),
        Route("/compose/assets/{name}", files.asset),
    ]


class _Files:
    # Starlette calls these plain functions in worker threads.
    def __init__(self, site: ComposerSite) -> None:
        self._site = site

    def shell(self, _: Request) -> Response:
        """Return the composer with nobody signed in, which browsers show without a network."""
        return self._site.page("compose.html", None, fields=Fields.new(), key_of_draft="", done="",
                          entries=(), before="")  # fmt: skip

    def worker(self, request: Request) -> Response:
        data = self._site.assets.worker(bytes(self.shell(request).body))
        headers = {
            "cache-control": "no-cache",
            "x-content-type-options": "nosniff",
            "service-worker-allowed": f"{self._site.root}compose",
        }
        return Response(data, 200, headers, TYPES[".js"])

    def manifest(self, _: Request) -> Response:
        headers = {"cache-control": "no-cache", "x-content-type-options": "nosniff"}
        return Response(self._site.assets.manifest(), 200, headers, TYPES[".webmanifest"])

    def asset(self, request: Request) -> Response:
        name = request.path_params["name"]
        data = self._site.assets.file(name)
        if data is None:
            raise HTTPException(404)
        headers = {
            "cache-control": IMMUTABLE,
            "x-content-type-options": "nosniff",
            "vary": "Accept-Encoding",
        }
        ending = "." + name.rpartition(".")[2]
        if ending != ".png" and "gzip" in request.headers.get("accept-encoding", ""):
            data, headers["content-encoding"] = gzip.compress(data, mtime=0), "gzip"
        return Response(data, 200, headers, TYPES[ending])
