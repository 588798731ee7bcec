// The connection to the server: Server-Sent Events, or live.json every ten seconds without them.
// One tab of a browser holds the connection and passes the events on to the others.

import { openStream } from "./events.c0fe7e15f7.js";
import { isOutage, setReachable } from "./notices.43a465d4e1.js";

const POLL_INTERVAL = 10_000; // milliseconds
const HIDDEN_LIMIT = 5 * 60_000; // milliseconds after which a hidden tab disconnects
const LONGEST_RETRY = 30_000; // milliseconds
const ANSWER_LIMIT = 4_000; // milliseconds within which a server answers, the first time
const FRESH = 1_000; // milliseconds in which a connection that was heard is taken for alive
const WATCH_INTERVAL = 2_000; // milliseconds

const { root } = document.body.dataset;
const name = `liveblog ${new URL(root, location)}`;
const channel = "BroadcastChannel" in self ? new BroadcastChannel(name) : null;

export let isOver = document.querySelector(".state")?.classList.contains("over") ?? false;

let updates; // what to do with each kind of event
let merge; // what to do with live.json

let isLeader = false; // this tab holds the connection
let releaseLock;
let lockRequest; // an AbortController

let stopStream; // closes the stream, while there is one
let heardAt = 0; // when the stream, or the tab that holds it, sent something
let silence = 0; // milliseconds without a word after which the stream is dead; 0: not known
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
    else resume();
  });
  addEventListener("pagehide", close);
  addEventListener("pageshow", (event) => event.persisted && resume());
  addEventListener("online", resume);
  setInterval(watch, WATCH_INTERVAL);
  channel?.addEventListener("message", receive);
  open();
}

/** Disconnect for good: the coverage is over. */
export function disconnect() {
  isOver = true;
  close();
  setReachable(true);
}

/** Connect again, or make sure that the connection is alive: no error tells that one is dead. */
function resume() {
  if (isOver) return;
  if (!isLeader && !lockRequest) return open();
  if (Date.now() - heardAt < FRESH) return;
  if (isLeader && stopStream) listen();
  catchUp(ANSWER_LIMIT).catch(() => {});
}

/** Notice a stream that is open and dead: nothing was heard for longer than the server is silent. */
function watch() {
  const limit = silence || (stopStream ? ANSWER_LIMIT * (failures + 1) : 0);
  if (!limit || isOver || Date.now() - heardAt < limit) return;
  if (isLeader && stopStream) return fail(heardAt);
  if (isLeader || document.hidden) return;
  // The tab that holds the connection says nothing; it may sleep.
  heardAt = Date.now();
  catchUp().then(() => setReachable(true), () => setReachable(false, heardAt));
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
  closeStream();
  releaseLock?.();
  releaseLock = undefined;
  lockRequest?.abort();
  lockRequest = undefined;
}

function lead() {
  isLeader = true;
  failures = 0;
  if (position) listen();
  else poll(0);
}

function listen() {
  clearTimeout(timer);
  closeStream();
  heardAt = Date.now();
  const query = position ? `?after=${encodeURIComponent(position)}` : "";
  const handlers = Object.fromEntries(
    Object.keys(updates).map((kind) => [kind, (event) => handle(kind, event)]),
  );
  handlers.beat = () => {
    heardAt = Date.now();
    channel?.postMessage({ kind: "beat", data: silence });
  };
  stopStream = openStream(`${root}events${query}`, handlers, () => fail());
}

/** Handle an event of the stream, and pass it on to the other tabs. */
function handle(kind, event) {
  const data = JSON.parse(event.data);
  heardAt = Date.now();
  // A server that does not say how often it sends something may be silent for long.
  if (kind === "hello") silence = (data.beat ?? Infinity) * 2500;
  const isFirst = kind === "hello" && !position;
  position = event.lastEventId || position;
  failures = 0;
  if (isOutage()) setReachableInAllTabs(true);
  updates[kind](data);
  channel?.postMessage({ kind, data, position });
  if (isFirst) catchUp().catch(() => {});
}

function closeStream() {
  stopStream?.();
  stopStream = undefined;
  silence = 0;
}

/** Try again, less and less often; fetch live.json meanwhile. *since* is when it was heard last. */
function fail(since) {
  closeStream();
  failures += 1;
  setReachableInAllTabs(false, since);
  if (failures >= 3) return poll(Date.now() + 60_000);
  if (since) catchUp(ANSWER_LIMIT).catch(() => {});
  const pause = Math.min(LONGEST_RETRY, 1000 * 2 ** failures);
  timer = setTimeout(listen, pause * (0.5 + Math.random() / 2));
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
  if (hasStream && Date.now() >= retryAt) listen();
  else timer = setTimeout(poll, POLL_INTERVAL * (0.9 + Math.random() / 5), retryAt);
}

async function catchUp(limit = LONGEST_RETRY) {
  const answer = await ask(`${root}live.json`, limit);
  if (!answer.ok) throw new Error(answer.status);
  // A server with a stream names it in a Link header; a static host has none.
  hasStream = answer.headers.get("link")?.includes("text/event-stream") ?? false;
  const now = answer.headers.get("etag");
  if (now && now === etag) return;
  merge(await answer.json());
  etag = now;
}

/** Fetch what changed, or fail within a limit: a dead connection would not end by itself. */
async function ask(address, limit) {
  const abort = new AbortController();
  const timeout = setTimeout(() => abort.abort(), limit);
  try {
    return await fetch(address, { cache: "no-cache", signal: abort.signal });
  } finally {
    clearTimeout(timeout);
  }
}

function setReachableInAllTabs(isReachable, since) {
  setReachable(isReachable, since);
  channel?.postMessage({ kind: "reachable", data: isReachable });
}

/** Handle a message from the tab that holds the connection. */
function receive({ data: { kind, data, position: theirs } }) {
  if (isLeader) return;
  heardAt = Date.now();
  if (kind === "beat") return void (silence = data);
  if (kind === "reachable") return setReachable(data);
  if (kind === "poll") return void catchUp().catch(() => {});
  position = theirs || position;
  updates[kind]?.(data); // a tab with an older script may send other kinds
}
