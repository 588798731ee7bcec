"""Loads, compiles and renders Jinja2 templates; a blog's own templates override the theme's.

Values are escaped, and bidirectional controls are closed in every text that a template shows.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from traceback import walk_tb
from typing import Any

from jinja2 import (
    ChoiceLoader,
    Environment,
    FileSystemBytecodeCache,
    FileSystemLoader,
    PackageLoader,
    StrictUndefined,
    Template,
    nodes,
    pass_context,
)
from jinja2.bccache import Bucket
from jinja2.exceptions import TemplateError, TemplateRuntimeError
from jinja2.ext import Extension
from jinja2.parser import Parser
from jinja2.runtime import Context
from markupsafe import Markup

from ..model.errors import ConfigError, LiveblogError
from ..text.bidi import close_all_controls, close_controls
from ..text.locale import Words
from ..version import __version__

_BYTECODE_VERSION = 4
"""Increased when templates compile to other code than before, to discard the compiled files."""


class RenderError(ConfigError):
    """A template failed with the values that it was given; with others it may succeed."""


class Templates:
    """The templates of one blog."""

    def __init__(
        self, words: Words, *, own: Path | None, compiled: Path | None, is_read_only: bool
    ) -> None:
        """Load templates from the folder *own*, else from the theme.

        Compiled templates are cached in the folder *compiled*, because to compile takes longer than
        to render; *is_read_only* forbids writing there. *words* translates the texts.
        """
        loaders = [FileSystemLoader(own)] if own and own.is_dir() else []
        cache = _BytecodeCache(compiled, is_read_only=is_read_only) if compiled else None
        self._environment = Environment(
            loader=ChoiceLoader([*loaders, PackageLoader("liveblog", "theme/templates")]),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            auto_reload=False,
            bytecode_cache=cache,
            finalize=_close_controls,
            extensions=["jinja2.ext.i18n", Once],
        )
        self._environment.install_gettext_callables(  # type: ignore[attr-defined]
            words.catalogue.gettext, words.catalogue.ngettext, newstyle=True
        )
        values: dict[str, Any] = self._environment.globals
        for name in ("gettext", "ngettext"):
            values[name] = _close_values(values[name])
        self._templates: dict[str, Template] = {}

    def define(self, values: Mapping[str, Any], filters: Mapping[str, Callable[..., Any]]) -> None:
        """Define names and filters that every template can use."""
        self._environment.globals |= values
        self._environment.filters |= filters

    def render(self, name: str, values: Mapping[str, Any]) -> str:
        """Render a template.

        Raises :class:`ConfigError` for a template that cannot be parsed, and
        :class:`RenderError` for one that fails.
        """
        try:
            return self._get(name).render(values)
        except Exception as error:
            raise _render_error(name, error) from error

    def render_bytes(self, name: str, values: Mapping[str, Any]) -> bytes:
        """Render a template to UTF-8; raise the errors of :meth:`render`."""
        try:
            # Pieces are encoded one by one, because the whole page as one text takes three times
            # the memory: a single dash makes each of its characters two bytes.
            return b"".join(map(str.encode, self._get(name).generate(values)))
        except Exception as error:
            raise _render_error(name, error) from error

    def _get(self, name: str) -> Template:
        template = self._templates.get(name)
        if template is None:
            template = self._templates[name] = self._environment.get_template(name)
            # Each rendering copies the globals; a plain dict is copied faster.
            template.globals = dict(template.globals)
        return template


class _BytecodeCache(FileSystemBytecodeCache):
    """Compiled templates in a folder; a file that cannot be read or written is ignored."""

    def __init__(self, folder: Path, *, is_read_only: bool) -> None:
        super().__init__(str(folder), f"{__version__}-{_BYTECODE_VERSION}-%s")
        self._is_read_only = is_read_only

    def load_bytecode(self, bucket: Bucket) -> None:
        """Read a compiled template, if there is one."""
        with suppress(Exception):  # a damaged file can raise anything
            super().load_bytecode(bucket)

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Write a compiled template."""
        if not self._is_read_only:
            with suppress(OSError):
                os.makedirs(self.directory, exist_ok=True)
                super().dump_bytecode(bucket)


class Once(Extension):
    """``{% once %}…{% endonce %}``: renders text that is the same on every page only once.

    The block can use the global names, but none of the values of a page.
    """

    tags = {"once"}  # noqa: RUF012 - as in the base class

    def __init__(self, environment: Environment) -> None:
        super().__init__(environment)
        self._texts: dict[str, Markup] = {}  # one for each block in the templates
        environment.filters["once"] = self._render_once

    def parse(self, parser: Parser) -> list[nodes.Node]:
        """Compile the content into a block that is never shown, and a call that renders it."""
        line = next(parser.stream).lineno
        body = parser.parse_statements(("name:endonce",), drop_needle=True)
        template = str(parser.name).encode().hex()
        name = f"once_{template}_{parser.free_identifier().name}"
        block = nodes.Block(name, body, False, False, lineno=line)
        # A filter is called faster than a method.
        text = nodes.Filter(nodes.Const(name), "once", [], [], None, None, lineno=line)
        return [
            nodes.If(nodes.Const(False), [block], [], [], lineno=line),
            nodes.Output([text], lineno=line),
        ]

    @pass_context
    def _render_once(self, context: Context, name: str) -> Markup:
        text = self._texts.get(name)
        if text is None:
            text = self._texts[name] = Markup("".join(context.blocks[name][0](context)))
        return text


def _render_error(template: str, error: Exception) -> Exception:
    """Return the error to raise for one that occurred while a template was rendered."""
    if isinstance(error, LiveblogError | MemoryError):
        return error
    name = getattr(error, "filename", None) or template
    line = getattr(error, "lineno", None)
    for frame, number in walk_tb(error.__traceback__):
        # Jinja2 gives the frames of a template the template's file name.
        if frame.f_code.co_filename.endswith(".html"):
            name, line = frame.f_code.co_filename, number
    text = str(error) if isinstance(error, TemplateError) else f"{type(error).__name__}: {error}"
    is_parsed = isinstance(error, TemplateRuntimeError) or not isinstance(error, TemplateError)
    return (RenderError if is_parsed else ConfigError)(
        f"The template {name}{f', line {line}' if line else ''} cannot be rendered: {text}",
        "Correct it, or delete it to use liveblog's own again.",
    )


def _close_controls(value: Any) -> Any:
    """Close the bidirectional controls of a plain text; in HTML its texts are closed already."""
    return close_controls(value) if type(value) is str else value


def _close_values(translate: Callable[..., Any]) -> Callable[..., Any]:
    """Wrap a translation function to close the bidirectional controls of the values it inserts."""

    @pass_context
    def call(context: Context, *texts: Any, **values: Any) -> Any:
        return translate(context, *texts, **close_all_controls(values))

    return call
