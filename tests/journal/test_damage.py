"""Damage in the journal fails closed: less is shown, never what was corrected or removed.

And what can be brought back is; what is only odd is read; what is lost is said.
"""

from __future__ import annotations

import os
import random
from datetime import date
from pathlib import Path

import msgspec
import pytest

from liveblog import Blog
from liveblog.journal import START, Fault
from liveblog.journal.dayfiles.format import decode, encode
from liveblog.model.entry import Media
from liveblog.model.errors import InvalidInput, NotFound, StorageError, Withheld

from ..conftest import Clock

DAY = date(2012, 7, 15)
NAME = "2012-07-15"
SECRET = "ce qui ne doit plus se voir"


def path_of(blog: Blog, name: str = NAME) -> Path:
    """Return the file of a day."""
    return blog.journal.path(name)


def uncertain(blog: Blog, of: date) -> list[Fault]:
    """Return the damage because of which a day shows less than it should."""
    day = blog.timeline.unfiltered(of)
    return list(dict.fromkeys([*day.faults, *day.withheld.values()]))


def lines_of(blog: Blog, name: str = NAME) -> list[bytes]:
    """Return the lines of a day."""
    return path_of(blog, name).read_bytes().splitlines(keepends=True)


def bodies(blog: Blog) -> list[str]:
    """Return the texts of all entries, the newest first."""
    return [entry.now.body for entry in blog.timeline.newest_first()]


def shown(blog: Blog) -> str:
    """Return all that anybody is shown of a blog's day, by whichever way."""
    again = reopened(blog)
    day = again.timeline.unfiltered(DAY)
    entries = [*day.entries, *day.redated, *again.timeline.newest_first()]
    entries += [*again.timeline.embargoed(), *again.digest(NAME).entries]
    records = [*again.journal.since(START).records]
    records += next(again.journal.watch(START, lambda _: True)).records
    known = {entry.id for entry in entries}
    # Of what was retracted its place and the reason are shown.
    found: list[object] = [e.now if e.now.state == "live" else e.now.note for e in entries]
    found += [r for r in records if getattr(r, "name", "") not in known]
    return repr([*found, day.framing, again.search("voir").hits])


def reopened(blog: Blog) -> Blog:
    """Return the blog as another process sees it."""
    return Blog(blog.paths.root, clock=lambda: blog.now)


def withdrawn(blog: Blog, how: str) -> str:
    """Post a secret among others and withdraw it, which is the last line; return its id."""
    blog.post("Le premier.")
    entry = blog.post(SECRET, title="Titre").id
    blog.post("Le dernier.")
    if how == "removed":
        blog.remove(entry)
    elif how == "retracted":
        blog.retract(entry, why="Faux.")
    else:
        blog.edit(entry, body="Rien.", note="Corrigé.")
    return entry


@pytest.mark.slow
@pytest.mark.parametrize("how", ["removed", "retracted", "corrected"])
def test_no_altered_byte_brings_back_what_was_withdrawn(blog: Blog, how: str) -> None:
    """Whichever byte of the withdrawal is altered, its line end included, at once and ever after.

    ``check`` names the line, and ``--repair`` brings it back.
    """
    entry = withdrawn(blog, how)
    path, whole = path_of(blog), path_of(blog).read_bytes()
    start = len(whole) - len(lines_of(blog)[-1])
    stands = reopened(blog).timeline.entry(entry)
    chance = random.Random(how)
    for at in [*range(start, len(whole), 7), len(whole) - 1, start + 1, start + 25]:
        path.write_bytes(
            whole[:at] + bytes([whole[at] ^ 1 << chance.randrange(8)]) + whole[at + 1 :]
        )
        assert SECRET not in shown(blog), at
        again = reopened(blog)
        audit = again.journal.check()
        assert audit.faults or audit.notes
        if audit.faults:
            with pytest.raises(Withheld, match=f"{NAME}.jsonl:4"):
                again.timeline.entry(entry)
            with pytest.raises(Withheld):
                again.edit(entry, title="Autre")
            assert [f.place[-2:] for f in uncertain(again, DAY)] == [":4"]
        again.post("Entre-temps.")
        assert SECRET not in shown(blog), at
        again.journal.repair()
        assert reopened(blog).timeline.entry(entry) == stands
        assert not again.journal.check().faults


@pytest.mark.parametrize("how", ["removed", "corrected"])
@pytest.mark.parametrize("cut", [1, 2, 20, 100])
def test_a_withdrawal_that_is_cut_off_brings_nothing_back(blog: Blog, how: str, cut: int) -> None:
    """The head knows that its line was acknowledged, so that this is no append of a crash."""
    entry = withdrawn(blog, how)
    path = path_of(blog)
    path.write_bytes(path.read_bytes()[:-cut])
    for _ in range(2):
        assert SECRET not in shown(blog)
        again = reopened(blog)
        if cut > 1:
            with pytest.raises(Withheld):
                again.timeline.entry(entry)
            assert [f.place[-2:] for f in again.journal.check().faults] == [":4"]
        again.post("Entre-temps.")


@pytest.mark.parametrize("how", ["removed", "corrected"])
def test_a_withdrawal_that_is_cut_off_after_writes_elsewhere_brings_nothing_back(
    blog: Blog, how: str
) -> None:
    """The head remembers what was acknowledged last in each file, not only in the last one."""
    entry = withdrawn(blog, how)
    blog.post("Ailleurs.", at=blog.moment("2012-07-10 10:00"))
    path = path_of(blog)
    path.write_bytes(path.read_bytes()[:-40])
    assert SECRET not in shown(blog)
    again = reopened(blog)
    with pytest.raises(Withheld):
        again.timeline.entry(entry)
    assert f"{path.name}:4" in str(again.publish().faults)
    again.post("Entre-temps.")
    assert SECRET not in shown(blog)


def test_a_withdrawal_that_is_cut_off_with_a_part_of_the_line_before_brings_nothing_back(
    blog: Blog,
) -> None:
    """What is left is of another entry: nobody knows whose lines were lost."""
    entry = withdrawn(blog, "removed")
    lines = lines_of(blog)
    path_of(blog).write_bytes(b"".join([*lines[:2], lines[2][:-40]]))
    again = reopened(blog)
    assert SECRET not in shown(again)
    with pytest.raises(Withheld):
        again.timeline.entry(entry)


def spoiled(line: bytes) -> bytes:
    """Return a line of which several bytes are altered, though not its name or its links."""
    return line.replace(b'"published"', b'"qvcmjtgfe"')


def test_a_damaged_line_that_says_whose_it_is_withholds_that_one_only(blog: Blog) -> None:
    """The others are shown, whether they stand before or after."""
    entry = withdrawn(blog, "removed")
    lines = lines_of(blog)
    path_of(blog).write_bytes(b"".join([*lines[:-1], spoiled(lines[-1])]))
    assert bodies(reopened(blog)) == ["Le dernier.", "Le premier."]
    (fault,) = uncertain(blog, DAY)
    assert fault.entry == entry
    assert list(blog.timeline.day(DAY).withheld) == [entry]


@pytest.mark.parametrize("altered", ["id of another", "its id", "two lines"])
def test_a_damaged_line_that_may_be_anybodys_withholds_all_before_it(
    blog: Blog, altered: str
) -> None:
    """An id that damage may have altered is not believed; what follows settles how it stands."""
    entry = withdrawn(blog, "removed")
    blog.post("Après.")
    lines = lines_of(blog)
    removal = spoiled(lines[3])
    if altered == "id of another":
        first = decode(lines[0][:-1])
        assert not isinstance(first, str)
        removal = removal.replace(b'"prev":"', b'"prev":"f').replace(entry.encode(), b"x" * 19)
    elif altered == "its id":
        removal = removal.replace(entry.encode(), entry[:-1].encode() + b"~")
    else:  # a sector that spans the end of one line and the beginning of the next
        removal = lines[2][:100] + b"\xff" * 50 + removal[100:]
        lines[2] = b""
    path_of(blog).write_bytes(b"".join([*lines[:3], removal, lines[4]]))
    assert SECRET not in shown(blog)
    assert bodies(reopened(blog)) == ["Après."]


def test_a_damaged_post_withholds_nothing_else(blog: Blog) -> None:
    """Its id is known to nobody, and like nobody's."""
    for text in ("Un.", "Deux.", "Trois."):
        blog.post(text)
    lines = lines_of(blog)
    path_of(blog).write_bytes(lines[0] + spoiled(lines[1]) + lines[2])
    again = reopened(blog)
    assert bodies(again) == ["Trois.", "Un."]
    told = again.journal.repair()
    assert any("lost for good" in line for line in told)
    assert not again.journal.check().faults
    assert again.post("Quatre.")
    assert not again.journal.check().faults


def test_a_line_that_cannot_be_brought_back_stays_until_somebody_decides(blog: Blog) -> None:
    """Repair says whom it withholds; a removal settles that, and then all is well."""
    entry = withdrawn(blog, "corrected")
    lines = lines_of(blog)
    path_of(blog).write_bytes(b"".join([*lines[:-1], spoiled(lines[-1])]))
    told = "\n".join(reopened(blog).journal.repair())
    assert entry in told
    assert "liveblog remove" in told
    assert SECRET not in shown(blog)
    assert reopened(blog).journal.check().faults
    reopened(blog).remove(entry)
    assert any("lost for good" in line for line in reopened(blog).journal.repair())
    again = reopened(blog)
    assert not again.journal.check().faults
    assert again.timeline.entry(entry).now.state == "removed"
    assert SECRET not in shown(blog)


def test_an_entry_told_in_another_day_is_withheld_there(blog: Blog, clock: Clock) -> None:
    """The damage stands in the file in which it lives."""
    entry = blog.post(SECRET).id
    blog.edit(entry, at=blog.moment("2012-07-14 9:00"))
    blog.remove(entry)
    blog.edit(blog.post("Un autre.").id, at=blog.moment("2012-07-14 10:00"))
    lines = lines_of(blog)
    path_of(blog).write_bytes(lines[0] + lines[1] + spoiled(lines[2]) + b"".join(lines[3:]))
    day = reopened(blog).timeline.day(date(2012, 7, 14))
    assert [e.now.body for e in day.entries] == ["Un autre."]
    assert list(day.withheld) == [entry]
    assert uncertain(blog, date(2012, 7, 14))


@pytest.mark.parametrize("period", [NAME, "2012-W29", "coverage"])
def test_a_framing_is_withheld_like_an_entry(blog: Blog, period: str) -> None:
    """Until somebody writes it anew; nothing of the old one comes back with that."""
    blog.frame(period, headline="Un nom", introduction=SECRET)
    blog.frame(period, headline="Sans nom", introduction="")
    lines = lines_of(blog, period)
    path_of(blog, period).write_bytes(lines[0] + lines[1].replace(b"Sans nom", b"Sang non"))
    again = reopened(blog)
    assert again.timeline.framing(period) is None
    framing = again.frame(period, headline="Neuf")
    assert (framing.introduction, framing.rev) == ("", 2)
    assert reopened(blog).timeline.framing(period) == framing


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("title", "x" * 500),
        ("body", "\x1b[2J"),
        ("tags", ("ت" * 150,)),
        ("media", (Media("../../../outside/id_rsa", "image/png", 1, alt="x"),)),
        ("sources", ({"name": "x", "url": "javascript:alert(1)"},)),
        ("published", "9999-12-30T10:00:00Z"),
        ("recorded", "9999-12-31T23:59:59Z"),
        ("day", "2012-99-99"),
        ("state", "gone"),
        ("rev", 10**400),
        ("rev", 0),
        ("figures", ({"name": "x", "value": 10**400},)),
        ("id", "99991231-0123456789"),
        ("id", "20120716-0123456789"),
    ],
)
def test_a_record_that_no_door_takes_is_damage(blog: Blog, field: str, value: object) -> None:
    """Though its checksum holds: anybody can make one. What it revises is withheld."""
    entry = blog.post(SECRET)
    blog.post("Un autre.")
    (line,) = [decode(raw[:-1]) for raw in lines_of(blog)[-1:]]
    assert not isinstance(line, str)
    record = msgspec.to_builtins(entry) | {
        "rev": 2,
        field: value,
        "recorded": "2012-07-15T17:00:00Z",
    }
    if field == "recorded":
        record["recorded"] = value
    forged = encode(record, line.sum, line.sum)
    with open(path_of(blog), "ab") as file:
        file.write(forged)
    again = reopened(blog)
    reading = again.journal.read(NAME)
    assert [fault.place for fault in reading.faults] == [f"entries/2012/07/{NAME}.jsonl:3"]
    assert "Un autre." in shown(blog)
    # Another's line, or one without a number, is no newer state of this entry.
    assert (SECRET in shown(blog)) == (field == "id" or value == 0)
    assert again.post("Encore un.").recorded
    assert len(again.journal.read(NAME).records) >= 2


def test_the_last_number_that_there_is_cannot_be_followed(blog: Blog) -> None:
    """An edit that nobody could read is refused, not acknowledged."""
    entry = blog.post(SECRET)
    (line,) = [decode(raw[:-1]) for raw in lines_of(blog)]
    assert not isinstance(line, str)
    last = msgspec.to_builtins(entry) | {"rev": 10**9 - 1, "recorded": "2012-07-15T17:00:00Z"}
    with open(path_of(blog), "ab") as file:
        file.write(encode(last, line.sum, line.sum))
    before = path_of(blog).read_bytes()
    with pytest.raises(InvalidInput, match="is not between 0 and"):
        reopened(blog).edit(entry.id, body="Autrement.")
    assert path_of(blog).read_bytes() == before


# -- what is only odd ------------------------------------------------------------------------------


def odd(data: bytes, how: str) -> bytes:
    """Return the lines of a file as a program leaves them that knows nothing of it."""
    lines = data.splitlines()
    match how:
        case "CRLF":
            return b"\r\n".join(lines) + b"\r\n"
        case "byte order mark":
            return b"\xef\xbb\xbf" + data
        case "no line end":
            return data[:-1]
        case "conflict":
            marked = [b"<<<<<<< HEAD", lines[1], b"=======", lines[2], b">>>>>>> other", *lines[3:]]
            return b"\n".join([lines[0], *marked]) + b"\n"
        case "twice":
            return data + data
        case "empty lines":
            return data.replace(b"\n", b"\n\n")
        case "one line":
            return b"".join(lines)
        case "zeros":
            return data + b"\0" * 512
        case "another order":
            return b"\n".join(lines[::-1]) + b"\n"
    raise AssertionError(how)


ODD = [
    "CRLF", "byte order mark", "no line end", "conflict", "twice", "empty lines", "one line",
    "zeros", "another order",
]  # fmt: skip


@pytest.mark.parametrize("how", ODD)
def test_what_is_only_odd_is_read(blog: Blog, how: str) -> None:
    """All of it counts, check is green, repair writes it as it was, and posts go on before that."""
    for text in ("Un.", "Deux.", "Trois.", "Quatre."):
        blog.post(text)
    path, whole = path_of(blog), path_of(blog).read_bytes()
    path.write_bytes(odd(whole, how))
    again = reopened(blog)
    assert sorted(bodies(again)) == ["Deux.", "Quatre.", "Trois.", "Un."]
    audit = again.journal.check()
    assert not audit.faults
    assert audit.records == 4
    assert audit.notes or how == "no line end"
    again.post("Cinq.")
    assert not again.journal.check().faults
    assert again.journal.check().records == 5
    told = again.journal.repair()
    if how not in ("no line end", "zeros", "another order"):
        assert path.read_bytes().startswith(whole)
        assert any("before-" in line for line in told)
        assert [p.name for p in path.parent.glob("*.before-*")] == [
            f"{path.name}.before-20120715T160400"
        ]
    assert again.journal.check().records == 5
    assert not again.journal.repair() or how == "another order"
    assert not again.journal.check().faults


def test_two_machines_that_revised_one_entry_are_told_of(blog: Blog, tmp_path: Path) -> None:
    """Two records of one number: the one that shows less counts, and an edit settles it."""
    entry = blog.post(SECRET).id
    path, before = path_of(blog), path_of(blog).read_bytes()
    blog.edit(entry, title="Titre")
    edited = lines_of(blog)[1]
    path.write_bytes(before)
    blog.remove(entry)
    path.write_bytes(path.read_bytes() + edited)
    assert SECRET not in shown(blog)
    path.write_bytes(before + edited + lines_of(blog)[1])
    assert SECRET not in shown(blog)
    (fault,) = reopened(blog).journal.check().faults
    assert "two revisions 2" in fault.problem
    reopened(blog).restore(entry)
    audit = reopened(blog).journal.check()
    assert not audit.faults
    assert any("two revisions 2" in note for note in audit.notes)


@pytest.mark.parametrize("order", ["ours", "theirs"])
@pytest.mark.parametrize("how", ["removed", "retracted"])
def test_a_withdrawal_on_one_machine_outlives_earlier_edits_on_another(
    blog: Blog, clock: Clock, how: str, order: str
) -> None:
    """Theirs has the higher number, since they revised it twice; ours was the last word."""
    entry = blog.post("Un.").id
    path, before = path_of(blog), path_of(blog).read_bytes()
    blog.edit(entry, body=SECRET)
    blog.edit(entry, body=SECRET, title="Titre")
    edited = path.read_bytes().removeprefix(before)
    path.write_bytes(before)
    clock.go(minutes=1)
    if how == "removed":
        blog.remove(entry)
    else:
        blog.retract(entry, why="Faux.")
    last = path.read_bytes().removeprefix(before)
    parts = [last, edited] if order == "ours" else [edited, last]
    path.write_bytes(b"".join([before, *parts]))
    again = reopened(blog)
    assert SECRET not in shown(again)
    assert again.timeline.entry(entry).now.state == how
    again.remove(entry)
    assert again.restore(entry).rev >= 4  # and they go on from there


def test_lines_of_another_day_are_dropped_where_they_stand_in_their_own(blog: Blog) -> None:
    """Somebody copied one file into another; what stands nowhere else stays, and is told of."""
    for day in ("2012-07-10", "2012-07-13"):
        blog.post("Ailleurs.", at=blog.moment(f"{day} 10:00"))
    blog.post("Un.")
    for day in ("2012-07-10", "2012-07-13"):
        path_of(blog).write_bytes(path_of(blog).read_bytes() + path_of(blog, day).read_bytes())
    blog.post("Deux.")
    path_of(blog, "2012-07-13").unlink()
    assert len(reopened(blog).journal.check().faults) == 2
    again = reopened(blog)
    assert any("a copy of a line of 2012-07-10; dropped" in line for line in again.journal.repair())
    (fault,) = reopened(blog).journal.check().faults
    assert "the line belongs to 2012-07-13" in fault.problem
    assert {"Un.", "Deux.", "Ailleurs."} == set(bodies(reopened(blog)))


def test_what_was_set_aside_but_acknowledged_is_put_back(blog: Blog) -> None:
    """As an earlier version set aside a whole line that had lost its line end."""
    for text in ("Un.", "Deux.", "Trois."):
        blog.post(text)
    lines = lines_of(blog)
    path = path_of(blog)
    path.write_bytes(lines[0] + lines[2])
    torn = path.with_name(f"{path.name}.torn")
    torn.write_bytes(lines[1] + b'{"type":"revi\n')
    again = reopened(blog)
    assert again.journal.check().faults
    again.journal.repair()
    assert path.read_bytes() == b"".join(lines)
    assert not torn.exists()
    audit = again.journal.check()
    assert not audit.faults


def test_what_is_lost_is_said_and_then_all_is_well(blog: Blog, clock: Clock) -> None:
    """A line that nobody has any more: repair links past it, in its file and in others."""
    for text in ("Un.", "Deux.", "Trois."):
        blog.post(text)
    clock.go(days=1)
    blog.post("Demain.")
    lines = lines_of(blog)
    path_of(blog).write_bytes(lines[0])
    again = reopened(blog)
    assert len(again.journal.check().faults) == 1
    told = again.journal.repair()
    assert sum("lost for good" in line for line in told) == 1
    assert not again.journal.check().faults
    again.post("Encore un.")
    assert not again.journal.check().faults
    assert {e.now.body for e in again.timeline.newest_first()} >= {"Un.", "Demain."}


def test_check_changes_nothing(blog: Blog) -> None:
    """It makes no file, and needs to write nothing."""
    blog.post("Un.")
    for name in ("head",):
        (blog.paths.derived / name).unlink()
    with open(path_of(blog), "ab") as file:
        file.write(b'{"torn')
    before = {p: p.stat().st_mtime_ns for p in blog.paths.root.rglob("*")}
    reopened(blog).journal.check()
    reopened(blog).journal.repair(dry_run=True)
    assert {p: p.stat().st_mtime_ns for p in blog.paths.root.rglob("*")} == before


# -- what is no file -------------------------------------------------------------------------------


@pytest.mark.parametrize("what", ["folder", "pipe", "link", "dangling link"])
def test_what_is_no_file_is_named_and_neither_read_nor_written(
    blog: Blog, what: str, tmp_path: Path
) -> None:
    """Nor does it hold anybody up: other days go on."""
    blog.post("Un.", at=blog.moment("2012-07-14 9:00"))
    outside = tmp_path / "outside"
    outside.write_bytes(b"not ours")
    path = path_of(blog)
    if what == "folder":
        path.mkdir()
    elif what == "pipe":
        os.mkfifo(path)
    else:
        path.symlink_to(outside if what == "link" else tmp_path / "nowhere")
    again = reopened(blog)
    (fault,) = uncertain(again, DAY)
    assert f"{NAME}.jsonl" in fault.place
    assert not fault.data
    assert again.journal.check().faults == [fault]
    assert bodies(again) == ["Un."]
    with pytest.raises(StorageError, match="it is a"):
        again.post("Deux.")
    again.post("Trois.", at=blog.moment("2012-07-14 10:00"), idempotency_key="k")
    assert outside.read_bytes() == b"not ours"
    assert not (tmp_path / "nowhere").exists()


@pytest.mark.parametrize(
    "stray",
    ["9999/12/9999-12-31.jsonl", "0999/01/0999-01-01.jsonl", "2012/07/2012-99-99.jsonl",
     "2013/01/2012-07-15.jsonl", "2012-07-15.jsonl", "2012/07/2012-W29.jsonl"],
)  # fmt: skip
def test_a_file_that_no_writer_made_is_not_read(blog: Blog, stray: str) -> None:
    """A day out of all calendars, or a file in another's folder: it is noted."""
    blog.post("Un.")
    target = blog.paths.entries / stray
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(path_of(blog).read_bytes())
    again = reopened(blog)
    assert again.timeline.days() == [DAY]
    assert list(again.journal.stamps()) == [NAME]
    audit = again.journal.check()
    assert not audit.faults
    assert any(note.startswith(f"entries/{stray}: ") for note in audit.notes)


def test_an_entry_that_was_never_there_is_not_found(blog: Blog) -> None:
    """Damage in its day makes that uncertain."""
    blog.post("Un.")
    with pytest.raises(NotFound):
        blog.timeline.entry("20120715-0123456789")
    path_of(blog).write_bytes(b'{"quite damaged"\n')
    with pytest.raises(Withheld):
        reopened(blog).timeline.entry("20120715-0123456789")
