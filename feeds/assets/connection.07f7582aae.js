// The connection to the server: Server-Sent Events, or live.json every ten seconds without them.
// One tab of a browser holds the connection and passes the events on to the others.

import { isOutage, setReachable } from "./notices.f39eb7907d.js";

const POLL_INTERVAL = 10_000; // milliseconds
const HIDDEN_LIMIT = 5 * 60_000; // milliseconds after which a hidden tab disconnects
const LONGEST_RETRY = 30_000; // milliseconds

const { root } = document.body.dataset;
const name = `liveblog ${new URL(root, location)}`;
const channel = "BroadcastChannel" in self ? new BroadcastChannel(name) : null;

export let isOver = document.querySelector(".state")?.classList.contains("over") ?? false;

let updates; // what to do with each kind of event
let merge; // what to do with live.json

let isLeader = false; // this tab holds the connection
let releaseLock;
let lockRequest; // an AbortController

let source;
let position = ""; // id of the last event
let failures = 0;
let timer;

let etag; // of live.json
let hasStream = false;

/** Connect, reconnect when the page is shown again, and disconnect when it is hidden for long. */
export function connect(handlers, mergeDocument) {
  updates = handlers;
  merge = mergeDocument;
  let hiddenTimer;
  document.addEventListener("visibilitychange", () => {
    clearTimeout(hiddenTimer);
    if (document.hidden) hiddenTimer = setTimeout(close, HIDDEN_LIMIT);
    else open();
  });
  addEventListener("pagehide", close);
  addEventListener("pageshow", (event) => event.persisted && open());
  addEventListener("online", () => isLeader && openStream());
  channel?.addEventListener("message", receive);
  open();
}

/** Disconnect for good: the coverage is over. */
export function disconnect() {
  isOver = true;
  close();
  setReachable(true);
}

function open() {
  if (isOver || isLeader || lockRequest) return;
  if (!navigator.locks) return lead();
  lockRequest = new AbortController();
  navigator.locks
    .request(name, { signal: lockRequest.signal }, () => {
      lockRequest = undefined;
      lead();
      return new Promise((resolve) => (releaseLock = resolve));
    })
    .catch(() => {});
  // Another tab may hold the lock: it passes on only what comes from now on.
  if (position || !isLeader) catchUp().catch(() => {});
}

function close() {
  isLeader = false;
  clearTimeout(timer);
  source?.close();
  source = undefined;
  releaseLock?.();
  releaseLock = undefined;
  lockRequest?.abort();
  lockRequest = undefined;
}

function lead() {
  isLeader = true;
  failures = 0;
  if (position) openStream();
  else poll(0);
}

function openStream() {
  clearTimeout(timer);
  source?.close();
  source = new EventSource(`${root}events${position ? `?after=${encodeURIComponent(position)}` : ""}`);
  for (const kind of Object.keys(updates)) {
    source.addEventListener(kind, (event) => {
      const data = JSON.parse(event.data);
      const isFirst = kind === "hello" && !position;
      position = event.lastEventId || position;
      failures = 0;
      if (isOutage()) setReachableInAllTabs(true);
      updates[kind](data);
      channel?.postMessage({ kind, data, position });
      if (isFirst) catchUp().catch(() => {});
    });
  }
  source.onerror = () => {
    source.close();
    failures += 1;
    setReachableInAllTabs(false);
    if (failures >= 3) return poll(Date.now() + 60_000);
    const pause = Math.min(LONGEST_RETRY, 1000 * 2 ** failures);
    timer = setTimeout(openStream, pause * (0.5 + Math.random() / 2));
  };
}

/** Fetch live.json again and again; from *retryAt* on, open the stream if the server has one. */
async function poll(retryAt) {
  clearTimeout(timer);
  try {
    await catchUp();
    setReachableInAllTabs(true);
    channel?.postMessage({ kind: "poll" });
  } catch {
    setReachableInAllTabs(false);
  }
  if (isOver || !isLeader) return;
  if (hasStream && Date.now() >= retryAt) openStream();
  else timer = setTimeout(poll, POLL_INTERVAL * (0.9 + Math.random() / 5), retryAt);
}

async function catchUp() {
  const answer = await fetch(`${root}live.json`, { cache: "no-cache" });
  if (!answer.ok) throw new Error(answer.status);
  // A server with a stream names it in a Link header; a static host has none.
  hasStream = answer.headers.get("link")?.includes("text/event-stream") ?? false;
  const now = answer.headers.get("etag");
  if (now && now === etag) return;
  merge(await answer.json());
  etag = now;
}

function setReachableInAllTabs(isReachable) {
  setReachable(isReachable);
  channel?.postMessage({ kind: "reachable", data: isReachable });
}

/** Handle a message from the tab that holds the connection. */
function receive({ data: { kind, data, position: theirs } }) {
  if (isLeader) return;
  if (kind === "reachable") return setReachable(data);
  if (kind === "poll") return void catchUp().catch(() => {});
  position = theirs || position;
  updates[kind]?.(data); // a tab with an older script may send other kinds
}
