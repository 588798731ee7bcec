"""The commands 'liveblog open' and 'liveblog preview': look at the site in a browser."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import click

from ..model import addresses
from .context import State, pass_state, progress
from .printing import echo
from .references import ENTRY

if TYPE_CHECKING:
    from http.server import BaseHTTPRequestHandler
    from pathlib import Path

    from ..blog import Blog
    from ..site.publisher import Publisher


@click.command("open")
@click.argument("entry_id", metavar="[ID]", type=ENTRY, required=False)
@pass_state
def open_(state: State, entry_id: str | None) -> None:
    """Open the live page, or the page of an update, in your browser.

    The address is printed; where there is no terminal, nothing is opened. It is the address that
    readers use; 'liveblog preview' shows what is not online yet.
    """
    blog = state.blog()
    path = addresses.entry_path(blog.timeline.entry(entry_id).id) if entry_id else ""
    _show(addresses.url(blog.config.url, path))


@click.command()
@click.option("--port", metavar="N", type=click.IntRange(0, 65535), default=0,
              help="Port to listen on; a free one unless given.")  # fmt: skip
@pass_state
def preview(state: State, port: int) -> None:
    """Show the site as the journal stands, on this machine only.

    It is made in a temporary folder and brought up to date whenever a page is loaded. Nothing in
    the blog's folder changes, nothing is published and nothing is sent. Stop with Ctrl-C.
    """
    import signal
    import tempfile
    from contextlib import suppress
    from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
    from pathlib import Path

    from ..model.errors import InvalidInput

    blog = state.blog()
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # the folder is deleted then, too
    with (
        suppress(KeyboardInterrupt),
        tempfile.TemporaryDirectory(prefix="liveblog-preview.") as folder,
    ):
        try:
            server = ThreadingHTTPServer(("127.0.0.1", port), BaseHTTPRequestHandler)
        except OSError as error:
            raise InvalidInput(
                f"Cannot listen on port {port}: {error.strerror}.", "Leave --port out."
            ) from None
        with server:
            address = f"http://127.0.0.1:{server.server_port}/"
            publisher = _publisher(blog, Path(folder), address)
            with progress(state, "Publishing") as shown:
                state.warn(publisher.publish(blog.now, progress=shown).faults)
            server.RequestHandlerClass = _pages(blog, publisher, Path(folder, "feeds"))
            state.say("The site as it would be now, for you alone. Stop with Ctrl-C.")
            _show(address)
            server.serve_forever()


def _publisher(blog: Blog, folder: Path, address: str) -> Publisher:
    """Return a publisher of the blog's site into *folder*, with another address."""
    import msgspec

    from ..site.publisher import Publisher
    from ..site.storage.folder import Folder
    from ..storage.paths import Paths

    for name in ("entries", "templates", "static"):
        if (blog.paths.root / name).is_dir():
            (folder / name).symlink_to((blog.paths.root / name).resolve(), True)
    paths = Paths(folder)
    config = msgspec.structs.replace(blog.config, url=address, moved_from=())
    return Publisher(blog.journal, Folder(paths.site), paths, config)


def _pages(blog: Blog, publisher: Publisher, site: Path) -> type[BaseHTTPRequestHandler]:
    """Return a handler of requests that brings the site up to date before it shows a page."""
    from http.server import SimpleHTTPRequestHandler
    from threading import Lock

    lock = Lock()

    class Pages(SimpleHTTPRequestHandler):
        def __init__(self, *arguments: Any) -> None:
            super().__init__(*arguments, directory=str(site))

        def do_GET(self) -> None:
            if self.path.partition("?")[0].endswith(("/", ".html", ".json", ".xml")):
                with lock:
                    publisher.publish(blog.now)
            super().do_GET()

        def log_request(self, *_: object) -> None:
            pass

    return Pages


def _show(address: str) -> None:
    """Print an address; on a terminal, open it in the browser too."""
    echo(address)
    sys.stdout.flush()
    if sys.stdout.isatty():
        click.launch(address)
