"""The theme's files: content-hashed names, and scripts that import each other by them."""

from __future__ import annotations

import re
from pathlib import Path

from liveblog.site.theme import Theme, hashed_assets


def test_imports_are_rewritten_to_hashed_names() -> None:
    """On one line or several, from another folder; other text and unknown files stay."""
    files = {
        "a.js": b'import "./b.js";\nimport {\n  one,\n} from "./deep/c.js";\nsay("./b.js");',
        "b.js": b'export { x } from "./unknown.js";',
        "deep/c.js": b'import { x } from "../b.js";\n\xff',
    }
    hashed = hashed_assets(files)
    b, c = hashed["b.js"][0], hashed["deep/c.js"][0]
    assert re.fullmatch(r"b\.[0-9a-f]{10}\.js", b)
    assert re.fullmatch(r"deep/c\.[0-9a-f]{10}\.js", c)
    assert hashed["a.js"][1].decode() == (
        f'import "./{b}";\nimport {{\n  one,\n}} from "./{c}";\nsay("./b.js");'
    )
    assert hashed["b.js"][1] == files["b.js"]
    assert hashed["deep/c.js"][1] == f'import {{ x }} from "../{b}";\n'.encode() + b"\xff"


def test_a_change_renews_the_importers_and_nothing_else() -> None:
    """Also where two scripts import each other."""
    files = {"a.js": b'import "./b.js";', "b.js": b'import "./a.js";', "c.js": b"", "d.css": b""}
    before = hashed_assets(files)
    after = hashed_assets(files | {"b.js": b'import "./a.js"; // changed'})
    assert {name for name in files if before[name][0] != after[name][0]} == {"a.js", "b.js"}


def test_the_live_page_preloads_what_its_script_imports(tmp_path: Path) -> None:
    """Otherwise each level of imports would cost readers a round trip."""
    theme = Path(hashed_assets.__code__.co_filename).parents[1] / "theme"
    home = (theme / "templates" / "home.html").read_text("utf-8")
    (names,) = re.findall(r"{% for name in (\(.*\)) %}\n<link rel=\"modulepreload\"", home)
    reached = ["stream.js"]
    for script in reached:
        text = (theme / "static" / script).read_text("utf-8")
        found = re.findall(r'from "\./(.*)";', text)
        reached += [name for name in found if name not in reached]
    assert sorted(re.findall(r'"(\w+)"', names)) == sorted(
        name.removesuffix(".js") for name in set(reached) - {"stream.js", "page.js"}
    )


def test_a_blog_overrides_single_files(tmp_path: Path) -> None:
    """Its own script takes the place of liveblog's, and the others import it."""
    (tmp_path / "page.js").write_bytes(b"export const own = 1;")
    own = Theme(tmp_path / "none", tmp_path).assets()
    stock = Theme(tmp_path / "none", tmp_path / "none").assets()
    assert own["page.js"][1] == b"export const own = 1;"
    assert own["page.js"][0] != stock["page.js"][0]
    assert own["page.js"][0].rpartition("/")[2].encode() in own["entries.js"][1]
    assert own["style.css"] == stock["style.css"]
    assert own["embed.js"][0] == "embed.js"
