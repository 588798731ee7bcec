"""The schedule: every day closes once, on simulated and on real time, whatever happens to it."""

from __future__ import annotations

import itertools
import json
import logging
import os
import random
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from datetime import time as time_of_day
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from liveblog import Blog
from liveblog.model import period
from liveblog.model.chapter import ChapterDraft
from liveblog.model.errors import ConfigError, StorageError
from liveblog.scheduler import Schedule, dispatcher_for
from liveblog.storage.leader import leader
from tests import command
from tests.command import Done
from tests.conftest import Clock, needs
from tests.receiver import Receiver, receiving
from tests.simulated import run, travelling
from tests.waiting import until

ZONES = (
    "Europe/Paris",
    "America/New_York",
    "Australia/Lord_Howe",
    "Asia/Kathmandu",
    "America/Santiago",
)
START = datetime(2024, 1, 1, 12, tzinfo=UTC)
END = START + timedelta(days=731)
NewBlog = Callable[..., Blog]


def add(blog: Blog, settings: str) -> Blog:
    """Return the blog with more settings."""
    path = blog.paths.root / "liveblog.toml"
    path.write_text(path.read_text() + "\n" + settings)
    return Blog(blog.paths.root, clock=blog._clock)


def nothing() -> None:
    """Publish nothing: the test is about something else."""


# -- when the next day or week closes --------------------------------------------------------------


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize("at", ["00:00", "00:05", "01:45", "02:30", "03:00", "23:59"])
def test_each_day_of_two_years_closes_once(zone: str, at: str) -> None:
    """Also when the clocks skip that time in spring, or repeat it in autumn."""
    closing = period.Closing(ZoneInfo(zone), day_at=time_of_day.fromisoformat(at))
    first = date(2024, 1, 1)
    instants = [closing.closes_at(period.day(first + timedelta(days=n))) for n in range(731)]
    gaps = [b - a for a, b in itertools.pairwise(instants)]
    assert min(gaps) >= timedelta(hours=23)
    assert max(gaps) <= timedelta(hours=25)


def test_a_closing_that_failed_is_tried_again_after_a_minute(blog: Blog, clock: Clock) -> None:
    """It does not wait until the next day, and does not run without pause."""

    def fail() -> None:
        raise StorageError("The disk is full.")

    dispatcher_for(blog).close()
    schedule = Schedule(blog, publish=fail)
    clock.go(days=1)
    began = clock.now
    due = schedule._jobs.due("day")
    assert due
    assert due < began
    schedule.lead()
    schedule._run("day")
    schedule.resign()
    assert schedule._jobs.due("day") == began + timedelta(minutes=1)


def test_a_scheduled_chapter_is_released_at_its_time(blog: Blog, clock: Clock) -> None:
    """As an embargoed update is; the job knows it once the site was published."""
    blog.post("Un fait.")
    later = clock.now + timedelta(hours=5)
    draft = ChapterDraft(title="Une journée", period=f"{clock.now:%Y-%m-%d}", published=later)
    blog.chapters.create(draft, schedule=True)
    schedule = Schedule(blog, publish=blog.publish)
    blog.publish()
    assert schedule._jobs.due("release") == later
    clock.now = later
    schedule.lead()
    schedule._run("release")
    schedule.resign()
    assert (blog.paths.site / "chapters/une-journee/index.html").exists()
    assert schedule._jobs.due("release") is None


# -- every day and every week closes once ----------------------------------------------------------


def expected(zone: str, start: datetime, end: datetime) -> set[str]:
    """Return the periods that close in between, from the calendar alone."""
    there = ZoneInfo(zone)
    closing = period.Closing(there)
    first = period.local_day(start, there) - timedelta(days=10)
    days = [first + timedelta(days=n) for n in range((end - start).days + 20)]
    found = {period.day(of) for of in days} | {period.week(of) for of in days}
    return {of.id for of in found if start < closing.closes_at(of) <= end}


@pytest.mark.slow
@pytest.mark.parametrize("zone", ZONES)
def test_over_two_years_each_day_and_week_closes_exactly_once(new_blog: NewBlog, zone: str) -> None:
    """At its instant, in every zone."""
    made = new_blog(timezone=zone)
    with travelling(START):
        blog = add(Blog(made.paths.root), "[schedule]\npublish_seconds = 86400\n")
        run(blog, END, publish=nothing)
        closed = blog.outbox.closed()
    assert closed.keys() == expected(zone, START, END)
    closing = blog.config.closing
    late = [at - closing.closes_at(period.parse_period_id(name)) for name, at in closed.items()]
    assert max(late) < timedelta(seconds=2)
    assert min(late) >= timedelta(0)


@pytest.mark.slow
def test_two_hundred_kills_lose_and_repeat_nothing(new_blog: NewBlog, tmp_path: Path) -> None:
    """Each day and week is closed once; its mail comes once, and again only where that is said."""
    with receiving() as receiver:
        _kill_two_hundred_times(new_blog, tmp_path, receiver)


def _kill_two_hundred_times(new_blog: NewBlog, tmp_path: Path, receiver: Receiver) -> None:
    zone = "Australia/Lord_Howe"
    made = new_blog(timezone=zone)
    blog = add(made, receiver.settings + "[schedule]\npublish_seconds = 86400\n")
    with travelling(START):
        for day in range(0, 450, 3):
            at = START + timedelta(days=day)
            Blog(blog.paths.root).post(f"Le jour {day}.", at=at, schedule=True)
        Schedule(Blog(blog.paths.root)).dispatcher.close()
    state = tmp_path / "now"
    state.write_text(START.isoformat())
    end = START + timedelta(days=500)
    chance = random.Random(12)
    kills = 0

    def start() -> subprocess.Popen[str]:
        command = [sys.executable, "-m", "tests.simulated", str(blog.paths.root), str(state)]
        return subprocess.Popen(
            [*command, end.isoformat()],
            stdout=subprocess.PIPE,
            text=True,
            cwd=Path(__file__).parent.parent,
        )

    while kills < 200:
        twins = [start() for _ in range(2 if kills % 10 == 3 else 1)]
        for process in twins:
            assert process.stdout
            assert process.stdout.readline() == "ready\n"
        time.sleep(chance.uniform(0, 0.2))
        for process in twins:
            process.send_signal(signal.SIGKILL)
            process.wait()
            process.stdout and process.stdout.close()
            kills += 1
        if kills % 50 == 7:
            now = datetime.fromisoformat(state.read_text())
            state.write_text(min(now + timedelta(days=7), end).isoformat())
    last = start()
    out, _ = last.communicate(timeout=300)
    assert out == "ready\ndone\n"
    assert blog.outbox.closed().keys() == expected(zone, START, end)
    planned = Counter(delivery.subject for delivery in blog.outbox.deliveries())
    assert set(planned.values()) == {1}
    mailed_days = {name for name in planned if len(name) == 10}
    there = ZoneInfo(zone)
    assert mailed_days == {
        period.local_day(START + timedelta(days=day), there).isoformat() for day in range(0, 450, 3)
    }
    copies = Counter(str(message["Message-ID"]) for message in receiver.messages)
    assert len(copies) == len(planned)
    cuts = {delivery.key: delivery.uncertain_attempts for delivery in blog.outbox.deliveries()}
    assert {delivery.state for delivery in blog.outbox.deliveries()} == {"done"}
    extra = sum(copies.values()) - len(copies)
    assert extra <= sum(cuts.values())
    print(f"{kills} kills, {len(copies)} mails, {extra} twice of {sum(cuts.values())} that may be")


# -- closing ---------------------------------------------------------------------------------------


MAIL = (
    "[mail]\nserver = 'localhost'\nsecurity = 'none'\nsender = 'b@example.org'\n"
    "to = ['a@example.org']\n"
)


def planned(blog: Blog) -> list[str]:
    """Return what is planned, in order."""
    return [delivery.key for delivery in blog.outbox.deliveries()]


def test_periods_that_ended_before_the_first_start_are_not_sent(blog: Blog, clock: Clock) -> None:
    """To configure mail in an old blog does not send ten years of digests."""
    blog.post("Un fait.")
    clock.go(days=30)
    blog = add(blog, MAIL)
    dispatcher = dispatcher_for(blog)
    assert dispatcher.close() == []
    clock.go(days=1)
    assert [of.id for of in dispatcher.close()] == ["2012-08-14"]
    assert planned(blog) == []


@pytest.mark.parametrize(
    ("rule", "sent"),
    [
        (
            "all",
            ["2012-07-16", "2012-07-18", "2012-W29", "2012-07-24"],
        ),
        ("latest", ["2012-W29", "2012-07-24"]),
    ],
)
def test_a_machine_that_slept_closes_all_in_order_and_sends_by_the_rule(
    blog: Blog, clock: Clock, rule: str, sent: list[str]
) -> None:
    """All, or the latest day and the latest week that have entries."""
    blog = add(blog, f"{MAIL}[schedule]\ncatch_up = '{rule}'\n")
    dispatcher = dispatcher_for(blog)
    dispatcher.close()
    for day in (16, 18, 24):
        blog.post("Un fait.", at=datetime(2012, 7, day, 12, tzinfo=UTC), schedule=True)
    clock.go(days=10)
    assert [of.id for of in dispatcher.close()] == [
        *("2012-07-15", "2012-W28", "2012-07-16", "2012-07-17", "2012-07-18", "2012-07-19"),
        *("2012-07-20", "2012-07-21", "2012-07-22", "2012-W29", "2012-07-23", "2012-07-24"),
    ]
    assert planned(blog) == [f"mail {name} a@example.org" for name in sent]
    assert dispatcher.close() == []


def test_a_correction_of_a_closed_day_is_not_sent_again(blog: Blog, clock: Clock) -> None:
    """It updates the daily feed's entry under its id, and no mail follows."""
    blog = add(blog, MAIL)
    schedule = Schedule(blog)
    schedule.dispatcher.close()
    entry = blog.post("Cent morts.")
    clock.go(days=1)
    schedule._run("day")
    daily = blog.paths.site / "daily" / "feed.json"
    (before,) = json.loads(daily.read_text())["items"]
    blog.edit(entry.id, body="Deux cents morts.", note="Le chiffre était faux.")
    clock.go(days=1)
    schedule._run("day")
    (after,) = json.loads(daily.read_text())["items"]
    assert after["id"] == before["id"]
    assert "Deux cents" in after["content_html"]
    assert after["date_modified"] > before["date_modified"]
    assert planned(blog) == ["mail 2012-07-15 a@example.org", "mail 2012-W28 a@example.org"]


def test_a_day_closes_when_the_blog_says(blog: Blog, clock: Clock) -> None:
    """Until then it is in no daily feed: there is time for a headline."""
    blog = add(blog, "[schedule]\nday_closes = '06:30'\nweek_closes = 'monday 09:00'\n")
    blog.post("Un fait.")

    def in_feed(name: str) -> list[str]:
        blog.publish()
        items = json.loads((blog.paths.site / name / "feed.json").read_text())["items"]
        return [item["date_published"] for item in items]

    clock.set("2012-07-16T06:29:59+02:00")
    assert in_feed("daily") == []
    clock.set("2012-07-16T06:30:00+02:00")
    assert in_feed("daily") == ["2012-07-16T04:30:00Z"]
    assert in_feed("weekly") == []
    clock.set("2012-07-16T09:00:00+02:00")
    assert in_feed("weekly") == ["2012-07-16T07:00:00Z"]
    before = {p: p.read_bytes() for p in blog.paths.site.rglob("*") if p.is_file()}
    blog.publish(full=True)
    assert {p: p.read_bytes() for p in blog.paths.site.rglob("*") if p.is_file()} == before


def test_a_clock_that_ran_ahead_is_taken_back(
    blog: Blog, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    """The days that it closed are open again, and close when they are over; nothing goes twice."""
    blog = add(blog, MAIL)
    dispatcher = dispatcher_for(blog)
    dispatcher.close()
    blog.post("Un fait.")
    clock.go(days=3650)
    assert len(dispatcher.close()) > 3650
    assert planned(blog) == ["mail 2012-07-15 a@example.org", "mail 2012-W28 a@example.org"]
    clock.go(days=-3650)
    assert dispatcher.close() == []
    assert "set back" in caplog.text
    assert blog.outbox.closed() == {}
    clock.go(hours=8)
    assert [of.id for of in dispatcher.close()] == ["2012-07-15", "2012-W28"]
    assert planned(blog) == ["mail 2012-07-15 a@example.org", "mail 2012-W28 a@example.org"]


def test_a_clock_that_goes_back_a_second_closes_nothing_twice(blog: Blog, clock: Clock) -> None:
    """Midnight, a second back, midnight again."""
    dispatcher = dispatcher_for(blog)
    dispatcher.close()
    clock.set("2012-07-16T00:00:00+02:00")
    assert len(dispatcher.close()) == 2
    clock.go(seconds=-1)
    assert dispatcher.close() == []
    clock.go(seconds=1)
    assert dispatcher.close() == []
    clock.go(days=1)
    assert [of.id for of in dispatcher.close()] == ["2012-07-16"]


def test_another_time_zone_loses_and_repeats_no_day(blog: Blog, clock: Clock) -> None:
    """A blog that moves from Paris to Honolulu and to Kiritimati still closes each day once."""
    dispatcher_for(blog).close()
    path = blog.paths.root / "liveblog.toml"
    zones = ["Europe/Paris", "Pacific/Honolulu", "Pacific/Kiritimati"]
    text = path.read_text()
    for hour in range(24 * 9):
        clock.go(hours=1)
        path.write_text(text.replace("Europe/Paris", zones[hour // 24 % 3]))
        dispatcher_for(Blog(blog.paths.root, clock=clock)).close()
    days = [name for name in blog.outbox.closed() if "W" not in name]
    first = date(2012, 7, 15)
    assert sorted(days) == [(first + timedelta(days=n)).isoformat() for n in range(len(days))]
    assert len(days) in (8, 9, 10)


@pytest.mark.parametrize(
    ("settings", "what"),
    [
        ("week_closes = 'lundi 06:00'", "'lundi' is not a weekday"),
        ("week_closes = 'mondy 06:00'", "Did you mean 'monday'"),
        ("week_closes = 'monday'", "no time of day"),
        ("day_closes = '24:00'", "not a time of day"),
        ("day_closes = '6:30'", "Write it like 06:30"),
        ("catch_up = 'some'", "catch_up"),
        ("publish_seconds = 0", "1 to 86400"),
        ("day_close = '06:00'", "Did you mean 'day_closes'"),
    ],
)
def test_a_time_that_does_not_exist_is_refused(blog: Blog, settings: str, what: str) -> None:
    """With the file, the line and the hint."""
    with pytest.raises(ConfigError, match=r"liveblog\.toml") as caught:
        add(blog, f"[schedule]\n{settings}\n")
    assert what in str(caught.value)


# -- one leads -------------------------------------------------------------------------------------


def test_one_process_leads_and_the_next_takes_over(blog: Blog) -> None:
    """However many processes are started."""
    one, two = Schedule(blog), Schedule(blog)
    assert one.lead()
    assert not two.lead()
    assert leader(blog.paths) == os.getpid()
    one.resign()
    assert leader(blog.paths) == 0
    assert two.lead()
    two.resign()


def test_a_job_that_fails_says_so_and_the_others_go_on(
    blog: Blog, caplog: pytest.LogCaptureFixture
) -> None:
    """In the list and in the log."""

    def broken() -> None:
        raise ConfigError("The template is broken.", "Mend it.")

    schedule = Schedule(blog, publish=broken)
    schedule.lead()
    outcomes = schedule.once()
    schedule.resign()
    assert [o.words for o in outcomes if o.is_failure] == ["The template is broken."] * 2
    assert "The job 'publish' failed: The template is broken." in caplog.text
    (publish, *_) = Schedule(blog).jobs()
    assert publish.last
    assert publish.last.is_failure


@pytest.mark.parametrize("server", ["serve", "schedule"])
@pytest.mark.slow
def test_an_embargoed_entry_is_published_at_its_instant(
    new_blog: NewBlog, server: str, tmp_path: Path
) -> None:
    """It is in no file before its instant, and in every file right after, by itself."""
    blog = Blog(new_blog().paths.root)
    arguments = ["serve", "--port", "0"] if server == "serve" else ["schedule"]
    process = subprocess.Popen(
        [sys.executable, "-m", "liveblog", "-C", str(blog.paths.root), *arguments],
        stderr=subprocess.DEVNULL,
    )
    site = blog.paths.site
    try:
        until(lambda: leader(blog.paths) == process.pid and (site / "index.html").exists())
        at = blog.now.replace(microsecond=0) + timedelta(seconds=3)
        entry = blog.post(
            "Mot secret.", title="Embargo", tags=["damas"], at=at, schedule=True, key=True
        )

        def holds(path: Path) -> bool:
            try:
                return entry.id[9:] in str(path) or b"Mot secret" in path.read_bytes()
            except OSError:  # it is being replaced
                return False

        def shown() -> set[str]:
            # Files and folders come and go meanwhile: os.walk passes over those that are gone.
            files = (Path(folder, name) for folder, _, names in os.walk(site) for name in names)
            return {str(path.relative_to(site)) for path in files if holds(path)}

        while True:
            found = shown()
            if blog.now >= at:
                break
            assert found == set()
        day = f"{entry.id[:4]}/{entry.id[4:6]}/{entry.id[6:8]}/"
        files = {
            "index.html", "live.json", "atom.xml", "rss.xml", "feed.json", "tags/damas/index.html",
            f"{day}index.html", f"{day}{entry.id[9:]}/index.html",
        }  # fmt: skip
        until(lambda: shown() >= files)
        print(f"{server}: {(blog.now - at).total_seconds():.2f} s after its instant")
    finally:
        process.terminate()
        process.wait(10)


# -- when the coverage is over ---------------------------------------------------------------------


def test_when_the_coverage_is_over_no_job_is_due(blog: Blog, clock: Clock) -> None:
    """Once its last day and week are closed; what is in the outbox still goes."""
    schedule = Schedule(blog)
    schedule.dispatcher.close()
    blog.post("La fin.")
    blog.end()
    assert {job.name for job in schedule.jobs() if job.next} == {"publish", "day", "week"}
    clock.go(days=1)
    schedule._run("day")
    assert blog.outbox.closed().keys() == {"2012-07-15", "2012-W28"}
    assert not any(job.next for job in schedule.jobs())
    clock.go(days=3)
    schedule._run("day")
    assert len(blog.outbox.closed()) == 2
    blog.resume()
    assert {job.name for job in schedule.jobs() if job.next} == {"publish", "day", "week"}
    schedule._run("day")
    assert len(blog.outbox.closed()) == 5


# -- on real time ----------------------------------------------------------------------------------


def test_the_schedule_runs_by_itself_and_stops_at_once(new_blog: NewBlog) -> None:
    """In threads of its own."""
    blog = Blog(new_blog().paths.root)
    blog.post("Un fait.")
    schedule = Schedule(blog)
    schedule.start()
    try:
        until(lambda: (blog.paths.site / "index.html").exists())
        until(lambda: blog.outbox.fact("days_to"))
        assert schedule.is_leading
    finally:
        schedule.stop()
    assert not schedule.is_leading
    # What it was doing is ended, and nothing is begun.
    until(lambda: not [t.name for t in threading.enumerate() if t.name.startswith("job")])


def test_the_jobs_are_timed_anew_when_the_clock_is_set(
    new_blog: NewBlog, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Forward or back, the jobs are timed anew, and the log says so."""
    caplog.set_level(logging.WARNING)
    blog = Blog(new_blog().paths.root)
    schedule = Schedule(blog)
    monkeypatch.setattr("liveblog.scheduler.CHECK_SECONDS", 0.02)
    schedule.start()
    try:
        until(lambda: schedule.is_leading and blog.outbox.fact("days_to"))
        real = time.time
        monkeypatch.setattr("liveblog.scheduler.time.time", lambda: real() - 7200)
        until(lambda: "The clock was set by -7200 s" in caplog.text)
    finally:
        schedule.stop()


# -- the command line ------------------------------------------------------------------------------


def liveblog(blog: Blog, *arguments: str) -> Done:
    """Run a command."""
    return command.run("-C", str(blog.paths.root), *arguments)


def test_once_runs_the_due_jobs_and_exits(new_blog: NewBlog) -> None:
    """For cron: publish, close, deliver; a second time there is nothing to do."""
    blog = Blog(new_blog().paths.root)
    blog.post("Un fait.")
    first = liveblog(blog, "-v", "schedule", "--once")
    assert (first.returncode, first.stdout) == (0, "")
    assert "files written" in first.stderr
    assert (blog.paths.site / "index.html").exists()
    listed = json.loads(liveblog(blog, "schedule", "--list", "--json").stdout)
    assert listed["leader"] is None
    jobs = {job["name"]: job for job in listed["jobs"]}
    assert "files written" in jobs["publish"]["outcome"]
    assert not jobs["publish"]["failed"]
    assert jobs["day"]["next"]
    assert jobs["mail"]["next"] is None


def test_once_does_nothing_while_another_process_leads(new_blog: NewBlog) -> None:
    """The message names the process that leads."""
    blog = Blog(new_blog().paths.root)
    schedule = Schedule(blog)
    schedule.lead()
    try:
        run = liveblog(blog, "schedule", "--once")
        assert (run.returncode, f"Process {os.getpid()} leads" in run.stderr) == (0, True)
    finally:
        schedule.resign()


def test_the_list_shows_local_times(new_blog: NewBlog) -> None:
    """Each job, its next run, and how it went last."""
    blog = Blog(new_blog(timezone="Asia/Kathmandu").paths.root)
    dispatcher_for(blog).close()
    shown = liveblog(blog, "schedule", "--list")
    day = next(line for line in shown.stdout.split("\n") if line.startswith("day"))
    assert " 00:00 " in day
    assert "close the day before" in day
    assert "Nobody leads the schedule" in shown.stderr


def test_a_failure_is_shown_and_makes_once_fail(new_blog: NewBlog) -> None:
    """Cron's mail then says why."""
    blog = Blog(new_blog().paths.root)
    blog.paths.templates.mkdir()
    (blog.paths.templates / "home.html").write_text("{% if %}")
    run = liveblog(blog, "schedule", "--once")
    assert run.returncode == 1
    assert "home.html" in run.stderr
    listed = liveblog(blog, "schedule", "--list").stdout
    assert "home.html" in listed


@pytest.mark.slow
def test_schedule_publishes_what_others_post_and_stops_cleanly(new_blog: NewBlog) -> None:
    """For a static host: it follows the journal."""
    blog = Blog(new_blog().paths.root)
    process = subprocess.Popen(
        [sys.executable, "-m", "liveblog", "-C", str(blog.paths.root), "schedule"],
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        until(lambda: leader(blog.paths) == process.pid)
        blog.post("Un fait nouveau.")
        home = blog.paths.site / "index.html"
        until(lambda: home.exists() and "Un fait nouveau." in home.read_text())
    finally:
        process.terminate()
        _, said = process.communicate(timeout=10)
    assert process.returncode == 0
    assert "Traceback" not in said
    assert "Stop with Ctrl-C" in said


# -- deleted files -------------------------------------------------------------------------------


def test_one_process_leads_after_the_lock_was_deleted(blog: Blog) -> None:
    """``.liveblog/`` can be deleted at any moment: still only one process leads, and runs jobs."""
    ran = []
    one = Schedule(blog, publish=lambda: ran.append("one"))
    two = Schedule(blog, publish=lambda: ran.append("two"))
    assert one.lead()
    shutil.rmtree(blog.paths.derived)
    assert two.lead()
    assert not one.lead()
    one._run("publish")
    two._run("publish")
    assert ran == ["two"]
    two.resign()
    assert one.lead()
    one.resign()


def test_a_schedule_does_not_recreate_a_deleted_blog(blog: Blog) -> None:
    """The folder was moved away, or its disk is not there: an error, and nothing is written."""
    schedule = Schedule(blog)
    blog.paths.root.rename(blog.paths.root.with_name("away"))
    with pytest.raises(StorageError, match="is gone"):
        schedule.lead()
    assert not blog.paths.root.exists()


@pytest.mark.slow
def test_a_file_system_without_locks_is_an_error(blog: Blog) -> None:
    """ENOLCK is not "somebody else leads": ``schedule --once`` fails and names the file."""
    strace = needs("strace")
    inject = [strace, "-f", "-qq", "-o", "/dev/null", "-e", "trace=flock"]
    inject += ["-e", "inject=flock:error=ENOLCK"]
    found = subprocess.run(
        [*inject, *command.MODULE, "-C", str(blog.paths.root), "schedule", "--once"],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert found.returncode == 1
    assert f"Cannot lock {blog.paths.derived / 'schedule.lock'}" in found.stderr
    assert "leads the schedule" not in found.stderr


def test_an_error_between_two_jobs_is_one_line_in_the_log(
    blog: Blog, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """No traceback of APScheduler; the jobs are timed again after the next one."""
    schedule = Schedule(blog)

    def refuse() -> None:
        raise StorageError("Cannot read entries: Too many open files.")

    monkeypatch.setattr(schedule, "retime", refuse)
    schedule._after_job(None)
    (record,) = caplog.records
    assert "Too many open files" in record.getMessage()
    assert record.exc_info is None
