"""The sample blog, live: served on a free port, with a simulated correspondent who keeps posting.

Everything happens in a temporary folder, which is deleted at the end (Ctrl-C).
"""

from __future__ import annotations

import shutil
import sys
import tempfile
import threading
from itertools import cycle
from pathlib import Path
from typing import Any

from liveblog import Blog
from liveblog.model.entry import Figure, Source
from liveblog.web import Application
from liveblog.web.server import listen, run

SAMPLE = Path(__file__).resolve().parent.parent
PAUSE = 4.0  #: seconds between two updates

SCRIPT: tuple[dict[str, Any], ...] = (
    {"title": "Exercice : la rédaction reprend le direct", "key": True, "tags": ["exercice"],
     "text": "À partir d’ici, un correspondant de démonstration écrit toutes les quelques "
             "secondes. Rien de ce qui suit n’est un fait : c’est pour voir la page vivre."},
    {"text": "En haut de la page, une mise à jour apparaît d’elle-même, sans recharger."},
    {"text": "Descendez lire la suite : un bouton compte ce qui arrive et rien ne bouge sous "
             "vos yeux."},
    {"text": "Une fumée serait visible au-dessus du port, selon un habitant joint par téléphone.",
     "verification": "unconfirmed", "tags": ["exercice"],
     "sources": [Source("Radio du port", "https://example.org/radio-du-port")]},
    {"text": "Deux équipes de pompiers sont sur le quai.", "tags": ["exercice"],
     "figures": [Figure("Engins de pompiers", 6)]},
    {"title": "Le quai est rouvert", "key": True, "tags": ["exercice"],
     "text": "Les ferries repartent. Les **temps forts** s’ajoutent d’eux-mêmes en tête de page."},
    {"text": "Ouvrez cette page dans un second onglet : il suit sans ouvrir de seconde "
             "connexion."},
    {"text": "Écrivez vous-même : l’adresse du composeur est dans le terminal."},
)  # fmt: skip
"""The updates that the correspondent posts, in a loop. The fourth is then corrected."""


def main() -> None:
    """Serve a copy of the sample until Ctrl-C."""
    with tempfile.TemporaryDirectory(prefix="liveblog-demo.") as temporary:
        opened = listen("127.0.0.1", 0)
        address = f"http://127.0.0.1:{opened.getsockname()[1]}/"
        folder = copied(Path(temporary) / "blog", address)
        blog = Blog(folder)
        blog.resume()
        token = blog.tokens.new("Démonstration", "admin", blog.now)
        is_over = threading.Event()
        writer = threading.Thread(target=correspond, args=(Blog(folder), is_over), daemon=True)

        def ready() -> None:
            writer.start()
            print(
                f"\nThe live page:   {address}\n"
                f"Write yourself:  {address}compose#token={token}\n"
                f"Subscribe:       {address}atom.xml\n"
                f"From a terminal: {Path(sys.executable).parent}/liveblog -C {folder} post '…'\n"
                f"\nA correspondent posts every {PAUSE:.0f} seconds. Stop with Ctrl-C.",
                flush=True,
            )

        try:
            run(Application([blog]), opened, ready)
        finally:
            is_over.set()
            writer.join(5)
            print("The demonstration is over; its folder is deleted.")


def copied(folder: Path, address: str) -> Path:
    """Copy the sample's journal and settings; the copy has another address."""
    folder.mkdir()
    shutil.copytree(SAMPLE / "entries", folder / "entries")
    settings = (SAMPLE / "liveblog.toml").read_text("utf-8").splitlines()
    lines = [f'url = "{address}"' if line.startswith("url = ") else line for line in settings]
    (folder / "liveblog.toml").write_text("\n".join(lines) + "\n", "utf-8")
    return folder


def correspond(blog: Blog, is_over: threading.Event) -> None:
    """Post the script in a loop, through a Blog of its own, as another process would."""
    for number, update in enumerate(cycle(SCRIPT)):
        if is_over.wait(PAUSE):
            return
        posted = blog.post(author="Correspondant de démonstration", **update)
        if number % len(SCRIPT) == 3:
            if is_over.wait(PAUSE):
                return
            blog.edit(
                posted.id,
                body="De la fumée est visible au-dessus du port : un feu d’entraînement.",
                verification="confirmed",
                note="L’origine de la fumée est établie ; la première version la disait inconnue.",
            )


if __name__ == "__main__":
    main()
