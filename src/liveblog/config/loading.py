"""Finds, reads and checks ``liveblog.toml``.

:func:`find` reads the environment variable ``LIVEBLOG_CONFIG``; :func:`load` reads the file.
"""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import msgspec

from ..model import limits
from ..model.errors import ConfigError, InvalidInput, did_you_mean
from . import checks
from .checks import printable
from .schema import (
    ChatConfig,
    Config,
    FeedConfig,
    MailConfig,
    ScheduleConfig,
    ServerConfig,
    WebSubConfig,
)

FILE_NAME = "liveblog.toml"
ENVIRONMENT = "LIVEBLOG_CONFIG"

_Check = tuple[str, Callable[[Any], object], Any]
"""The key of a setting, the function that raises an error for a wrong value, the value."""


def find(start: Path, given: str | None = None) -> Path:
    """Return the configuration file: *given*, else ``LIVEBLOG_CONFIG``, else the nearest upwards.

    Raises :class:`ConfigError` if there is none.
    """
    chosen = given or os.environ.get(ENVIRONMENT)
    try:
        return _file_at(Path(chosen)) if chosen else _nearest(start)
    except (OSError, RuntimeError) as error:  # RuntimeError: symbolic links in a circle
        reason = getattr(error, "strerror", None) or str(error)
        raise ConfigError(
            f"Cannot look for {FILE_NAME} at {printable(chosen or str(start))}: {reason}.",
            "Name the blog's folder: 'liveblog -C DIR …'.",
        ) from None


def _file_at(path: Path) -> Path:
    if path.is_dir():
        path /= FILE_NAME
    if not path.is_file():
        raise ConfigError(
            f"There is no configuration at {path}.",
            f"Check --config and {ENVIRONMENT}, or make a blog with 'liveblog init'.",
        )
    return path.resolve()


def _nearest(start: Path) -> Path:
    start = start.resolve()
    for folder in (start, *start.parents):
        if (folder / FILE_NAME).is_file():
            return folder / FILE_NAME
    raise ConfigError(
        f"There is no {FILE_NAME} in {start} or above it.",
        "Make a blog with 'liveblog init DIR', or name its folder: 'liveblog -C DIR …'.",
    )


def load(path: Path) -> Config:
    """Read and check a configuration file.

    Raises :class:`ConfigError` with the file, the line or key, and a hint.
    """
    text = _read(path)
    try:
        raw = tomllib.loads(text)
    except (ValueError, RecursionError) as error:  # ValueError: also a number with too many digits
        raise ConfigError(f"{path}: {error}.", "See https://toml.io for the syntax.") from None
    _refuse_unknown_keys(path, text, raw)
    try:
        config = msgspec.convert(raw, Config)
    except msgspec.ValidationError as error:
        message = str(error)
        raise ConfigError(f"{path}: {_without_path_syntax(message)}", _hint(message)) from None
    for key, check, value in _checks(config):
        table, _, name = key.rpartition(".")
        try:
            check(value)
        except (ConfigError, InvalidInput) as error:
            location = f"{path}, line {_line_of(name, text, table)}"
            raise ConfigError(f"{location}: {key}: {error.message}", error.hint) from None
    return config


def _read(path: Path) -> str:
    try:
        return path.read_bytes().decode()
    except OSError as error:
        raise ConfigError(
            f"Cannot read {path}: {error.strerror}.", "Check its permissions and its disk."
        ) from None
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        raise ConfigError(f"{path}, line {line}: not UTF-8.", "Save it as UTF-8.") from None


def _checks(config: Config) -> list[_Check]:
    """List the checks that a configuration has to pass."""
    server, schedule, mail = config.server, config.schedule, config.mail
    at_least_1 = partial(checks.check_range, 1, None)
    one_click = partial(checks.check_one_click, mail.unsubscribe)
    security = partial(checks.check_security, mail.server, mail.allow_cleartext)
    found: list[_Check] = [
        ("title", checks.check_title, config.title),
        ("description", partial(checks.check_text, "description", limits.ALT), config.description),
        ("author", partial(checks.check_line, "author", limits.NAME), config.author),
        ("fediverse", checks.check_fediverse, config.fediverse),
        ("url", checks.check_url, config.url),
        *(("moved_from", checks.check_url, url) for url in config.moved_from),
        ("id", checks.check_id, config.id),
        ("language", checks.check_language, config.language),
        ("timezone", checks.check_timezone, config.timezone),
        ("week_starts", checks.check_weekday, config.week_starts),
        *(("gone", checks.check_path, path) for path in config.gone),
        *(("redirects", checks.check_redirect, redirect) for redirect in config.redirects.items()),
        ("feeds.entries", partial(checks.check_range, 1, 500), config.feeds.entries),
        ("server.streams", at_least_1, server.streams),
        ("server.streams_per_address", at_least_1, server.streams_per_address),
        ("schedule.day_closes", checks.parse_time, schedule.day_closes),
        ("schedule.publish_seconds", partial(checks.check_range, 1, 86_400),
         schedule.publish_seconds),
        *(("websub.hubs", checks.check_hub, hub) for hub in config.websub.hubs),
        *(("chat", checks.check_chat_name, name) for name in config.chat),
        ("mail.port", partial(checks.check_range, 0, 65_535), mail.port),
        ("mail.security", security, mail.security),
        ("mail.username", partial(checks.check_line, "username", limits.NAME), mail.username),
        *(("mail.to", checks.normalize_mail_address, address) for address in mail.to),
        ("mail.unsubscribe", checks.check_unsubscribe, mail.unsubscribe),
        ("mail.unsubscribe_one_click", one_click, mail.unsubscribe_one_click),
    ]  # fmt: skip
    optional: list[_Check] = [
        ("schedule.week_closes", checks.parse_weekday_time, schedule.week_closes),
        ("mail.server", checks.check_host, mail.server),
        ("mail.sender", checks.parse_sender, mail.sender),
        ("mail.list_id", checks.check_list_id, mail.list_id),
    ]
    found += [check for check in optional if check[2]]
    if mail != MailConfig():
        found.append(("mail", partial(checks.check_mail, mail.server), mail.sender))
    return found


def _refuse_unknown_keys(path: Path, text: str, raw: dict[str, object]) -> None:
    tables: list[tuple[str, type[msgspec.Struct], object]] = [
        ("", Config, raw),
        ("feeds.", FeedConfig, raw.get("feeds", {})),
        ("server.", ServerConfig, raw.get("server", {})),
        ("schedule.", ScheduleConfig, raw.get("schedule", {})),
        ("mail.", MailConfig, raw.get("mail", {})),
        ("websub.", WebSubConfig, raw.get("websub", {})),
    ]
    chats = raw.get("chat", {})
    if isinstance(chats, dict):
        tables += [(f"chat.{name}.", ChatConfig, table) for name, table in chats.items()]
    for prefix, struct, table in tables:
        if not isinstance(table, dict):
            continue
        for key in table:
            if prefix == "mail." and key == "password":
                raise ConfigError(
                    f"{path}, line {_line_of(key, text, prefix)}: a password does not belong here.",
                    "Put it into the environment, as LIVEBLOG_SMTP_PASSWORD.",
                )
            if key not in struct.__struct_fields__:
                known = ", ".join(struct.__struct_fields__)
                hint = did_you_mean(key, struct.__struct_fields__) or f"Known keys: {known}."
                raise ConfigError(
                    f"{path}, line {_line_of(key, text, prefix)}: "
                    f"unknown key '{prefix}{printable(key)}'.",
                    hint,
                )


def _line_of(key: str, text: str, table: str = "") -> int:
    header = re.search(rf"^\s*\[{table.rstrip('.')}\]", text, re.MULTILINE) if table else None
    pattern = re.compile(rf"^\s*\[?\s*\"?{re.escape(key)}\b", re.MULTILINE)
    match = pattern.search(text, header.end() if header else 0)
    return text.count("\n", 0, match.end()) + 1 if match else 1


def _hint(message: str) -> str:
    if match := re.search(r"missing required field `(.*?)`", message):
        return f'Add a line {match[1]} = "…".'
    if match := re.search(r"`\$\.(.*?)`", message):
        return f"Give {match[1]} a value of the right kind; see docs/settings.md."
    return "See docs/settings.md for the keys."


def _without_path_syntax(message: str) -> str:
    """Replace msgspec's path syntax (``at `$.feeds.entries` ``) by the key as it is written."""
    message = re.sub(r"(?s)'(.{100}).*'", r"'\1…'", message)
    return re.sub(r" - at `\$\.?(.*?)`", r" (key '\1').", message)
