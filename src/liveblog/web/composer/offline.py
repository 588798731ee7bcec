"""Serves the service worker, manifest, scripts and icons with which the composer works offline."""

from __future__ import annotations

import gzip
from functools import partial

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from ..static import IMMUTABLE, TYPES
from .forms import Fields
from .site import ComposerSite


def routes(site: ComposerSite) -> list[Route]:
    """Return the routes of these files, which need no token."""
    return [
        Route("/compose/shell", partial(shell, site)),
        Route("/compose/sw.js", partial(worker, site)),
        Route("/compose/manifest.webmanifest", partial(manifest, site)),
        Route("/compose/assets/{name}", partial(asset, site)),
    ]


def shell(site: ComposerSite, _: Request) -> Response:
    """Return the composer with nobody signed in, which browsers show without a network."""
    return site.page("compose.html", None, fields=Fields.new(), key_of_draft="", done=None,
                      planned=(), entries=(), names={}, before="", top="", quoting=())  # fmt: skip


def worker(site: ComposerSite, request: Request) -> Response:
    """Return the service worker."""
    data = site.assets.worker(bytes(shell(site, request).body))
    headers = {
        "cache-control": "no-cache",
        "x-content-type-options": "nosniff",
        "service-worker-allowed": f"{site.root}compose",
    }
    return Response(data, 200, headers, TYPES[".js"])


def manifest(site: ComposerSite, _: Request) -> Response:
    """Return the web app manifest."""
    headers = {"cache-control": "no-cache", "x-content-type-options": "nosniff"}
    return Response(site.assets.manifest(), 200, headers, TYPES[".webmanifest"])


def asset(site: ComposerSite, request: Request) -> Response:
    """Return a script, the style or an icon, compressed if the browser accepts gzip."""
    name = request.path_params["name"]
    data = site.assets.file(name)
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
