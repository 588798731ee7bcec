"""The same posts as sites of Hugo, Pelican and Eleventy: a page a post, tags, feeds, a front page.

Each has its plain settings and small templates that show what ours show of a post: title, instant,
author, text, tags. Lists show the newest fifty posts, as ours do; feeds hold fifty.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from blogs import TAGS, Post

IN_LIST = 50


def front_matter(post: Post) -> str:
    """Return a post as Hugo and Eleventy read it."""
    tags = "".join(f"\n  - {tag}" for tag in post.tags)
    return (
        f"---\ntitle: {post.title!r}\ndate: {post.published.isoformat()}\nauthor: {post.author}\n"
        f"tags:{tags}\n---\n{post.body}\n"
    )


def hugo(folder: Path, posts: Iterable[Post]) -> list[str]:
    """Make a site for Hugo; return the command that builds it."""
    layouts = folder / "layouts" / "_default"
    _write(
        folder / "config.toml",
        f"""baseURL = "https://blog.example/"
title = "Harbour Town, Hour by Hour"
languageCode = "en"
paginate = {IN_LIST}
[taxonomies]
tag = "tags"
[services.rss]
limit = {IN_LIST}
""",
    )
    _write(
        layouts / "baseof.html",
        """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>{{ .Title }} – {{ .Site.Title }}</title>
<meta name="description" content="{{ .Summary | plainify | truncate 200 }}">
<link rel="canonical" href="{{ .Permalink }}">
{{ range .AlternativeOutputFormats }}<link rel="alternate" type="{{ .MediaType.Type }}" \
href="{{ .Permalink }}">{{ end }}</head>
<body><header><a href="/">{{ .Site.Title }}</a></header>
<main>{{ block "main" . }}{{ end }}</main></body></html>
""",
    )
    article = """<article><header><h2><a href="{{ .RelPermalink }}">{{ .Title }}</a></h2>
<time datetime="{{ .Date.Format "2006-01-02T15:04:05Z07:00" }}">{{ .Date.Format "15:04" }}</time>
<span>{{ .Params.author }}</span></header>{{ .Content }}
<ul>{{ range .Params.tags }}<li><a href="/tags/{{ . | urlize }}/">{{ . }}</a></li>{{ end }}</ul>
</article>"""
    _write(layouts / "single.html", f'{{{{ define "main" }}}}{article}{{{{ end }}}}\n')
    shown = f"first {IN_LIST} .Pages.ByDate.Reverse"
    listed = f"{{{{ range {shown} }}}}{article}{{{{ end }}}}"
    _write(layouts / "list.html", f'{{{{ define "main" }}}}{listed}{{{{ end }}}}\n')
    home = listed.replace(".Pages.", ".Site.RegularPages.")
    _write(folder / "layouts" / "index.html", f'{{{{ define "main" }}}}{home}{{{{ end }}}}\n')
    for post in posts:
        _write(_content(folder, post), front_matter(post))
    return ["hugo", "--quiet", "--source", str(folder)]


def pelican(folder: Path, posts: Iterable[Post]) -> list[str]:
    """Make a site for Pelican; return the command that builds it."""
    _write(
        folder / "pelicanconf.py",
        f"""SITENAME = "Harbour Town, Hour by Hour"
SITEURL = "https://blog.example"
TIMEZONE = "UTC"
DEFAULT_LANG = "en"
THEME = "simple"
FEED_DOMAIN = SITEURL
FEED_ALL_ATOM = "atom.xml"
FEED_ALL_RSS = "rss.xml"
TAG_FEED_ATOM = "tags/{{slug}}/atom.xml"
TAG_FEED_RSS = "tags/{{slug}}/rss.xml"
FEED_MAX_ITEMS = {IN_LIST}
DEFAULT_PAGINATION = {IN_LIST}
DAY_ARCHIVE_SAVE_AS = "{{date:%Y}}/{{date:%m}}/{{date:%d}}/index.html"
ARTICLE_URL = "{{slug}}/"
ARTICLE_SAVE_AS = "{{slug}}/index.html"
AUTHOR_SAVE_AS = CATEGORY_SAVE_AS = ""
CATEGORY_FEED_ATOM = AUTHOR_FEED_ATOM = AUTHOR_FEED_RSS = TRANSLATION_FEED_ATOM = None
""",
    )
    for post in posts:
        _write(_content(folder, post), _pelican_text(post))
    settings = str(folder / "pelicanconf.py")
    return [
        "pelican", "--quiet", str(folder / "content"), "-s", settings, "-o", str(folder / "output")
    ]  # fmt: skip


def eleventy(folder: Path, posts: Iterable[Post]) -> list[str]:
    """Make a site for Eleventy; return the command that builds it, to be run in the folder."""
    _write(
        folder / "eleventy.config.js",
        f"""export default function (config) {{
  const tags = {list(TAGS)!r};
  config.addCollection("newest", (all) =>
    all.getFilteredByTag("posts").slice(-{IN_LIST}).reverse());
  config.addCollection("topics", (all) => tags.map((name) => ({{
    name, posts: all.getFilteredByTag(name).slice(-{IN_LIST}).reverse() }})));
  return {{ dir: {{ input: "content", output: "_site", includes: "../layouts" }},
            markdownTemplateEngine: false }};
}}
""",
    )
    _write(folder / "package.json", '{"type": "module", "private": true}\n')
    page = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>{{ title }} – Harbour Town</title></head>
<body><header><a href="/">Harbour Town, Hour by Hour</a></header><main>%s</main></body></html>
"""
    article = """<article><header><h2><a href="{{ post.url }}">{{ post.data.title }}</a></h2>
<time>{{ post.date.toISOString() }}</time><span>{{ post.data.author }}</span></header>
{{ post.content | safe }}</article>"""
    own = """<article><h2>{{ title }}</h2><time>{{ date.toISOString() }}</time>
<span>{{ author }}</span>{{ content | safe }}
<ul>{% for tag in tags %}<li><a href="/tags/{{ tag | slugify }}/">{{ tag }}</a></li>{% endfor %}
</ul></article>"""
    _write(folder / "layouts" / "post.njk", page % own)
    loop = "{%% for post in %s %%}" + article + "{%% endfor %%}"
    head = "---\ntitle: {title}\npermalink: {path}\n{more}---\n"
    by_topic = "pagination:\n  data: collections.topics\n  size: 1\n  alias: topic\n"
    feed = """<?xml version="1.0" encoding="utf-8"?>
<feed xmlns="http://www.w3.org/2005/Atom"><title>Harbour Town</title><id>https://blog.example/</id>
{%% for post in %s %%}<entry><title>{{ post.data.title }}</title>
<id>https://blog.example{{ post.url }}</id><updated>{{ post.date.toISOString() }}</updated>
<content type="html">{{ post.content }}</content></entry>{%% endfor %%}</feed>
"""
    content = folder / "content"
    home = head.format(title="Newest", path="/index.html", more="")
    _write(content / "index.njk", home + page % (loop % "collections.newest"))
    home = head.format(title="Newest", path="/atom.xml", more="")
    _write(content / "feed.njk", home + feed % "collections.newest")
    topic = head.format(
        title="Tag", path='"/tags/{{ topic.name | slugify }}/index.html"', more=by_topic
    )
    _write(content / "topics.njk", topic + page % (loop % "topic.posts"))
    topic = head.format(
        title="Tag", path='"/tags/{{ topic.name | slugify }}/atom.xml"', more=by_topic
    )
    _write(content / "topic_feeds.njk", topic + feed % "topic.posts")
    _write(content / "posts" / "posts.json", '{"layout": "post.njk", "tags": ["posts"]}\n')
    for post in posts:
        _write(content / "posts" / f"{post.id}.md", front_matter(post))
    return ["eleventy", "--quiet"]


def add(folder: Path, post: Post, *, is_pelican: bool = False) -> None:
    """Add one post to a site made by one of these."""
    _write(_content(folder, post), _pelican_text(post) if is_pelican else front_matter(post))


def _pelican_text(post: Post) -> str:
    return (
        f"Title: {post.title}\nSlug: {post.id}\nDate: {post.published:%Y-%m-%d %H:%M:%S}\n"
        f"Author: {post.author}\nTags: {', '.join(post.tags)}\n\n{post.body}\n"
    )


def _content(folder: Path, post: Post) -> Path:
    return folder / "content" / "posts" / f"{post.id}.md"


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
