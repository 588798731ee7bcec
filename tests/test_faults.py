"""A machine that refuses or stops at any call: what is said is true, nothing is lost or left."""

from __future__ import annotations

import errno
import shutil
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from liveblog import Blog, ChapterDraft
from liveblog.blog import Image, Uploaded
from liveblog.journal import START
from liveblog.model.entry import Revision
from liveblog.model.errors import StorageError

from .conftest import Clock, begun
from .injection import interrupted, killed_at, refusing
from .site.test_publish import PNG

Verb = Callable[[Blog, str], object]

VERBS: dict[str, Verb] = {
    "post": lambda blog, entry: blog.post("Neuf."),
    "post with a key": lambda blog, entry: blog.post("Neuf.", idempotency_key="k"),
    "post on a new day": lambda blog, entry: blog.post("Neuf.", at=blog.moment("2012-07-01")),
    "post a picture": lambda blog, entry: blog.post(
        "Neuf.", images=[Uploaded(blog.upload(PNG), "Un point")]
    ),
    "edit": lambda blog, entry: blog.edit(entry, body="Neuf.", idempotency_key="k"),
    "edit to another day": lambda blog, entry: blog.edit(entry, at=blog.moment("2012-07-14")),
    "retract": lambda blog, entry: blog.retract(entry, why="Faux."),
    "frame": lambda blog, entry: blog.frame("2012-07-15", headline="Neuf"),
    "end": lambda blog, entry: blog.end(),
    "write a chapter": lambda blog, entry: blog.chapters.create(
        ChapterDraft(title="Alep", period="2012-07-15"),
        image=Uploaded(blog.upload(PNG), "Un point"),
    ),
    "remove": lambda blog, entry: blog.remove(entry),
    "purge": lambda blog, entry: blog.remove(entry, purge=True),
    "read": lambda blog, entry: [blog.timeline.entry(entry), blog.journal.since(START)],
    "watch": lambda blog, entry: next(blog.journal.watch(START, lambda _: True)),
    "repair": lambda blog, entry: blog.journal.repair(),
    "check": lambda blog, entry: blog.journal.check(),
}


@pytest.fixture
def sample(tmp_path: Path, clock: Clock) -> tuple[Path, str]:
    """A blog with an entry, a line twice, and bytes that a crash left; the entry's id."""
    blog = begun(tmp_path / "sample", clock)
    entry = blog.post("Avant.")
    blog.post("Un autre.")
    path = blog.journal.path("2012-07-15")
    path.write_bytes(path.read_bytes() + path.read_bytes() + b'{"torn')
    return blog.paths.root, entry.id


def texts(blog: Blog) -> list[tuple[str, int]]:
    """Return what the journal holds, as far as the verbs here change it."""
    records = [r for name in blog.journal.stamps() for r in blog.journal.read(name).records]
    return [(getattr(r, "name", ""), getattr(r, "rev", 0)) for r in records if hasattr(r, "rev")]


def outcome(work: Callable[[], object]) -> tuple[object, str]:
    """Return what some work returned, and what the error says to do if the machine refused."""
    try:
        return work(), ""
    except StorageError as error:
        return None, error.hint


def sweep(folder: Path, sample: tuple[Path, str], clock: Clock, verb: Verb, number: int) -> int:
    """Refuse each call of a verb in turn; return how many there were."""
    source, entry = sample
    at = 0
    while True:
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(source, folder)
        blog = Blog(folder, clock=clock)
        before = texts(Blog(folder, clock=clock))
        with interrupted(at, refusing(number)) as made:
            done, hint = outcome(partial(verb, blog, entry))
        if len(made) <= at:
            return at
        after = Blog(folder, clock=clock)
        if "Nothing was changed in the journal" in hint:
            assert texts(after) == before, made[at]
        assert set(before) <= set(texts(after)), made[at]
        if isinstance(done, Revision):
            assert (done.id, done.rev) in texts(after), made[at]
        assert not after.journal.check().faults, made[at]
        at += 1


@pytest.mark.slow
@pytest.mark.parametrize("verb", ["post", "edit", "read"])
def test_only_a_storage_error_leaves_a_verb(
    tmp_path: Path, sample: tuple[Path, str], clock: Clock, verb: str
) -> None:
    """Whichever call the machine refuses; what was acknowledged is there, and check is green."""
    assert sweep(tmp_path / "blog", sample, clock, VERBS[verb], errno.EIO) > 5


@pytest.mark.slow
@pytest.mark.parametrize("number", [errno.EIO, errno.ENOSPC, errno.EACCES])
@pytest.mark.parametrize("verb", VERBS)
def test_only_a_storage_error_leaves_any_verb(
    tmp_path: Path, sample: tuple[Path, str], clock: Clock, verb: str, number: int
) -> None:
    """As above, for each verb and several errors."""
    assert sweep(tmp_path / "blog", sample, clock, VERBS[verb], number) > 5


@pytest.mark.slow
@pytest.mark.parametrize("verb", ["post with a key", "edit", "keyed edit to another day"])
def test_what_is_killed_anywhere_and_tried_again_is_done_once(
    tmp_path: Path, sample: tuple[Path, str], clock: Clock, verb: str
) -> None:
    """With the same key; whole, and check is green."""
    source, entry = sample
    verbs: dict[str, Verb] = VERBS | {
        "keyed edit to another day": lambda blog, entry: blog.edit(
            entry, at=blog.moment("2012-07-14 9:00"), idempotency_key="k"
        )
    }
    at = 0
    was_killed = True
    while was_killed:
        folder = tmp_path / f"blog-{at}"
        shutil.copytree(source, folder)
        before = len(texts(Blog(folder, clock=clock)))
        was_killed = killed_at(at, partial(verbs[verb], Blog(folder, clock=clock), entry))
        done = verbs[verb](Blog(folder, clock=clock), entry)
        assert isinstance(done, Revision)
        after = Blog(folder, clock=clock)
        assert texts(after).count((done.id, done.rev)) == 1, at
        assert len(texts(after)) == before + 1, at
        assert not after.journal.check().faults, at
        shutil.rmtree(folder)
        at += 1
    assert at > 20


# -- purge -----------------------------------------------------------------------------------------

SECRET = "un nom qui met en danger"


@pytest.fixture
def endangered(tmp_path: Path, clock: Clock) -> tuple[Path, str]:
    """A blog that holds a secret wherever it can lie, and the id of its entry."""
    blog = begun(tmp_path / "endangered", clock)
    picture = tmp_path / "p.png"
    picture.write_bytes(PNG)
    entry = blog.post(SECRET, images=[Uploaded(blog.upload(PNG), "Un point")])
    blog.edit(entry.id, body=f"{SECRET} encore", images=[Image(picture, SECRET)])
    blog.post("Un autre.")
    assert blog.search("danger").total == 1
    path = blog.journal.path("2012-07-15")
    lines = path.read_bytes().splitlines(keepends=True)
    # A damaged copy, an append that was cut short, and what a killed and a good repair left.
    path.write_bytes(b"".join(lines) + lines[1].replace(b"encore", b"Encore") + lines[0][:-30])
    blog.post("Le bout est mis de côté.")
    path.with_name(f".{path.name}.1-1.tmp").write_bytes(lines[0])
    path.with_name(f"{path.name}.before-20120715T160400").write_bytes(b"".join(lines))
    for copy in ("2012-07-15.sync-conflict-1.jsonl", "2012-07-15.jsonl~", "../../2012-07-15.jsonl"):
        path.parent.joinpath(copy).write_bytes(b"".join(lines))
    quote = f"Avant.\n\n> {SECRET}\n>\n> — [Ana](entry:{entry.id})"
    blog.frame("2012-W28", introduction=quote)
    blog.chapters.create(ChapterDraft(title="Alep", period="2012-07-15", close=quote))
    blog.chapters.edit("alep", ChapterDraft(introduction="Neuf."))
    chapter = blog.journal.path("chapter:alep")
    for copy in (f"{chapter.name}~", f".{chapter.name}.1-1.tmp"):
        chapter.with_name(copy).write_bytes(chapter.read_bytes())
    folder = blog.paths.media / "2012/07/15"
    folder.joinpath(f".{entry.id[9:]}-0123456789.png.1-1.tmp").write_bytes(PNG)
    return blog.paths.root, entry.id


def traces(blog: Blog, entry_id: str) -> list[str]:
    """Return the files in which there is anything of the secret or its pictures."""
    letters = entry_id[9:]
    return [
        str(path.relative_to(blog.paths.root))
        for path in sorted(blog.paths.root.rglob("*"))
        if path.is_file()
        and (
            SECRET.encode() in path.read_bytes()
            or letters in path.name
            or path.parent == blog.paths.uploads
        )
    ]


def test_a_purge_leaves_nothing(endangered: tuple[Path, str], clock: Clock) -> None:
    """Neither in the journal, nor beside it, nor in what can be made again."""
    blog = Blog(endangered[0], clock=clock)
    assert len(traces(blog, endangered[1])) > 6  # the test looks where something is
    blog.remove(endangered[1], purge=True)
    assert traces(blog, endangered[1]) == []
    assert [e.now.body for e in blog.timeline.newest_first()] == [
        "Le bout est mis de côté.",
        "Un autre.",
    ]
    assert not blog.journal.check().faults


@pytest.mark.parametrize(
    "stray",
    ["#2012-07-15.jsonl#", ".2012-07-15.jsonl.Xy12z3", ".2012-07-15.jsonl.swp",
     "../old/2012-07-15.jsonl", "2012-07-15.jsonl~"],
)  # fmt: skip
def test_a_purge_finds_what_other_programs_leave_beside_a_day(
    endangered: tuple[Path, str], clock: Clock, stray: str
) -> None:
    """What an editor, rsync or a person put there, hidden or in another folder."""
    blog = Blog(endangered[0], clock=clock)
    path = blog.journal.path("2012-07-15")
    copy = path.parent / stray
    copy.parent.mkdir(exist_ok=True)
    copy.write_bytes(path.read_bytes())
    blog.remove(endangered[1], purge=True)
    assert traces(blog, endangered[1]) == []


def test_a_purge_deletes_nothing_that_a_link_leads_to(tmp_path: Path, clock: Clock) -> None:
    """A folder of pictures that somebody put elsewhere is not ours."""
    blog = begun(tmp_path / "blog", clock)
    (tmp_path / "p.png").write_bytes(PNG)
    entry = blog.post("Un.", images=[Image(tmp_path / "p.png", "Un point")])
    folder, outside = blog.paths.media / "2012/07/15", tmp_path / "outside"
    folder.rename(outside)
    folder.symlink_to(outside)
    blog.remove(entry.id, purge=True)
    assert len(list(outside.iterdir())) == 1


def test_a_purge_blanks_the_texts_whatever_is_odd_elsewhere(
    endangered: tuple[Path, str], clock: Clock
) -> None:
    """A folder among the uploads is passed over; an outbox that is damaged is said."""
    blog = Blog(endangered[0], clock=clock)
    (blog.paths.uploads / "a folder").mkdir()
    blog.paths.outbox.write_bytes(b"no database" * 100)
    with pytest.raises(StorageError, match="outbox"):
        blog.remove(endangered[1], purge=True)
    assert traces(blog, endangered[1]) == []
    blog.paths.outbox.unlink()
    blog.remove(endangered[1], purge=True)


@pytest.mark.slow
def test_a_purge_that_is_killed_anywhere_can_be_done_again(
    tmp_path: Path, endangered: tuple[Path, str], clock: Clock
) -> None:
    """And leaves nothing then, whatever was done before."""
    source, entry_id = endangered
    at = 0
    while True:
        folder = tmp_path / f"blog-{at}"
        shutil.copytree(source, folder)
        blog = Blog(folder, clock=clock)
        was_killed = killed_at(at, partial(blog.remove, entry_id, purge=True))
        Blog(folder, clock=clock).remove(entry_id, purge=True)
        assert traces(blog, entry_id) == [], at
        assert not blog.journal.check().faults
        shutil.rmtree(folder)
        if not was_killed:
            break
        at += 1
    assert at > 60
