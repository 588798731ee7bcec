"""Kinds of commands: groups that suggest nothing that destroys, and commands that take a text."""

from __future__ import annotations

import re

import click

from ..model.errors import did_you_mean

DESTRUCTIVE = frozenset({"end", "move", "remove", "retract", "revoke"})
"""Commands that are never suggested for an unknown one."""

_OPTION = re.compile(r"--?[A-Za-z][A-Za-z0-9-]*(=.*)?", re.DOTALL)
"""What a word that begins with a hyphen has to look like to be an option."""


class Group(click.Group):
    """Suggests the nearest command for an unknown one, unless it withdraws or deletes something."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Return the command that *args* name, and its arguments."""
        name = args[0]
        known = self.list_commands(ctx)
        if name not in known and not name.startswith("-") and not ctx.resilient_parsing:
            near = did_you_mean(name, (n for n in known if n not in DESTRUCTIVE))
            ctx.fail(f"No such command '{name}'. {near}".rstrip())
        return super().resolve_command(ctx, args)


class TextCommand(click.Command):
    """A command whose arguments are texts, which may begin with a hyphen: ``- the ferry runs``.

    A word is an option only if it looks like one: hyphens, a letter, and no space before its ``=``.
    """

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Parse the words of the command; see the class for those that begin with a hyphen."""
        try:
            return super().parse_args(ctx, self._with_texts_last(args))
        except click.NoSuchOption as error:
            message = (
                f"{error.message} A text that begins like an option stands last, after --: "
                f"{ctx.command_path} -- '-x …'"
            )
            raise click.NoSuchOption(
                error.option_name, message, error.possibilities, error.ctx
            ) from None

    def _with_texts_last(self, args: list[str]) -> list[str]:
        """Return the words of the command with its arguments after ``--``, in their order."""
        with_value = {
            name
            for param in self.params
            if isinstance(param, click.Option) and not (param.is_flag or param.count)
            for name in param.opts
        }
        options, texts, rest = list[str](), list[str](), iter(args)
        for word in rest:
            if word == "--":
                texts += rest
            elif word in with_value:
                value = next(rest, None)
                if value is None:
                    return args  # click says that its value is missing
                options += [word, value]
            elif _OPTION.fullmatch(word):
                options.append(word)
            else:
                texts.append(word)
        return [*options, "--", *texts]
