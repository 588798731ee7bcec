"""The command 'liveblog schedule': run the scheduled jobs, or list them."""

from __future__ import annotations

import os
import threading
from typing import TYPE_CHECKING

import click

from ..storage.leader import leader
from .context import State, json_option, local_time, pass_state, prepare_long_run
from .printing import echo, print_json, style

if TYPE_CHECKING:
    from ..blog import Blog
    from ..scheduler import Job, Outcome


@click.command()
@click.option("--list", "is_list", is_flag=True, help="Show each job: its next run and its last.")
@click.option("--once", is_flag=True, help="Do what is due and exit; for cron and systemd timers.")
@json_option
@pass_state
@click.pass_context
def schedule(ctx: click.Context, state: State, is_list: bool, once: bool, as_json: bool) -> None:
    """Publish, close days and weeks, and deliver, all by itself.

    For a site that somebody else serves: it follows the journal and runs until Ctrl-C. 'liveblog
    serve' does the same beside serving. However often it is started, one process leads.
    """
    from ..scheduler import Schedule

    prepare_long_run()
    blog = state.blog()
    if not once and not is_list:
        return _run(state, blog)
    plan = Schedule(blog)
    if is_list:
        return _list(state, blog, plan.jobs(), leader(blog.paths), as_json)
    if not plan.lead():
        state.say(f"Process {leader(blog.paths)} leads the schedule of this blog already.")
        return None
    outcomes = plan.once()
    plan.resign()
    for outcome in outcomes:
        state.detail(outcome.words)
    if as_json:
        print_json([outcome.words for outcome in outcomes])
    if any(outcome.is_failure for outcome in outcomes):
        for outcome in (o for o in outcomes if o.is_failure):
            echo(f"{style('Error:', 'error')} {outcome.words}", err=True)
        ctx.exit(1)
    return None


def _run(state: State, blog: Blog) -> None:
    import signal

    from ..scheduler import Schedule
    from ..watcher import Watcher

    watcher = Watcher(blog, published=lambda update: plan.published(update))
    plan = Schedule(blog, publish=watcher.publish)
    stopping = threading.Event()
    for name in (signal.SIGINT, signal.SIGTERM):
        signal.signal(name, lambda *_: stopping.set())
    watcher.start()
    plan.start()
    other = leader(blog.paths)
    if other and other != os.getpid():
        state.say(f"Process {other} leads the schedule already; this one waits for its turn.")
    state.say(f"The schedule of {blog.config.title} runs. Stop with Ctrl-C.")
    stopping.wait()
    plan.stop()
    watcher.stop()
    watcher.join(5)


def _list(state: State, blog: Blog, jobs: list[Job], process: int, as_json: bool) -> None:
    if as_json:
        return print_json(
            {
                "leader": process or None,
                "jobs": [
                    {
                        "name": job.name,
                        "does": job.does,
                        "next": job.next,
                        "last": job.last and job.last.ran,
                        "outcome": job.last and job.last.words,
                        "failed": bool(job.last and job.last.is_failure),
                    }
                    for job in jobs
                ],
            }
        )
    for job in jobs:
        shown = local_time(blog, job.next) if job.next else "–"
        echo(f"{style(job.name.ljust(8), 'title')} {shown:17} {job.does}")
        if job.last:
            echo(f"{'':8} {_outcome(blog, job.last)}")
    if process:
        state.say(
            f"Process {process} leads the schedule. Times are those of {blog.config.timezone}."
        )
    else:
        state.say("Nobody leads the schedule: start 'liveblog serve' or 'liveblog schedule'.")
    return None


def _outcome(blog: Blog, outcome: Outcome) -> str:
    line = f"{local_time(blog, outcome.ran)}  {outcome.words}"
    return style(line, "failure" if outcome.is_failure else "faint")
