"""The settings of a blog, ``liveblog.toml``: schema, loading, checks and writing."""

from .loading import FILE_NAME, find, load
from .schema import Config, MailConfig, ServerConfig

__all__ = ["FILE_NAME", "Config", "MailConfig", "ServerConfig", "find", "load"]
