"""Tasks of a publication: all are run, in one process or in several, with the same result."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import pytest

from liveblog.journal import Fault
from liveblog.model.errors import ConfigError, StorageError
from liveblog.site import parallel
from liveblog.site.output import Output, Record
from liveblog.site.parallel import MIN_WEIGHT, Task, run_tasks
from liveblog.site.storage.folder import Folder

from ..conftest import site_bytes


@pytest.fixture(params=[False, True], ids=["here", "in a pool"])
def may_fork(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> bool:
    """Whether processes are forked; the test's own threads do not matter here."""
    monkeypatch.setattr(parallel, "_may_fork", lambda: request.param)
    return bool(request.param)


def run(
    output: Output, tasks: Sequence[Callable[[], None]], seen: list[int] | None = None
) -> Record:
    """Run tasks that are worth a pool; return what they did."""
    found = Record()
    made = [Task(MIN_WEIGHT, task) for task in tasks]
    for record in run_tasks(iter(made), output, (seen if seen is not None else []).append):
        found.add(record)
    return found


def test_every_task_is_run_and_its_files_are_published(tmp_path: Path, may_fork: bool) -> None:
    """Whichever process runs it; files of one folder may come from several."""
    site = Folder(tmp_path / "site")
    output = Output(site, tmp_path, is_dry=False)

    def put(number: int) -> None:
        output.begin(f"day:{number}")
        output.put(f"2012/{number}/index.html", f"{number}".encode())
        output.put(f"2012/all/{number}.html", f"{os.getpid()}".encode())
        output.keep(f"kept/{number}")
        output.fault(Fault(f"{number}", "problem", "hint"))

    seen: list[int] = []
    record = run(output, [partial(put, number) for number in range(30)], seen)
    assert seen == sorted(seen)
    assert seen[-1] == 30
    assert record.purposes == {f"day:{number}" for number in range(30)}
    assert len(record.written) == len(set(record.written)) == 60
    assert sorted(record.kept) == sorted(f"kept/{number}" for number in range(30))
    assert {purpose: fault.place for purpose, fault in record.faults} == {
        f"day:{number}": f"{number}" for number in range(30)
    }
    site.commit(record.written, [])
    files = site_bytes(site.root)
    assert files.keys() == set(record.written)
    processes = {data for path, data in files.items() if path.startswith("2012/all/")}
    assert (str(os.getpid()).encode() in processes) is not may_fork


def test_what_was_put_before_is_in_the_record_once(tmp_path: Path, may_fork: bool) -> None:
    """A forked process begins with a copy of it."""
    output = Output(None, tmp_path, is_dry=True)
    output.put("first.html", b"1")
    tasks = [partial(output.put, f"{number}.html", b"2") for number in range(4)]
    record = run(output, tasks)
    assert sorted(record.written) == ["0.html", "1.html", "2.html", "3.html", "first.html"]


@pytest.mark.parametrize("position", [0, 9])
def test_an_error_of_a_task_is_raised(tmp_path: Path, may_fork: bool, position: int) -> None:
    """As it is, with message and hint."""

    def fail() -> None:
        raise ConfigError("The template is wrong.", "Correct it.")

    tasks: list[Callable[[], None]] = [lambda: None] * 10
    tasks[position] = fail
    with pytest.raises(ConfigError, match="The template is wrong") as caught:
        run(Output(None, tmp_path, is_dry=True), tasks)
    assert caught.value.hint == "Correct it."


def test_a_process_that_is_killed_is_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As when the machine has too little memory."""
    monkeypatch.setattr(parallel, "_may_fork", lambda: True)
    with pytest.raises(StorageError, match="ended a process"):
        run(Output(None, tmp_path, is_dry=True), [partial(os._exit, 9)] * 2)


def test_little_work_is_done_in_this_process(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A pool takes longer to start."""
    monkeypatch.setattr(parallel, "_may_fork", lambda: True)
    processes: list[int] = []
    tasks = [Task(1, lambda: processes.append(os.getpid()))] * 3
    assert list(run_tasks(tasks, Output(None, tmp_path, is_dry=True), lambda done: None))
    assert processes == [os.getpid()] * 3
