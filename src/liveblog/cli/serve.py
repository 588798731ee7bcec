"""The commands ``serve`` and ``token``."""

from __future__ import annotations

import sys

import click

from ..model.errors import StorageError
from .commands import Group, TextCommand
from .context import State, json_option, pass_state, prepare_long_run
from .printing import echo, print_json


@click.command()
@click.argument("folders", metavar="[DIR]…", nargs=-1, type=click.Path(file_okay=False))
@click.option(
    "--host",
    metavar="ADDRESS",
    default="127.0.0.1",
    show_default=True,
    help="Address to listen on.",
)
@click.option("--port", metavar="N", type=click.IntRange(0, 65535), default=8000, show_default=True,
              help="Port to listen on; 0 takes a free one.")  # fmt: skip
@click.option("--proxy", metavar="ADDRESSES", default="127.0.0.1", show_default=True,
              envvar="LIVEBLOG_PROXY",
              help="Trusted proxies (X-Forwarded-For and -Proto): addresses or networks, "
              "comma-separated; also LIVEBLOG_PROXY.")  # fmt: skip
@click.option("--metrics", is_flag=True, help="Answer /metrics, to this machine only.")
@pass_state
def serve(
    state: State, folders: tuple[str, ...], host: str, port: int, proxy: str, metrics: bool
) -> None:
    """Serve the site and the composer; push each update.

    Several blog folders may be named; each is served at the path of its url. Updates that other
    processes append are published too. Stop with Ctrl-C.
    """
    from ..blog import Blog
    from ..web import Application
    from ..web.server import listen, run

    blogs = [Blog(folder) for folder in folders] or [state.blog()]
    app = Application(blogs, proxies=proxy, has_metrics=metrics)
    opened = listen(host, port)
    shown = f"[{host}]" if ":" in host else host
    port = opened.getsockname()[1]

    def ready() -> None:
        for served in app.blogs:
            address = f"http://{shown}:{port}{served.path}"
            state.say(f"{served.blog.config.title}: {address}  (write: {address}compose)")
        if not any(served.blog.tokens.all() for served in app.blogs):
            state.say("Nobody can sign in yet: 'liveblog token new NAME' makes a token.")
        state.say("Stop with Ctrl-C.")

    prepare_long_run()
    run(app, opened, ready)


@click.group(cls=Group)
def token() -> None:
    """Manage the tokens of those who may write through the server."""


@token.command(cls=TextCommand)
@click.argument("name")
@click.option("--scope", type=click.Choice(["post", "edit", "admin"]), default="post",
              show_default=True,
              help="post: one's own updates; edit: all, digests; admin: removals too.")  # fmt: skip
@click.option("--blog", "folders", metavar="DIR", multiple=True, type=click.Path(file_okay=False),
              help="Another blog in which the token is valid; may be repeated.")  # fmt: skip
@json_option
@pass_state
def new(state: State, name: str, scope: str, folders: tuple[str, ...], as_json: bool) -> None:
    """Make a token for somebody; it is shown once."""
    from ..blog import Blog
    from ..pages.qr import terminal_qr_code

    blog = state.blog()
    others = [Blog(folder) for folder in folders]
    now, tokens = blog.now.replace(microsecond=0), [other.tokens for other in others]
    made = blog.tokens.new(name, scope, now, tokens)  # type: ignore[arg-type]
    if as_json:
        print_json({"name": name, "scope": scope, "token": made})
    else:
        echo(made)
    state.say(
        f"This is the token of {name} ({scope}); it is not shown again. Sign in with it, or open "
        "this link:"
    )
    for place in (blog, *others):
        link = f"{place.config.url}compose#token={made}"
        state.say(link)
        if sys.stderr.isatty() and not state.is_quiet:
            for line in terminal_qr_code(link).splitlines():
                state.say(line)


@token.command(name="list")
@json_option
@pass_state
def list_(state: State, as_json: bool) -> None:
    """List who holds a token."""
    people = state.blog().tokens.all()
    if as_json:
        print_json([{"name": p.name, "scope": p.scope, "created": p.created} for p in people])
        return
    for person in people:
        valid = f"  (in {len(person.folders)} blogs)" if person.folders else ""
        echo(f"{person.scope:6} {person.created:%Y-%m-%d}  {person.name}{valid}")
    if not people:
        state.say("Nobody holds a token. 'liveblog token new NAME' makes one.")


@token.command(cls=TextCommand)
@click.argument("name")
@pass_state
def revoke(state: State, name: str) -> None:
    """Revoke a person's token, wherever it is valid, and end the sessions opened with it."""
    revoked = state.blog().tokens.revoke(name)
    state.say(f"{name} can no longer write.")
    for folder in revoked.also:
        state.say(f"Nor in {folder}.")
    if revoked.failed:
        raise StorageError(
            f"The token may still be valid in {', '.join(map(str, revoked.failed))}.",
            "If that blog is elsewhere now, revoke the token there too.",
        )
