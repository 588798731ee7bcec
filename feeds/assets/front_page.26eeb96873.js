// The front page of several blogs: shows what changed in one of them while the page is open.
// Without this script the page says what it said when it was loaded.

import { openStream } from "./events.c0fe7e15f7.js";
import { say, showAges } from "./page.89b9ef8bf1.js";

const SPREAD = 2_000; // milliseconds over which the open pages fetch a change
const HIDDEN_LIMIT = 5 * 60_000; // milliseconds after which a hidden page disconnects
const LONGEST_RETRY = 30_000; // milliseconds
const WATCH_INTERVAL = 2_000; // milliseconds

const list = document.getElementById("blogs");
let stopStream; // closes the stream, while there is one
let retryTimer;
let refreshTimer;
let hiddenTimer;
let failures = 0;
let heardAt = 0;
let silence = 30_000; // milliseconds without a word after which the stream is dead

/** Fetch the page again, and replace the blogs that changed; what has the focus keeps it. */
async function refresh() {
  const answer = await fetch(location.pathname, { cache: "no-cache" });
  if (!answer.ok) return;
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const fresh = [...page.querySelectorAll("#blogs > li")];
  const shown = [...list.children];
  fresh.forEach((item, index) => {
    const old = shown[index];
    if (old?.dataset.mark === item.dataset.mark) return;
    const focused = old ? [...old.querySelectorAll("a")].indexOf(document.activeElement) : -1;
    if (old) old.replaceWith(item);
    else list.append(item);
    if (focused >= 0) item.querySelectorAll("a")[focused]?.focus();
    say(item.querySelector("h2").textContent);
  });
  for (const gone of shown.slice(fresh.length)) gone.remove();
  showAges();
}

function refreshSoon(spread) {
  clearTimeout(refreshTimer);
  refreshTimer = setTimeout(() => refresh().catch(() => {}), Math.random() * spread);
}

function heard() {
  heardAt = Date.now();
}

function open() {
  clearTimeout(retryTimer);
  if (stopStream) return;
  heard();
  stopStream = openStream(
    "/events",
    {
      hello: (event) => {
        heard();
        failures = 0;
        silence = JSON.parse(event.data).beat * 2_500;
        refreshSoon(0); // whatever changed since the page was made
      },
      beat: heard,
      changed: () => (heard(), refreshSoon(SPREAD)),
    },
    fail,
  );
}

function close() {
  clearTimeout(retryTimer);
  stopStream?.();
  stopStream = undefined;
}

function fail() {
  close();
  failures += 1;
  const pause = Math.min(LONGEST_RETRY, 1000 * 2 ** failures);
  retryTimer = setTimeout(open, pause * (0.5 + Math.random() / 2));
}

document.addEventListener("visibilitychange", () => {
  clearTimeout(hiddenTimer);
  if (document.hidden) hiddenTimer = setTimeout(close, HIDDEN_LIMIT);
  else open();
});
addEventListener("pagehide", close);
addEventListener("pageshow", (event) => event.persisted && open());
addEventListener("online", () => (close(), open()));
setInterval(() => {
  if (stopStream && Date.now() - heardAt > silence) fail();
}, WATCH_INTERVAL);
open();
