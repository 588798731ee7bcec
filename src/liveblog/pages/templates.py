"""Loads and renders Jinja2 templates; a blog's own templates override the theme's.

Values are escaped, and every text that a template shows goes through
:meth:`liveblog.text.locale.Words.shown`.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping
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
    pass_context,
)
from jinja2.bccache import Bucket
from jinja2.exceptions import TemplateError, TemplateRuntimeError
from jinja2.runtime import Context
from markupsafe import Markup, escape

from ..model.errors import ConfigError, LiveblogError
from ..storage.paths import user_cache
from ..text.bidi import close_all_controls, close_controls
from ..text.locale import Words
from ..version import __version__


class _CompiledTemplates(FileSystemBytecodeCache):
    """Compiled templates in the user's cache folder; compiling takes a tenth of a second.

    They are code, so they do not lie in the blog's folder, which may come from somebody else. A
    template that cannot be read or written there is compiled again.
    """

    def load_bytecode(self, bucket: Bucket) -> None:
        with contextlib.suppress(OSError):
            super().load_bytecode(bucket)

    def dump_bytecode(self, bucket: Bucket) -> None:
        with contextlib.suppress(OSError):
            super().dump_bytecode(bucket)


def _compiled_templates(language: str) -> _CompiledTemplates | None:
    # A filter that is applied to a constant is compiled to its result, in that language.
    folder = user_cache(f"templates-{__version__}-{language}")
    return _CompiledTemplates(str(folder)) if folder else None


class _Environment(Environment):
    def make_globals(self, d: Any) -> Any:
        """Return the names that every template can use.

        Jinja2 would return a ChainMap, which each rendering copies far more slowly than a dict.
        """
        return self.globals


class RenderError(ConfigError):
    """A template failed with the values that it was given; with others it may succeed."""


class Templates:
    """The templates of one blog."""

    def __init__(self, words: Words, own: Path | None) -> None:
        """Load templates from the folder *own*, else from the theme; *words* translates texts."""
        loaders = [FileSystemLoader(own)] if own and own.is_dir() else []
        self._environment = _Environment(
            loader=ChoiceLoader([*loaders, PackageLoader("liveblog", "theme/templates")]),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            auto_reload=False,
            bytecode_cache=_compiled_templates(words.language),
            finalize=_finalize(words),
            extensions=["jinja2.ext.i18n"],
        )
        self._environment.install_gettext_callables(  # type: ignore[attr-defined]
            words.catalogue.gettext, words.catalogue.ngettext, newstyle=True
        )
        values: dict[str, Any] = self._environment.globals
        for name in ("gettext", "ngettext"):
            values[name] = _translation(values[name], words)

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
            return self._environment.get_template(name).render(values)
        except Exception as error:
            raise _render_error(name, error) from error


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


def _finalize(words: Words) -> Callable[[Any], Any]:
    """Return the function through which every value goes; in HTML the texts are ready already."""
    show = words.shown if words.in_html else close_controls
    return lambda value: show(value) if type(value) is str else value


def _translation(translate: Callable[..., Any], words: Words) -> Callable[..., Any]:
    """Wrap a translation function: close the controls of the values it inserts, then typeset."""

    @pass_context
    def call(context: Context, *texts: Any, **values: Any) -> Any:
        text = translate(context, *texts, **close_all_controls(values))
        return Markup(words.in_html(text)) if words.in_html else text

    return call


def verbatim(text: str) -> Markup:
    """Return a text for a field of a form: exactly what was written, escaped."""
    return escape(text)
