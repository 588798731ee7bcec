"""The rooms: which module may import which, and which may use disk, clock, network and libraries.

Each rule is a function from source texts to violations; planted violations prove that it works.
"""

from __future__ import annotations

import ast
import importlib
import inspect
import os
import pkgutil
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from functools import cache, lru_cache
from pathlib import Path
from types import MappingProxyType

import pytest

import liveblog

PACKAGE = Path(liveblog.__file__).parent

ROOMS = (
    ("version", "model"),
    ("storage",),
    ("config",),
    ("text",),
    ("films", "images"),
    ("journal", "media", "http_client", "tokens"),
    ("imaging",),
    ("chapters",),
    ("timeline",),
    ("changes",),
    ("digest", "pictures"),
    ("feeds",),
    ("pages",),
    ("search",),
    ("site",),
    ("delivery",),
    ("exports",),
    ("imports",),
    ("chapter_editor",),
    ("quotations",),
    ("blog",),
    ("watcher",),
    ("scheduler",),
    ("web",),
    ("cli",),
    ("__init__", "__main__"),
)
"""The rooms, the lowest first: a module imports from its own room and from those below it."""

LEVELS = {room: level for level, rooms in enumerate(ROOMS) for room in rooms}

LIBRARIES = {
    "feedgen": ("feeds",),
    "feedparser": ("imports.feed.xml",),
    "jinja2": ("pages",),
    "starlette": ("web",),
    "uvicorn": ("web",),
    "PIL": ("images", "imaging"),
    "av": ("films",),
    "nh3": ("text.sanitizer",),
    "cmarkgfm": ("text.markup",),
    "click": ("cli",),
    "sqlite3": (
        "storage.sqlite",
        "site.index",
        "site.entry_index",
        "site.entry_queries",
        "site.chapter_index",
        "site.list_index",
        "site.manifest",
        "site.news_index",
        "site.quote_index",
        "search.index",
        "delivery.outbox",
    ),
    "apscheduler": ("scheduler",),
    "smtplib": ("delivery.smtp",),
    "css_inline": ("delivery.mail",),
    "idna": ("config",),
    "apprise": ("delivery.chat",),
    "httpcore2": ("http_client",),
    "babel": ("text.locale", "text.dates"),
    "yaml": ("text.frontmatter",),
    "segno": ("pages.qr",),
}
"""Which modules (or rooms) may import a library."""

PRIVATE = {
    "_cmark": "cmarkgfm", "_Element": "lxml",
    "_jobstore_alias": "apscheduler", "_run_job_success": "apscheduler",
    "spool_max_size": "starlette",
}  # fmt: skip
"""Undocumented parts of libraries, and the library of each. Each has an upper bound in pyproject,
so that a new version is tested before it is used."""

PURE = ("model", "text", "timeline", "chapters", "changes", "digest", "feeds", "pages")
"""Rooms without clock, disk, network and randomness."""
READS_CATALOGUES = ("text.locale",)
"""Reads the message catalogues of the package, otherwise pure."""

IMPURE = {
    "open", "datetime.now", "datetime.utcnow", "datetime.today", "date.today", "time.time",
    "time.monotonic", "time.sleep", "os.urandom", "os.getenv", "os.environ", "os.open", "io.open",
    "input", "print", "uuid.uuid4", "secrets.token_hex", "random.random",
}  # fmt: skip
IMPURE_MODULES = {
    "socket", "ssl", "http", "urllib.request", "subprocess", "tempfile", "shutil", "random",
    "secrets", "uuid", "asyncio", "sqlite3", "requests", "httpx",
}  # fmt: skip
IMPURE_METHODS = {
    "read_text", "read_bytes", "write_text", "write_bytes", "unlink", "mkdir", "touch", "iterdir",
    "glob", "rglob",
}  # fmt: skip
"""Methods of a path that use the disk, called on any object."""

Sources = Mapping[str, str]
"""Source text by module name below the package: ``feeds.xml``, ``feeds.__init__``, ``entry``."""


@lru_cache
def product() -> Sources:
    """Return the source of every module of the product."""
    return MappingProxyType(
        {
            ".".join(path.relative_to(PACKAGE).with_suffix("").parts): path.read_text("utf-8")
            for path in sorted(PACKAGE.rglob("*.py"))
        }
    )


def room(module: str) -> str:
    """Return the room of a module: its first name."""
    return module.partition(".")[0]


# -- the checkers ----------------------------------------------------------------------------------


@cache
def nodes(source: str) -> tuple[ast.AST, ...]:
    """Return every node of a source, in functions and for type checkers only included."""
    return tuple(ast.walk(ast.parse(source)))


def imports(module: str, source: str, modules: Sources) -> frozenset[str]:
    """Return what a module imports anywhere; the product's own modules start with a dot."""
    return _imports(module, source, frozenset(modules))


@cache
def _imports(module: str, source: str, modules: frozenset[str]) -> frozenset[str]:
    found = set()
    package = module.split(".")[:-1]
    for node in nodes(source):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = (node.module or "").split(".") if node.module else []
            if node.level:
                base = ["liveblog", *package[: len(package) - node.level + 1], *base]
            # A name that is imported may be a module itself.
            names = [".".join([*base, alias.name]) for alias in node.names]
        elif isinstance(node, ast.Call) and ast.unparse(node.func).endswith("import_module"):
            names = [str(a.value) for a in node.args[:1] if isinstance(a, ast.Constant)]
        else:
            continue
        found |= {_own(name, modules) if room(name) == "liveblog" else name for name in names}
    return frozenset(found)


def _own(name: str, modules: frozenset[str]) -> str:
    """Return the module (with a dot before it) that holds a name of the product."""
    parts = name.split(".")[1:]
    for length in range(len(parts), -1, -1):
        candidate = ".".join(parts[:length])
        if candidate in modules:
            return f".{candidate}"
        inside = f"{candidate}.__init__".lstrip(".")
        if inside in modules:
            return f".{inside}"
    return "." + ".".join(parts)


def upward(modules: Sources) -> list[str]:
    """Find imports that do not go down to another room, and modules that are in no room."""
    violations = [f"{name} is in no room" for name in modules if room(name) not in LEVELS]
    for name, source in modules.items():
        own = sorted(other[1:] for other in imports(name, source, modules) if other[0] == ".")
        violations += [
            f"{name} imports {other}"
            for other in own
            if room(other) != room(name)
            and LEVELS.get(room(other), 99) >= LEVELS.get(room(name), -1)
        ]
    return violations


def cycles(modules: Sources) -> list[str]:
    """Find circles of imports, of any length."""
    graph = {
        name: {other[1:] for other in imports(name, source, modules) if other.startswith(".")}
        - {name}
        for name, source in modules.items()
    }
    found: list[str] = []
    done: set[str] = set()

    def visit(name: str, path: tuple[str, ...]) -> None:
        if name in path:
            found.append(" → ".join((*path[path.index(name) :], name)))
        elif name not in done:
            for other in sorted(graph.get(name, ())):
                visit(other, (*path, name))
            done.add(name)

    for name in sorted(graph):
        visit(name, ())
    return found


def library_imports(modules: Sources) -> list[str]:
    """Find imports of libraries outside the rooms that may import them."""
    return [
        f"{name} imports {other}"
        for name, source in modules.items()
        for other in sorted(imports(name, source, modules))
        for library, importers in LIBRARIES.items()
        if room(other) == library and name not in importers and room(name) not in importers
    ]


def impure(modules: Sources) -> list[str]:
    """Find uses of clock, disk, network and randomness in pure rooms."""
    violations = []
    for name, source in modules.items():
        if room(name) not in PURE or name in READS_CATALOGUES:
            continue
        violations += [
            f"{name} imports {other}"
            for other in sorted(imports(name, source, modules))
            if any(f"{other}.".startswith(f"{bad}.") for bad in IMPURE_MODULES)
        ]
        for node in nodes(source):
            if isinstance(node, ast.Call):
                called = ast.unparse(node.func)
                short = ".".join(called.split(".")[-2:])
                method = node.func.attr if isinstance(node.func, ast.Attribute) else ""
                if called in IMPURE or short in IMPURE or method in IMPURE_METHODS:
                    violations.append(f"{name}:{node.lineno} calls {called}")
            elif isinstance(node, ast.Attribute) and ast.unparse(node) == "os.environ":
                violations.append(f"{name}:{node.lineno} reads os.environ")
    return violations


def private_parts(modules: Sources) -> set[str]:
    """Find names that begin with an underscore and are not defined in the product."""
    own, used = set(), set()
    for source in modules.values():
        tree = ast.parse(source)
        outside = {
            (alias.asname or alias.name).partition(".")[0]: alias.name
            for node in ast.walk(tree)
            if isinstance(node, ast.Import)
            for alias in node.names
        }
        for node in ast.walk(tree):
            match node:
                case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
                    own.add(node.name)
                case ast.Name(ctx=ast.Store()):
                    own.add(node.id)
                case ast.Attribute(ctx=ast.Store()):
                    own.add(node.attr)
                case ast.Constant(value=str(slot)):
                    own.add(slot)
                case ast.Attribute(value=ast.Name(id=name)) if (
                    room(outside.get(name, "")) in sys.stdlib_module_names
                ):
                    pass
                case ast.Attribute():
                    used.add(node.attr)
                case ast.ImportFrom(level=0) if (
                    room(node.module or "") not in sys.stdlib_module_names
                ):
                    used |= {alias.name for alias in node.names}
                    used |= set((node.module or "").split("."))
                case ast.Import():
                    used |= {part for alias in node.names for part in alias.name.split(".")[1:]}
    return {n for n in used - own if n.startswith("_") and not n.startswith("__")}


def unbounded(libraries: Iterable[str], requirements: Iterable[str]) -> list[str]:
    """Find libraries without an upper bound in the requirements."""
    bounded = {re.split(r"[\[<>=!~ ]", need)[0] for need in requirements if "<" in need}
    return sorted(set(libraries) - bounded)


def requirements() -> list[str]:
    """Return the requirements in pyproject.toml, those of extras included."""
    text = (Path(__file__).parents[1] / "pyproject.toml").read_text("utf-8")
    project = tomllib.loads(text)["project"]
    extras = project["optional-dependencies"].values()
    return [*project["dependencies"], *(need for needs in extras for need in needs)]


# -- the product keeps the rules -------------------------------------------------------------------


def test_every_module_is_in_a_room_and_imports_go_down() -> None:
    """Or stay in the room; inside functions and for type checkers too."""
    assert upward(product()) == []


def test_every_room_of_the_table_is_there() -> None:
    """No room is missing, and none is left over."""
    assert {room(name) for name in product()} == set(LEVELS)


def test_no_modules_import_each_other() -> None:
    """Not even for type checkers: a module can be read, and tested, without those above it."""
    assert cycles(product()) == []


def test_each_library_is_imported_where_the_table_says() -> None:
    """So a library can be replaced in one place."""
    assert library_imports(product()) == []


def test_pure_rooms_touch_neither_clock_nor_disk_nor_network() -> None:
    """Plain data, folding, markup, feeds and pages: the same in, the same out."""
    assert impure(product()) == []


@pytest.mark.slow
def test_private_parts_of_a_library_are_used_below_an_upper_bound() -> None:
    """So that no new version of it can break the program unnoticed."""
    assert private_parts(product()) <= PRIVATE.keys()
    assert unbounded(PRIVATE.values(), requirements()) == []


def test_no_private_part_is_named_that_is_not_used() -> None:
    """The table is no longer than it has to be."""
    everything = "\n".join(product().values())
    assert [name for name in PRIVATE if name not in everything] == []


@pytest.mark.parametrize(
    ("library", "least"),
    [
        ("h11", "0.16"), ("jinja2", "3.1.6"), ("lxml", "6.1"), ("pillow", "12.3"),
        ("python-multipart", "0.0.31"), ("starlette", "1.3.1"),
    ],
)  # fmt: skip
def test_versions_with_known_vulnerabilities_are_left_out(library: str, least: str) -> None:
    """Of what handles bytes from outside; CVE-2025-43859, CVE-2025-27516, CVE-2026-41066,
    PYSEC-2026-3453, GHSA-v9pg-7xvm-68hf, CVE-2026-54283.
    """
    (found,) = [need for need in requirements() if need.startswith(f"{library}>=")]
    lower = re.split("[=,]", found)[1]
    assert tuple(map(int, lower.split("."))) >= tuple(map(int, least.split(".")))


# -- the rules work --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("module", "source", "violation"),
    [
        ("timeline", "from .blog import Blog", "timeline imports blog"),
        ("timeline", "from liveblog.blog import Blog", "timeline imports blog"),
        ("timeline", "import liveblog.blog", "timeline imports blog"),
        ("timeline", "from . import blog", "timeline imports blog"),
        ("timeline", "def f():\n    from .blog import Blog", "timeline imports blog"),
        ("timeline", "if TYPE_CHECKING:\n    from .blog import Blog", "timeline imports blog"),
        ("timeline", 'import_module("liveblog.blog")', "timeline imports blog"),
        ("media", "from .tokens import Tokens", "media imports tokens"),
        ("digest.text", "from ..feeds import Feed", "digest.text imports feeds.__init__"),
        ("digest.text", "from ..feeds.jsonfeed import f", "digest.text imports feeds.jsonfeed"),
        ("helpers", "", "helpers is in no room"),
    ],
)
def test_a_planted_import_upwards_is_found(module: str, source: str, violation: str) -> None:
    """However it is written; also between rooms of one level."""
    assert violation in upward({**product(), module: source})


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("blog", "from .model.entry import Revision"),
        ("digest.text", "from . import Digest\nfrom .json import document"),
    ],
)
def test_what_is_allowed_is_no_violation(module: str, source: str) -> None:
    """Down to another room, and within a room."""
    assert upward({module: source, **dict.fromkeys(product(), "")} | {module: source}) == []


@pytest.mark.parametrize(
    "planted",
    [
        {"model.entry": "from .period import week", "model.period": "from .entry import slug"},
        {"blog": "def f():\n    from . import media", "media": "from .blog import url"},
        {"feeds.a": "if TYPE_CHECKING:\n from . import b", "feeds.b": "from .a import f"},
    ],
)
def test_a_planted_cycle_is_found(planted: dict[str, str]) -> None:
    """In one room, inside functions, for type checkers."""
    assert cycles({**product(), **planted})


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("site.build", "import feedgen.feed"),
        ("feeds.atom_and_rss", "from jinja2 import Environment"),
        ("blog", "def f():\n    from PIL import Image"),
        ("pages.render", "import nh3"),
        ("feeds.jsonfeed", "from cmarkgfm.cmark import Options"),
        ("blog", "import click"),
        ("imports.markdown.source", "import yaml"),
        ("site.build", "import sqlite3"),
        ("digest.text", "from babel.dates import format_date"),
    ],
)
def test_a_planted_import_of_a_library_is_found(module: str, source: str) -> None:
    """Of every library in the table."""
    assert library_imports({**product(), module: source})


@pytest.mark.parametrize(
    "source",
    [
        "def f():\n    return open('x')",
        "from datetime import datetime\nnow = datetime.now()",
        "import datetime\nnow = datetime.datetime.now(datetime.UTC)",
        "from datetime import date\ntoday = date.today()",
        "import time\nnow = time.time()",
        "import os\nx = os.urandom(8)",
        "import os\nx = os.environ['HOME']",
        "import socket",
        "from urllib.request import urlopen",
        "def f():\n    import subprocess",
        "from pathlib import Path\nx = Path('x').read_text()",
        "def f(path):\n    path.write_bytes(b'')",
    ],
)
@pytest.mark.parametrize(
    "module", ["model.entry", "timeline", "digest.text", "feeds.extension", "pages.render"]
)
def test_a_planted_impurity_is_found(module: str, source: str) -> None:
    """In each pure room, at the top of a module or inside a function."""
    assert impure({module: source})


@pytest.mark.parametrize(
    "source",
    ["import lxml._x", "from lxml import _x", "from lxml._x import y", "def f(job):\n job._x()"],
)
def test_a_planted_private_part_is_found(source: str) -> None:
    """However it is reached; one's own and the standard library's are none."""
    allowed = "import os\nos._exit(1)\nclass A:\n def _f(self):\n  self._f()"
    assert private_parts({"x": source, "y": allowed}) == {"_x"}
    assert unbounded(["lxml", "nh3"], ["lxml>=6,<7", "nh3>=0.3"]) == ["nh3"]


@pytest.mark.parametrize(
    "module", ["config.x", "text.locale", "journal.dayfiles.writer", "site.build", "blog"]
)
def test_the_other_rooms_may(module: str) -> None:
    """The rule is about the pure rooms only."""
    assert impure({module: "x = open('x')"}) == []


# -- what stays unloaded ---------------------------------------------------------------------------

HEAVY = (
    "jinja2", "starlette", "lxml", "apscheduler", "PIL", "feedgen", "cmarkgfm", "nh3",
    "sqlite3", "asyncio", "ssl", "uvicorn", "brotli",
    "smtplib", "css_inline", "idna", "apprise", "yaml", "feedparser",
)  # fmt: skip

_PROBE = """
import sys
from liveblog.cli import main
sys.argv = ["liveblog", *sys.argv[1:]]
try:
    main()
except SystemExit as done:
    assert not done.code, done.code
print("LOADED", *sorted({name.partition(".")[0] for name in sys.modules}))
"""


def loaded(*arguments: str) -> set[str]:
    """Run the command line in a process of its own; return the names of what it loaded."""
    environment = os.environ | {"PYTHONPATH": str(PACKAGE.parent), "NO_COLOR": "1"}
    environment.pop("LIVEBLOG_CONFIG", None)
    run = subprocess.run(
        [sys.executable, "-c", _PROBE, *arguments],
        capture_output=True,
        text=True,
        env=environment,
        timeout=60,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    return set(run.stdout.rpartition("LOADED")[2].split())


def test_help_and_a_post_load_nothing_heavy(tmp_path: Path) -> None:
    """A post is typed hundreds of times a day: no template engine, no XML, no pictures."""
    assert not loaded("--help") & set(HEAVY)
    assert not loaded("post", "--help") & set(HEAVY)
    folder = str(tmp_path / "blog")
    assert not loaded("init", folder, "--title", "Une semaine") & set(HEAVY)
    posted = loaded("-C", folder, "post", "Un fait.", "--tag", "Damas")
    # The echo of the time is in the blog's language: that takes Babel, and no more.
    assert not posted & (set(HEAVY) - {"babel"})
    assert "msgspec" in posted  # the probe sees what is loaded


@pytest.mark.slow
def test_the_probe_sees_what_publishing_loads(tmp_path: Path) -> None:
    """So the clean result above is meaningful."""
    folder = str(tmp_path / "blog")
    loaded("init", folder, "--title", "Une semaine")
    loaded("-C", folder, "post", "Un fait.")
    assert {"jinja2", "lxml", "feedgen"} <= loaded("-C", folder, "publish")


def test_importing_the_package_loads_none_of_its_rooms() -> None:
    """Names are loaded when they are first used."""
    code = "import sys, liveblog; print([n for n in sys.modules if n.startswith('liveblog.')])"
    run = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        env=os.environ | {"PYTHONPATH": str(PACKAGE.parent)},
        timeout=60,
        check=True,
    )
    assert run.stdout.strip() == "['liveblog.version']"


# -- the public face -------------------------------------------------------------------------------


def test_every_public_name_exists() -> None:
    """``from liveblog import …`` works for each name that is promised, and for no other."""
    assert sorted(liveblog.__all__) == list(liveblog.__all__)
    for name in liveblog.__all__:
        assert inspect.isclass(getattr(liveblog, name))
    with pytest.raises(AttributeError, match="has no attribute 'Nothing'"):
        liveblog.Nothing  # noqa: B018


def undocumented(modules: Sources) -> list[str]:
    """Find public modules, classes and functions without a docstring."""
    missing = []
    for name, source in modules.items():
        tree = ast.parse(source)
        if ast.get_docstring(tree) is None:
            missing.append(name)
        missing += [f"{name}.{found}" for found in _undocumented(tree)]
    return missing


def _undocumented(parent: ast.Module | ast.ClassDef) -> Iterator[str]:
    for node in parent.body:
        if not isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        if node.name.startswith("_"):
            continue
        overrides = isinstance(parent, ast.ClassDef) and parent.name.startswith("_")
        if ast.get_docstring(node) is None and not overrides:
            yield node.name
        if isinstance(node, ast.ClassDef):
            yield from (f"{node.name}.{found}" for found in _undocumented(node))


def test_everything_public_is_documented() -> None:
    """Each module, class, function and method has a docstring."""
    assert undocumented(product()) == []


def test_what_is_undocumented_is_found() -> None:
    """Of a module, a function, a class, a method; private ones need none."""
    source = "def f(): ...\nclass A:\n    def g(self): ...\n    def _h(self): ...\ndef _i(): ..."
    assert undocumented({"x": source}) == ["x", "x.f", "x.A", "x.A.g"]


def test_every_module_can_be_imported_alone() -> None:
    """None depends on another having been imported before it."""
    names = [
        found.name
        for found in pkgutil.walk_packages([str(PACKAGE)], "liveblog.")
        if not found.name.endswith("__main__")
    ]
    assert len(names) == len([n for n in product() if n not in ("__init__", "__main__")])
    for name in names:
        assert importlib.import_module(name).__doc__
