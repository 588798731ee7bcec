"""The command line: the list of commands, the global options, exit codes and error messages.

Results go to standard output, messages to standard error. Exit codes: 0 done, 1 failed, 2 usage or
configuration, 130 on Ctrl-C. Commands import other modules inside their functions, so that help and
a post start quickly.
"""

from __future__ import annotations

import io
import os
import sys
from importlib import import_module
from typing import NoReturn

import click

from ..model.conflicts import Conflict, KeyReused
from ..model.errors import ConfigError, InvalidInput, LiveblogError, StorageError
from ..version import __version__
from .commands import Group
from .context import State
from .printing import echo, echo_text, stdout_errors, style

COMMANDS = {
    "init": "init",
    "post": "post",
    "edit": "post",
    "retract": "retract",
    "remove": "retract",
    "restore": "retract",
    "log": "log",
    "show": "log",
    "search": "search",
    "digest": "digest",
    "chapter": "chapter",
    "publish": "publish",
    "move": "publish",
    "preview": "view",
    "open": "view",
    "serve": "serve",
    "token": "serve",
    "schedule": "schedule",
    "outbox": "outbox",
    "send": "send",
    "check": "check",
    "end": "end",
    "resume": "end",
    "import": "import_",
    "export": "export",
}
"""The module of each command, in the order of the help text; loaded when the command is used."""

_EPILOG = """\b
Examples:
  liveblog init my-blog --title "My live blog"
  liveblog post "The border post is open again." --tag border
  liveblog digest today
"""


class _Commands(Group):
    """Loads each command when it is used."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        command = self.commands.get(cmd_name)
        if command is None:
            module = import_module(f".{COMMANDS[cmd_name]}", __package__)
            command = getattr(module, cmd_name, None) or getattr(module, f"{cmd_name}_")
            assert isinstance(command, click.Command)
            parts = command.commands.values() if isinstance(command, click.Group) else ()
            for part in (command, *parts):
                part.params += _repeated_options()
            self.commands[cmd_name] = command
        return command


def _repeated_options() -> list[click.Parameter]:
    """Return the global options that may also be given after a command."""
    names = {"--quiet": "is_quiet", "--verbose": "is_verbose", "--debug": ""}

    def set_option(ctx: click.Context, param: click.Parameter, value: bool) -> None:
        if (name := names[param.opts[-1]]) and value and isinstance(ctx.obj, State):
            setattr(ctx.obj, name, True)

    return [
        click.Option(flags, is_flag=True, expose_value=False, hidden=True, callback=set_option)
        for flags in (("-q", "--quiet"), ("-v", "--verbose"), ("--debug",))
    ]


@click.group(
    cls=_Commands,
    epilog=_EPILOG,
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 96},
)
@click.option("-C", "folder", metavar="DIR", default=".", help="Work on the blog in this folder.")
@click.option("--config", metavar="FILE", help="Use this liveblog.toml.  [env: LIVEBLOG_CONFIG]")
@click.option(
    "-q", "--quiet", is_flag=True, help="Say nothing but results and errors; -v says more."
)
@click.option("-v", "--verbose", is_flag=True, hidden=True)
@click.option("--debug", is_flag=True, expose_value=False, hidden=True)
@click.version_option(__version__, message="liveblog %(version)s")
@click.pass_context
def liveblog(
    ctx: click.Context, folder: str, config: str | None, quiet: bool, verbose: bool
) -> None:
    """Write dated updates; publish pages, feeds, and daily and weekly digests."""
    ctx.obj = State(folder, config, quiet, verbose)
    if ctx.invoked_subcommand is None:
        echo_text(ctx.get_help())


def main() -> NoReturn:
    """Run the command line and exit."""
    _complete_streams()
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")
    try:
        code = _run()
        try:
            with stdout_errors():
                sys.stdout.flush()
        except StorageError as error:
            code = _print_error(error, False)
    except BrokenPipeError:
        # The reader of the output closed it, as head does; that is not an error.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = 0
    sys.exit(code)


def _complete_streams() -> None:
    """Open the standard streams that the caller closed."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, mode, encoding="utf-8"))  # noqa: SIM115


def _run() -> int:
    wants_traceback = "--debug" in sys.argv
    try:
        result = liveblog.main(standalone_mode=False, prog_name="liveblog")
        return result if isinstance(result, int) else 0
    except click.exceptions.Exit as done:
        return done.exit_code
    except SystemExit:
        return 0  # click exits so when the reader of the output closed it
    except (click.Abort, KeyboardInterrupt):
        echo("Cancelled.", err=True)
        return 130
    except click.ClickException as error:
        message = io.StringIO()
        error.show(message)
        echo_text(message.getvalue(), err=True)
        return 2 if isinstance(error, click.UsageError) else 1
    except LiveblogError as error:
        return _print_error(error, wants_traceback)
    except BrokenPipeError:
        raise
    except OSError as error:
        command = next((word for word in sys.argv[1:] if word in COMMANDS), "")
        what = f"use {error.filename}" if error.filename else f"run 'liveblog {command}'"
        refused = LiveblogError(
            f"Cannot {what}: {error.strerror or error}.",
            "The operating system refused it. 'liveblog --debug …' shows where in the program.",
        )
        return _print_error(refused, wants_traceback)
    except Exception as error:
        inner = LiveblogError(
            f"Something went wrong inside liveblog ({type(error).__name__}: {error}).",
            "Nothing that was acknowledged is lost. "
            "Run it again with 'liveblog --debug …' and report what it prints.",
        )
        return _print_error(inner, wants_traceback)


def _print_error(error: LiveblogError, wants_traceback: bool) -> int:
    if wants_traceback:
        import traceback

        echo_text(traceback.format_exc(), err=True)
    echo(style("Error: ", "error") + error.message, err=True)
    if error.hint:
        echo(error.hint, err=True)
    if isinstance(error, Conflict | KeyReused):
        for whose, version in (("Theirs", error.theirs), ("Yours", error.ours)):
            names = ("title", "headline", "body", "introduction", "close")
            texts = [text for name in names if (text := getattr(version, name, ""))]
            echo("", f"-- {whose} --", err=True)
            echo_text("\n\n".join(texts), err=True)
    return 2 if isinstance(error, InvalidInput | ConfigError | KeyReused) else 1
