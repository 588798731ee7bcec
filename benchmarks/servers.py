"""Servers that are measured, each in a process of its own, and what they stand beside."""

from __future__ import annotations

import os
import resource
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from lines import Line, table
from measure import LIVEBLOG, PYTHON

MODULES = Path("/usr/lib/nginx/modules")


class Missing(Exception):
    """A peer or a tool is not installed."""


def needs(program: str, package: str) -> str:
    """Return the path of a program; raise :class:`Missing` if Debian's *package* is missing."""
    found = shutil.which(program, path=f"{os.environ.get('PATH', '')}:/usr/sbin")
    if found is None:
        raise Missing(f"{program} is not installed: apt-get install {package}")
    return found


def show(measure: Callable[[], list[Line]]) -> int:
    """Measure and print the lines; return 1 if a target was missed, 2 if a peer is missing."""
    try:
        found = measure()
    except Missing as missing:
        print(missing, file=sys.stderr)
        return 2
    print(table(found))
    return 1 if any(line.met is False for line in found) else 0


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as opened:
        port: int = opened.getsockname()[1]
    return port


def allow_files(wanted: int) -> None:
    """Let this process, and those it starts, have so many files open.

    Raises :class:`Missing` if the system does not.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < wanted:
        raise Missing(f"{wanted} open files are needed and {hard} allowed: ulimit -Hn {wanted}")
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


@contextmanager
def ours(folder: Path) -> Iterator[tuple[int, int]]:
    """Serve the blog in *folder* with ``liveblog serve``; yield its port and process id."""
    port = free_port()
    command = [*LIVEBLOG, "serve", "--port", str(port), str(folder)]
    with _running(command, f"http://127.0.0.1:{port}/healthz") as process:
        yield port, process


@contextmanager
def static_files(folder: Path) -> Iterator[tuple[int, int]]:
    """Serve a folder with Starlette's StaticFiles under uvicorn, as ours is run."""
    port = free_port()
    program = (
        "import uvicorn; from starlette.staticfiles import StaticFiles; "
        f"uvicorn.run(StaticFiles(directory={str(folder)!r}), port={port}, log_level='warning', "
        "access_log=False, server_header=False, lifespan='off', loop='uvloop', http='httptools')"
    )
    with _running([PYTHON, "-c", program], f"http://127.0.0.1:{port}/atom.xml") as process:
        yield port, process


@contextmanager
def nginx(folder: Path, http: str, *, module: str = "") -> Iterator[tuple[int, int]]:
    """Run nginx with one worker; yield its port and the worker's process id.

    *http* is what its ``server`` block holds besides ``listen``; a *module* is loaded.
    """
    program = needs("nginx", "nginx-light")
    if module and not (MODULES / module).exists():
        raise Missing(f"{module} is not installed: apt-get install libnginx-mod-nchan")
    port = free_port()
    folder.mkdir(parents=True, exist_ok=True)
    load = f"load_module {MODULES / module};" if module else ""
    configuration = folder / "nginx.conf"
    configuration.write_text(f"""{load}
daemon off; worker_processes 1; worker_rlimit_nofile 20000; pid {folder}/pid;
error_log {folder}/error.log; {"user root;" if os.geteuid() == 0 else ""}
events {{ worker_connections 19000; }}
http {{
  include /etc/nginx/mime.types; types {{ application/atom+xml atom; }}
  access_log off; sendfile on; tcp_nopush on; keepalive_requests 100000000;
  client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/fastcgi; uwsgi_temp_path {folder}/uwsgi;
  scgi_temp_path {folder}/scgi;
  server {{ listen 127.0.0.1:{port} backlog=4096; location = /healthz {{ return 200 ok; }} {http} }}
}}
""")
    command = [program, "-p", str(folder), "-e", f"{folder}/error.log", "-c", str(configuration)]
    with _running(command, f"http://127.0.0.1:{port}/healthz") as process:
        children = Path(f"/proc/{process}/task/{process}/children").read_text().split()
        yield port, int(children[0])


@contextmanager
def _running(command: list[str], url: str) -> Iterator[int]:
    process = subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    )
    try:
        deadline = time.monotonic() + 30
        while True:
            try:
                urllib.request.urlopen(url, timeout=5).close()
                break
            except OSError as error:
                if process.poll() is not None or time.monotonic() > deadline:
                    process.kill()
                    said = process.communicate()[1]
                    raise Missing(f"{' '.join(command[:4])} does not answer: {said}") from error
                time.sleep(0.05)
        yield process.pid
    finally:
        process.terminate()
        try:
            _, said = process.communicate(timeout=20)
        except subprocess.TimeoutExpired:
            process.kill()
            _, said = process.communicate()
        if "Traceback" in said:
            print(said, file=sys.stderr, flush=True)
