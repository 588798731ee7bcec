"""The server: the published site, the event stream, and the API, the composer and Micropub.

:data:`application` is an ASGI application for any server, for example
``LIVEBLOG_FOLDERS=/srv/north:/srv/south uvicorn liveblog.web:application``; ``liveblog serve`` runs
:class:`Application` under uvicorn. No other room knows a socket or a status code.
"""

from .app import Application, EnvironmentApplication

__all__ = ["Application", "application"]

application = EnvironmentApplication()
"""Serves the blogs in the folders of ``LIVEBLOG_FOLDERS``; see :class:`EnvironmentApplication`."""
