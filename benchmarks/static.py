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
    single = f'{{{{ define "main" }}}}{_ARTICLE}{{{{ end }}}}\n'
    _write(layouts / "single.html", single)
    _write(layouts / "list.html", _LISTED % f"(first {IN_LIST} .Pages.ByDate.Reverse)")
    newest = f"(first {IN_LIST} .Site.RegularPages.ByDate.Reverse)"
    _write(folder / "layouts" / "index.html", _LISTED % newest)
    for post in posts:
        _write(_content(folder, post), front_matter(post))
    return ["hugo", "--quiet", "--source", str(folder)]


def hugo_whole(folder: Path, posts: Iterable[Post]) -> list[str]:
    """Make a site for Hugo that holds the same documents as ours; return the command.

    Beside what :func:`hugo` makes, each day has its page, its Markdown, its plain text and a feed
    of all its posts in three formats; each week its page, Markdown and text of the key posts; tags,
    days and weeks have feeds in three formats, and each month a file that is searched.
    """
    posts = list(posts)
    command = hugo(folder, ())
    config = folder / "config.toml"
    weeks = 'tag = "tags"\nweek = "weeks"'
    config.write_text(config.read_text().replace('tag = "tags"', weeks) + _MORE_FORMATS)
    layouts = folder / "layouts"
    every, newest = ".Pages.ByDate", f"(first {IN_LIST} .Pages.ByDate.Reverse)"
    key = '(where .Pages.ByDate "Params.key" true)'
    home = f"(first {IN_LIST} .Site.RegularPages.ByDate.Reverse)"
    _write(layouts / "index.html", _LISTED % home)
    _feeds(layouts / "index", home)
    _feeds(layouts / "_default" / "term", newest)
    for name, shown in (("day/section", every), ("weeks/term", key)):
        _write(layouts / f"{name}.html", _LISTED % shown)
        _write(layouts / f"{name}.md", _TOLD % (shown, ".RawContent"))
        _write(layouts / f"{name}.txt", _TOLD % (shown, ".Plain"))
        _feeds(layouts / name, shown)
    _write(
        layouts / "month" / "section.json",
        "[{{ range .RegularPagesRecursive }}"
        '{{ dict "id" .File.BaseFileName "title" .Title "tags" .Params.tags '
        '"text" (.Plain | truncate 1000) | jsonify }},{{ end }}null]',
    )
    for post in posts:
        of = folder / "content" / f"{post.published:%Y/%m}" / f"{post.published:%d}"
        if not of.exists():
            _write(of / "_index.md", f"---\ntitle: {of.name}\ntype: day\n---\n")
            month = "---\ntitle: Month\ntype: month\noutputs: [json]\n---\n"
            _write(of.parent / "_index.md", month)
            _write(of.parent.parent / "_index.md", "---\ntitle: Year\noutputs: [html]\n---\n")
        weeks = f"weeks: [{post.published:%G-W%V}]\nkey: {str(post.number % 100 == 0).lower()}\n"
        text = front_matter(post).replace("---\n", f"---\n{weeks}", 1)
        _write(of / f"{post.id}.md", text)
    return command


_MORE_FORMATS = """
[mediaTypes."text/markdown"]
suffixes = ["md"]
[mediaTypes."application/atom+xml"]
suffixes = ["xml"]
[outputFormats.ATOM]
mediaType = "application/atom+xml"
baseName = "atom"
[outputFormats.MD]
mediaType = "text/markdown"
isPlainText = true
[outputFormats.TXT]
mediaType = "text/plain"
isPlainText = true
[outputs]
home = ["HTML", "RSS", "ATOM", "JSON"]
section = ["HTML", "MD", "TXT", "RSS", "ATOM", "JSON"]
term = ["HTML", "MD", "TXT", "RSS", "ATOM", "JSON"]
taxonomy = ["HTML"]
"""
_ARTICLE = """<article><header><h2><a href="{{ .RelPermalink }}">{{ .Title }}</a></h2>
<time datetime="{{ .Date.Format "2006-01-02T15:04:05Z07:00" }}">{{ .Date.Format "15:04" }}</time>
<span>{{ .Params.author }}</span></header>{{ .Content }}
<ul>{{ range .Params.tags }}<li><a href="/tags/{{ . | urlize }}/">{{ . }}</a></li>{{ end }}</ul>
</article>"""
_LISTED = f'{{{{ define "main" }}}}{{{{ range %s }}}}{_ARTICLE}{{{{ end }}}}{{{{ end }}}}\n'
_TOLD = '{{ range %s }}{{ .Date.Format "15:04" }} {{ .Title }}\n\n{{ %s }}\n\n{{ end }}'


def _feeds(layout: Path, shown: str) -> None:
    """Write the templates of a feed in three formats."""
    content = "{{ .Content | html }}"
    _write(
        layout.with_name(f"{layout.name}.rss.xml"),
        '<rss version="2.0"><channel><title>{{ .Title }}</title><link>{{ .Permalink }}</link>'
        f"{{{{ range {shown} }}}}<item><title>{{{{ .Title }}}}</title>"
        "<link>{{ .Permalink }}</link><guid>{{ .Permalink }}</guid>"
        '<pubDate>{{ .Date.Format "Mon, 02 Jan 2006 15:04:05 -0700" }}</pubDate>'
        f"<description>{content}</description></item>{{{{ end }}}}</channel></rss>",
    )
    _write(
        layout.with_name(f"{layout.name}.atom.xml"),
        '<feed xmlns="http://www.w3.org/2005/Atom"><title>{{ .Title }}</title>'
        f"<id>{{{{ .Permalink }}}}</id>{{{{ range {shown} }}}}<entry>"
        "<title>{{ .Title }}</title>"
        '<id>{{ .Permalink }}</id><updated>{{ .Date.Format "2006-01-02T15:04:05Z07:00" }}</updated>'
        "<author><name>{{ .Params.author }}</name></author>"
        f'<content type="html">{content}</content></entry>{{{{ end }}}}</feed>',
    )
    _write(
        layout.with_name(f"{layout.name}.json"),
        f'{{"title": {{{{ .Title | jsonify }}}}, "items": [{{{{ range {shown} }}}}'
        '{{ dict "id" .Permalink "title" .Title "content_html" .Content '
        '"date_published" .Date | jsonify }},{{ end }}null]}',
    )


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
