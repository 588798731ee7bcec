"""Drives Chromium, Firefox and WebKit, as Debian has them, through one interface.

Chromium is driven by Playwright, Firefox by WebDriver BiDi and WebKitGTK by WebDriver (both W3C);
the latter two take the same lists of input actions.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import tempfile
import urllib.error
import urllib.request
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import websocket
from playwright.sync_api import Error as PlaywrightError

from .ports import ReservedPort
from .waiting import answered, until

PATIENCE = 20.0
"""Seconds that a page may take to show something."""

KEYS = {"Control": "\ue009", "Enter": "\ue007", "Tab": "\ue004"}
"""Keys of WebDriver that are no characters."""

_FIND = """
(selector, text) => [...document.querySelectorAll(selector)].find(
  (node) => node.getClientRects().length && node.textContent.includes(text)
)"""

_CENTRE = f"""
async (selector, text) => {{
  const node = ({_FIND})(selector, text);
  node?.scrollIntoView({{ block: "center", behavior: "instant" }});
  const centre = () => {{
    const {{ left, top, width, height }} = node.getBoundingClientRect();
    return [Math.round(left + width / 2), Math.round(top + height / 2)];
  }};
  const before = node && centre();
  await new Promise((resolve) => setTimeout(resolve, 60));
  if (!node?.isConnected || String(centre()) !== String(before)) return null;
  return node.contains(document.elementFromPoint(...before)) ? before : null;
}}"""

_REPORT_VIOLATIONS = """() => document.addEventListener("securitypolicyviolation", (event) =>
  console.error(`policy: ${event.violatedDirective} ${event.blockedURI}`))"""


class BrowserError(Exception):
    """A command that the browser could not carry out."""


class Page(ABC):
    """A page in a browser with nothing stored. Functions are those of JavaScript, as text."""

    errors: Sequence[str] = ()  #: what the browser complained of; WebKit tells nothing

    @abstractmethod
    def goto(self, url: str) -> None:
        """Open an address, and wait until it is loaded."""

    @abstractmethod
    def reload(self) -> None:
        """Load the page again."""

    @abstractmethod
    def back(self) -> None:
        """Go back in the history."""

    @abstractmethod
    def evaluate(self, function: str, *arguments: Any) -> Any:
        """Call a function, which may return a promise; arguments and result are JSON.

        Raises :class:`BrowserError`.
        """

    @abstractmethod
    def attach(self, selector: str, path: Path) -> None:
        """Choose a file in a field."""

    @abstractmethod
    def write(self, text: str) -> None:
        """Type into the element that has the focus."""

    @abstractmethod
    def press(self, *keys: str) -> None:
        """Press keys of :data:`KEYS` together."""

    @abstractmethod
    def _click_at(self, x: int, y: int) -> None:
        """Click a point of the window."""

    def click(self, selector: str, text: str = "") -> None:
        """Click the first visible element with a text, once it stands still and uncovered."""
        self._click_at(*self.until(_CENTRE, selector, text))

    def fill(self, selector: str, text: str) -> None:
        """Click a field, and type into it."""
        self.click(selector)
        self.write(text)

    def until(self, function: str, *arguments: Any) -> Any:
        """Wait until a function returns something true, and return that."""

        def look() -> Any:
            try:
                return self.evaluate(function, *arguments)
            except BrowserError:
                return None  # the page is being replaced

        return until(look, PATIENCE, f"{function} {arguments}")

    def shows(self, selector: str, text: str = "") -> str:
        """Wait until an element with a text is visible; return all of its text."""
        text_of = f"(...given) => [({_FIND})(...given).innerText]"
        found: str = self.until(text_of, selector, text)[0]
        return found

    def lacks(self, selector: str, text: str = "") -> None:
        """Wait until no element with a text is visible."""
        self.until(f"(...given) => !({_FIND})(...given)", selector, text)


# -- Chromium --------------------------------------------------------------------------------------


class _ChromiumPage(Page):
    def __init__(self, page: Any) -> None:
        self._page = page
        self.errors: list[str] = []
        page.set_default_timeout(PATIENCE * 1000)
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on("console", self._note)

    def _note(self, message: Any) -> None:
        # A server that is away, and an answer that is an error, are no errors of the page.
        if message.type == "error" and not message.text.startswith("Failed to load resource"):
            self.errors.append(message.text)

    def goto(self, url: str) -> None:
        self._page.goto(url)

    def reload(self) -> None:
        self._page.reload()

    def back(self) -> None:
        self._page.go_back()

    def evaluate(self, function: str, *arguments: Any) -> Any:
        try:
            return self._page.evaluate(f"(given) => ({function})(...given)", arguments)
        except PlaywrightError as error:
            raise BrowserError(str(error)) from None

    def attach(self, selector: str, path: Path) -> None:
        self._page.set_input_files(selector, path)

    def write(self, text: str) -> None:
        self._page.keyboard.type(text)

    def press(self, *keys: str) -> None:
        self._page.keyboard.press("+".join(keys))

    def _click_at(self, x: int, y: int) -> None:
        self._page.mouse.click(x, y)


@contextmanager
def chromium_page(browser: Any) -> Iterator[Page]:
    """Open a page in a Chromium that Playwright runs."""
    context = browser.new_context(viewport={"width": 1024, "height": 730})
    yield _ChromiumPage(context.new_page())
    context.close()


# -- what both kinds of WebDriver have in common ---------------------------------------------------


class _DriverPage(Page):
    @abstractmethod
    def _act(self, kind: str, actions: Sequence[dict[str, Any]], **more: Any) -> None:
        """Perform input actions of a kind: key or pointer."""

    def write(self, text: str) -> None:
        pressed = (({"type": "keyDown", "value": k}, {"type": "keyUp", "value": k}) for k in text)
        self._act("key", [action for pair in pressed for action in pair])

    def press(self, *keys: str) -> None:
        down = [{"type": "keyDown", "value": KEYS[key]} for key in keys]
        self._act("key", [*down, *({**action, "type": "keyUp"} for action in reversed(down))])

    def _click_at(self, x: int, y: int) -> None:
        button = {"button": 0}
        actions = [{"type": "pointerMove", "duration": 0, "x": x, "y": y},
                   {"type": "pointerDown", **button}, {"type": "pointerUp", **button}]  # fmt: skip
        self._act("pointer", actions, parameters={"pointerType": "mouse"})


# -- Firefox ---------------------------------------------------------------------------------------


class Firefox:
    """A connection of WebDriver BiDi to a Firefox."""

    def __init__(self, profile: Path) -> None:
        """Connect to the Firefox that runs with a profile."""
        server = json.loads(answered((profile / "WebDriverBiDiServer.json").read_text))
        address = f"ws://{server['ws_host']}:{server['ws_port']}/session"
        self.socket = answered(
            lambda: websocket.create_connection(address, timeout=60, suppress_origin=True)
        )
        self._number = 0
        self.entries: list[dict[str, Any]] = []  #: of the log of all pages
        self.command("session.new", capabilities={})
        self.command("session.subscribe", events=["log.entryAdded"])

    def command(self, method: str, **parameters: Any) -> Any:
        """Send a command; return its result. Raises :class:`BrowserError`."""
        self._number += 1
        message = {"id": self._number, "method": method, "params": parameters}
        self.socket.send(json.dumps(message))
        while (answer := json.loads(self.socket.recv())).get("id") != self._number:
            if answer.get("method") == "log.entryAdded":
                self.entries.append(answer["params"])
        if answer["type"] == "error":
            raise BrowserError(f"{method}: {answer['message']}")
        return answer["result"]

    @contextmanager
    def page(self) -> Iterator[Page]:
        """Open a page in a user context of its own."""
        user = self.command("browser.createUserContext")["userContext"]
        self.command(
            "script.addPreloadScript", functionDeclaration=_REPORT_VIOLATIONS, userContexts=[user]
        )
        yield _FirefoxPage(self, user)
        self.command("browser.removeUserContext", userContext=user)


class _FirefoxPage(_DriverPage):
    def __init__(self, firefox: Firefox, user: str) -> None:
        self._firefox = firefox
        opened = firefox.command("browsingContext.create", type="tab", userContext=user)
        self._context = {"context": opened["context"]}

    @property
    def errors(self) -> list[str]:  # type: ignore[override]
        self.evaluate("() => 0")  # reads the log that was sent meanwhile
        return [
            entry["text"]
            for entry in self._firefox.entries
            if entry["level"] == "error" and entry["source"]["context"] == self._context["context"]
            # A server that is away is no error of the page.
            if not re.match(
                "Firefox can’t establish a connection|The connection to ", entry["text"]
            )
        ]

    def goto(self, url: str) -> None:
        self._firefox.command("browsingContext.navigate", **self._context, url=url, wait="complete")

    def reload(self) -> None:
        self._firefox.command("browsingContext.reload", **self._context, wait="complete")

    def back(self) -> None:
        self._firefox.command("browsingContext.traverseHistory", **self._context, delta=-1)

    def evaluate(self, function: str, *arguments: Any) -> Any:
        call = (
            f"async (given) => JSON.stringify((await ({function})(...JSON.parse(given))) ?? null)"
        )
        answer = self._firefox.command(
            "script.callFunction",
            functionDeclaration=call,
            awaitPromise=True,
            target=self._context,
            arguments=[{"type": "string", "value": json.dumps(arguments)}],
        )
        if answer["type"] == "exception":
            raise BrowserError(answer["exceptionDetails"]["text"])
        return json.loads(answer["result"]["value"])

    def attach(self, selector: str, path: Path) -> None:
        found = self._firefox.command(
            "browsingContext.locateNodes",
            **self._context,
            locator={"type": "css", "value": selector},
        )
        node = {"sharedId": found["nodes"][0]["sharedId"]}
        self._firefox.command("input.setFiles", **self._context, element=node, files=[str(path)])

    def _act(self, kind: str, actions: Sequence[dict[str, Any]], **more: Any) -> None:
        source = {"type": kind, "id": kind, "actions": list(actions), **more}
        self._firefox.command("input.performActions", **self._context, actions=[source])


PREFERENCES = {
    "app.update.enabled": False,
    "browser.shell.checkDefaultBrowser": False,
    "datareporting.policy.dataSubmissionEnabled": False,
    "network.captive-portal-service.enabled": False,
    "network.connectivity-service.enabled": False,
}
"""Firefox asks nobody and tells nobody anything."""


@contextmanager
def running(*command: str, **options: Any) -> Iterator[None]:
    """Run a program until the block ends; what it writes is lost."""
    silent: dict[str, Any] = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    process = subprocess.Popen(command, **silent, **options)
    try:
        yield
    finally:
        process.terminate()
        process.wait(30)


@contextmanager
def firefox_of(program: str) -> Iterator[Firefox]:
    """Run Firefox without a display, with a profile of its own."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        lines = (f'user_pref("{name}", {json.dumps(it)});\n' for name, it in PREFERENCES.items())
        Path(folder, "user.js").write_text("".join(lines), "utf-8")
        options = ("--headless", "--no-remote", "--remote-debugging-port=0", "--profile", folder)
        with running(program, *options):
            firefox = Firefox(Path(folder))
            yield firefox
            firefox.socket.close()


# -- WebKit ----------------------------------------------------------------------------------------


class WebKit:
    """WebKitWebDriver, which runs a browser for each session."""

    def __init__(self, port: int, browser: str) -> None:
        self._port = port
        self._browser = browser
        answered(lambda: self.command("GET", "/status"))

    def command(self, method: str, path: str, **parameters: Any) -> Any:
        """Send a command; return its value. Raises :class:`BrowserError`."""
        body = json.dumps(parameters).encode() if method == "POST" else None
        headers = {"Content-Type": "application/json"}
        address = f"http://127.0.0.1:{self._port}{path}"
        request = urllib.request.Request(address, body, headers, method=method)
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return json.load(answer)["value"]
        except urllib.error.HTTPError as error:
            raise BrowserError(error.read().decode()) from None

    @contextmanager
    def page(self) -> Iterator[Page]:
        """Open a page in a browser of its own."""
        options = {"binary": self._browser, "args": ["--automation"]}
        wanted = {"alwaysMatch": {"webkitgtk:browserOptions": options}}
        path = f"/session/{self.command('POST', '/session', capabilities=wanted)['sessionId']}"
        try:
            yield _WebKitPage(self, path)
        finally:
            self.command("DELETE", path)


class _WebKitPage(_DriverPage):
    def __init__(self, webkit: WebKit, path: str) -> None:
        self._webkit = webkit
        self._path = path

    def _post(self, path: str, **parameters: Any) -> Any:
        return self._webkit.command("POST", f"{self._path}/{path}", **parameters)

    def goto(self, url: str) -> None:
        self._post("url", url=url)

    def reload(self) -> None:
        self._post("refresh")

    def back(self) -> None:
        self._post("back")

    def evaluate(self, function: str, *arguments: Any) -> Any:
        script = f"""
            const [given, done] = arguments;
            (async () => ({function})(...JSON.parse(given)))().then(
              (value) => done(JSON.stringify([value ?? null])), (error) => done(String(error)));"""
        answer = self._post("execute/async", script=script, args=[json.dumps(arguments)])
        if not answer.startswith("["):
            raise BrowserError(answer)
        return json.loads(answer)[0]

    def attach(self, selector: str, path: Path) -> None:
        found = self._post("element", using="css selector", value=selector)
        (element,) = found.values()
        self._post(f"element/{element}/value", text=str(path))

    def _act(self, kind: str, actions: Sequence[dict[str, Any]], **more: Any) -> None:
        source = {"type": kind, "id": kind, "actions": list(actions), **more}
        self._post("actions", actions=[source])


@contextmanager
def webkit_of(driver: str, screen: str, browser: str) -> Iterator[WebKit]:
    """Run WebKitWebDriver; *screen* is Xvfb, which shows windows to nobody."""
    read, write = os.pipe()
    options = ("-displayfd", str(write), "-screen", "0", "1280x900x24", "-nolisten", "tcp")
    with ExitStack() as stack:
        stack.enter_context(running(screen, *options, pass_fds=[write]))
        os.close(write)
        with open(read) as number:
            display = f":{number.readline().strip()}"
        environment = {"DISPLAY": display, "GDK_BACKEND": "x11", "LIBGL_ALWAYS_SOFTWARE": "1"}
        port = ReservedPort()
        stack.enter_context(running(driver, f"--port={port.number}", env=os.environ | environment))
        yield WebKit(port.number, browser)
