"""The editor's template: every field of an update, and nothing that is left as it is."""

from __future__ import annotations

import pytest

from liveblog.cli.template import TEMPLATE, read_template
from liveblog.model.draft import FIELDS
from liveblog.model.errors import InvalidInput


def filled(**values: str) -> str:
    """Return the template with some values before their hints, and a text below."""
    lines = []
    for line in TEMPLATE.split("\n"):
        name, colon, rest = line.partition(":")
        lines.append(f"{name}: {values[name]}{rest}" if colon and name in values else line)
    return "\n".join([*lines, "", "Le texte."])


def test_it_has_every_field_of_an_update() -> None:
    """Those of the model, and when it happened."""
    names = [line.partition(":")[0] for line in TEMPLATE.split("\n")[1:-1]]
    assert {*names, "body"} == {field.name for field in FIELDS} | {"date"}


def test_what_is_filled_in_is_read_as_the_options_are() -> None:
    """A title with a colon, a list in either form, a time as people say it."""
    fields, text = read_template(
        filled(
            title="Syrie : le pont # rouvert",
            tags="Damas, Alep",
            key="oui",
            date="hier 18h30",
            verification="unconfirmed",
            sources="[OSDH https://www.syriahr.com/, ONU]",
            figures="Morts=1,5 million",
        )
    )
    assert text == "Le texte."
    assert fields == {
        "title": "Syrie : le pont # rouvert",
        "tags": ("Damas", "Alep"),
        "key": True,
        "at": "hier 18h30",
        "verification": "unconfirmed",
        "sources": ("OSDH https://www.syriahr.com/", "ONU"),
        "figures": ("Morts=1,5 million",),
    }


@pytest.mark.parametrize("written", [f"{TEMPLATE}\n\nUn.", f"Un.\n\n{TEMPLATE}", "Un."])
def test_an_untouched_or_deleted_template_holds_nothing(written: str) -> None:
    """Wherever the text was written."""
    assert read_template(written) == ({}, "Un.")


@pytest.mark.parametrize(
    ("written", "says"),
    [
        (filled(key="perhaps"), "yes or no"),
        ("---\ntitel: x\n---\n\nUn.", "Did you mean 'title'?"),
        ("---\ntitle: [a, b]\n---\n\nUn.", "one value"),
        ("---\ntitle: x\n", "---"),
    ],
)
def test_what_cannot_be_read_is_refused_with_the_way_out(written: str, says: str) -> None:
    """The text is kept in a file then."""
    with pytest.raises(InvalidInput) as refused:
        read_template(written)
    assert says in f"{refused.value.message} {refused.value.hint}"
