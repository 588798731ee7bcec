// The live page brings itself up to date: pushed by the server, else by asking for live.json.
// Nothing that is read moves; what is new waits for its reader, unless they stand where it arrives.

const { root } = document.body.dataset;
const { arrange, tellAge, isShown, say } = document.liveblog;
const bar = document.getElementById("live");
const stream = document.getElementById("stream");
const { all: words, out: outWord, reload: reloadWord, pause: pauseWord, resume: resumeWord } = bar.dataset;
const forms = JSON.parse(words);
const plural = new Intl.PluralRules(document.documentElement.lang);
const counted = (n) =>
  (forms[plural.select(n)] ?? forms.other).replace("{n}", n.toLocaleString(document.documentElement.lang));

const POLL = 10_000;
const HIDDEN = 5 * 60_000; // a tab unseen for so long gives its connection up
const STATUS = 10_000; // screen readers hear a count at most so often
const LONGEST = 30_000;

const newButton = bar.querySelector(".new");
const outLine = bar.querySelector(".out");
const title = document.title;
const byId = (id) => document.getElementById(`e-${id}`);
const parsed = (html) => document.createRange().createContextualFragment(html.trim()).firstElementChild;

const revisions = new Map(); // what we know of: entry → its newest revision
const held = new Map(); // new entries that wait: entry → { item, article }
let later = []; // what else waits while the reader paused
let isPaused = false;
let isOver = document.querySelector(".state")?.classList.contains("over") ?? false;

for (const article of stream.querySelectorAll(".entry")) {
  revisions.set(article.id.slice(2), Number(article.dataset.rev));
}

// -- Where the reader is ----------------------------------------------------------------------

const isOldestFirst = () => new URLSearchParams(location.search).get("order") === "oldest";

/** Whether the reader stands where new entries arrive. */
function isThere() {
  const { top, bottom } = stream.getBoundingClientRect();
  return isOldestFirst() ? bottom < innerHeight + 8 : top > -8;
}

const mayShow = () => !isPaused && !document.hidden && isThere();

/** Change the page and keep the line under the eye where it is. */
function steadily(change) {
  const eye = [...document.querySelectorAll("[data-part] > *, .entry")].find(
    (node) => node.getBoundingClientRect().bottom > 0,
  );
  const seen = eye?.closest(".entry")?.id;
  const before = eye?.getBoundingClientRect().top;
  change();
  const now = eye?.isConnected ? eye : seen && document.getElementById(seen);
  if (!now || scrollY === 0) return;
  const moved = now.getBoundingClientRect().top - before;
  if (Math.abs(moved) > 0.5) scrollBy({ top: moved, behavior: "instant" });
}

/** Let entries in where the reader sees it: what was there slides to its new place. */
function sliding(change) {
  const first = stream.querySelector(".entry:not([hidden])");
  const before = first?.getBoundingClientRect().top;
  change();
  const moved = first ? first.getBoundingClientRect().top - before : 0;
  if (moved && !matchMedia("(prefers-reduced-motion: reduce)").matches) {
    // Added to what still slides: entries may come faster than they settle.
    stream.animate([{ transform: `translateY(${-moved}px)` }, { transform: "translateY(0)" }], {
      duration: 260,
      easing: "ease-out",
      composite: "add",
    });
  }
}

// -- Entries ----------------------------------------------------------------------------------

/** Return the section of a day, made in its place if it is not there. */
function dayOf(item) {
  const days = [...stream.querySelectorAll(".day")];
  const found = days.find((day) => day.dataset.date === item.day);
  if (found) return found;
  const day = document.createElement("section");
  day.className = "day";
  day.dataset.date = item.day;
  day.append(parsed(item.heading));
  place(day, days, (other) => other.dataset.date, item.day, stream);
  return day;
}

/** Put a node among its like, in the order that the reader chose. */
function place(node, others, keyOf, key, parent) {
  const comesAfter = isOldestFirst() ? (other) => keyOf(other) > key : (other) => keyOf(other) < key;
  parent.insertBefore(node, others.find(comesAfter) ?? null);
}

function insert(item, article) {
  const day = dayOf(item);
  place(article, [...day.querySelectorAll(".entry")], (o) => o.dataset.order, item.order, day);
  article.querySelector("button.copy")?.removeAttribute("hidden");
}

function remove(article) {
  const day = article.closest(".day");
  article.remove();
  if (!day.querySelector(".entry")) day.remove();
}

/** Put a newer revision in the place of an older one, with what was focused in it. */
function swap(old, item) {
  const article = parsed(item.html);
  const focusable = "a, button";
  const at = [...old.querySelectorAll(focusable)].indexOf(document.activeElement);
  const isFocused = document.activeElement === old;
  steadily(() => {
    if (old.dataset.order === article.dataset.order) old.replaceWith(article);
    else {
      remove(old);
      insert(item, article);
    }
    article.querySelector("button.copy")?.removeAttribute("hidden");
    article.classList.add("changed");
    refresh();
  });
  if (isFocused) focus(article);
  else if (at >= 0) article.querySelectorAll(focusable)[at]?.focus({ preventScroll: true });
}

function focus(article) {
  article.tabIndex = -1;
  article.focus({ preventScroll: true });
}

function refresh() {
  arrange();
  tellAge();
}

/** Let in the entries that wait; return them as they stand on the page. */
function show() {
  if (!held.size) return [];
  const waiting = [...held.values()];
  held.clear();
  const change = () => {
    for (const { item, article } of waiting) {
      article.classList.add("new");
      insert(item, article);
    }
    refresh();
  };
  if (isThere() && !isOldestFirst()) sliding(change);
  else steadily(change);
  tell();
  return waiting.map(({ article }) => article);
}

const waitingCount = () => [...held.values()].filter(({ article }) => isShown(article)).length;

/** Say how many entries wait: on the button, in the title, and now and then to screen readers. */
function tell() {
  const count = waitingCount();
  newButton.hidden = !count;
  if (count) newButton.lastElementChild.textContent = counted(count);
  document.title = count ? `(${count}) ${title}` : title;
}

let saidAt = -Infinity;
let arrived = 0; // since the screen reader was told
let sayTimer;

function announce() {
  arrived += 1;
  if (sayTimer) return;
  sayTimer = setTimeout(() => {
    sayTimer = undefined;
    saidAt = performance.now();
    say(counted(arrived));
    arrived = 0;
  }, Math.max(0, saidAt + STATUS - performance.now()));
}

// -- What is told -----------------------------------------------------------------------------

const told = {
  entry(item) {
    if ((revisions.get(item.id) ?? 0) >= item.rev) return;
    const article = byId(item.id);
    if (article && isPaused) return void later.push(["entry", item]);
    const isNew = !revisions.has(item.id);
    revisions.set(item.id, item.rev);
    if (article) return swap(article, item);
    if (!isNew && !held.has(item.id)) return;
    const orders = [...stream.querySelectorAll(".entry")].map((entry) => entry.dataset.order);
    // What is older than this page belongs to its day's page.
    if (orders.length >= 50 && orders.every((order) => order > item.order)) return;
    const made = parsed(item.html);
    held.set(item.id, { item, article: made });
    if (isNew && isShown(made)) announce();
    if (mayShow()) show();
    else tell();
  },

  removed({ id }) {
    if (isPaused && byId(id)) return void later.push(["removed", { id }]);
    held.delete(id);
    revisions.delete(id); // should it be brought back, it is new
    const article = byId(id);
    if (article) steadily(() => (remove(article), refresh()));
    tell();
  },

  page(page) {
    if (isPaused) return void later.push(["page", page]);
    steadily(() => {
      for (const [name, made] of Object.entries(page.parts)) part(name, made);
      refresh();
      showControls();
    });
    if (page.state === "over") finish();
  },

  reload() {
    const link = document.createElement("a");
    link.href = location.href.split("#")[0];
    link.textContent = reloadWord;
    outLine.replaceChildren(link);
    outLine.hidden = false;
  },

  hello() {},
};

/** Swap a part of the page beside its entries; what the reader opened, scrolled or focused stays. */
function part(name, { mark, html }) {
  const box = document.querySelector(`[data-part="${name}"]`);
  if (!box || box.dataset.mark === mark) return;
  box.dataset.mark = mark;
  const fresh = document.createElement("div");
  fresh.append(document.createRange().createContextualFragment(html));
  const folded = [...box.querySelectorAll("details:not([open])")].map((details) => details.id);
  for (const details of fresh.querySelectorAll("details")) {
    details.open = !folded.includes(details.id);
  }
  const aside = box.querySelector("ol")?.scrollLeft;
  const focused = box.contains(document.activeElement)
    ? [...box.querySelectorAll("a, button, summary")].indexOf(document.activeElement)
    : -1;
  box.replaceChildren(...fresh.childNodes);
  if (aside) box.querySelector("ol")?.scrollTo({ left: aside, behavior: "instant" });
  if (focused >= 0) {
    box.querySelectorAll("a, button, summary")[focused]?.focus({ preventScroll: true });
  }
}

/** Take over live.json: whatever of it we do not know. */
function merge({ entries, removed, page }) {
  if (entries.length >= 20 && revisions.size && !entries.some(({ id }) => revisions.has(id))) {
    told.reload();
  }
  for (const item of [...entries].reverse()) told.entry(item);
  for (const id of removed) told.removed({ id });
  told.page(page);
}

let etag;
let isPushed = false;

async function catchUp() {
  const answer = await fetch(`${root}live.json`, { cache: "no-cache" });
  if (!answer.ok) throw new Error(answer.status);
  // A static host has no stream, and says so by not naming one.
  isPushed = answer.headers.get("link")?.includes("text/event-stream") ?? false;
  const now = answer.headers.get("etag");
  if (now && now === etag) return;
  merge(await answer.json());
  etag = now;
}

// -- In touch, or not -------------------------------------------------------------------------

let outSince = 0;
let outTimer;

function inTouch(isIn) {
  if (isIn) {
    clearTimeout(outTimer);
    outTimer = undefined;
    outSince = 0;
    if (!outLine.querySelector("a")) outLine.hidden = true;
  } else if (!outSince) {
    outSince = Date.now();
    // A blink of the network is nobody's concern.
    outTimer = setTimeout(() => {
      if (outLine.querySelector("a")) return;
      const time = new Intl.DateTimeFormat(document.documentElement.lang, { timeStyle: "short" });
      outLine.textContent = outWord.replace("{time}", time.format(outSince));
      outLine.hidden = false;
      say(outLine.textContent);
    }, 2_000);
  }
}

/** Say whether we are in touch, to the other tabs too. */
function reached(isIn) {
  inTouch(isIn);
  channel?.postMessage({ kind: "touch", data: isIn });
}

// One connection a browser: the tab that holds the lock has it, and passes on what it is told.
const channel = "BroadcastChannel" in self ? new BroadcastChannel(`liveblog ${new URL(root, location)}`) : null;
let source;
let point = ""; // up to where we know the blog
let failures = 0;
let timer;
let release; // gives the lock up
let queued; // takes our request for it back

function open() {
  clearTimeout(timer);
  source?.close();
  source = new EventSource(`${root}events${point ? `?after=${encodeURIComponent(point)}` : ""}`);
  for (const kind of Object.keys(told)) {
    source.addEventListener(kind, (event) => {
      const data = JSON.parse(event.data);
      const isFirst = kind === "hello" && !point;
      point = event.lastEventId || point;
      failures = 0;
      if (outSince) reached(true);
      told[kind](data);
      channel?.postMessage({ kind, data, point });
      if (isFirst) catchUp().catch(() => {});
    });
  }
  source.onerror = () => {
    source.close();
    failures += 1;
    reached(false);
    if (failures >= 3) poll(Date.now() + 60_000);
    else timer = setTimeout(open, Math.min(LONGEST, 1000 * 2 ** failures) * (0.5 + Math.random() / 2));
  };
}

/** Ask for live.json, again and again, until there is a stream and it is time to try it. */
async function poll(until) {
  clearTimeout(timer);
  try {
    await catchUp();
    reached(true);
    channel?.postMessage({ kind: "poll" });
  } catch {
    reached(false);
  }
  if (isOver || !isLeading) return;
  if (isPushed && Date.now() >= until) open();
  else timer = setTimeout(poll, POLL * (0.9 + Math.random() / 5), until);
}

let isLeading = false;

function lead() {
  isLeading = true;
  failures = 0;
  if (point) open();
  else poll(0);
}

function rest() {
  isLeading = false;
  clearTimeout(timer);
  source?.close();
  source = undefined;
  release?.();
  release = undefined;
  queued?.abort();
  queued = undefined;
}

function start() {
  if (isOver || isLeading || queued) return;
  if (!navigator.locks) return lead();
  queued = new AbortController();
  const { signal } = queued;
  navigator.locks
    .request(`liveblog ${new URL(root, location)}`, { signal }, () => {
      queued = undefined;
      lead();
      return new Promise((resolve) => (release = resolve));
    })
    .catch(() => {});
  // Another tab may have it: then that one tells us, from now on.
  if (point || !isLeading) catchUp().catch(() => {});
}

function finish() {
  isOver = true;
  rest();
  inTouch(true);
  showControls();
}

channel?.addEventListener("message", ({ data: { kind, data, point: theirs } }) => {
  if (isLeading) return;
  if (kind === "touch") return inTouch(data);
  if (kind === "poll") return void catchUp().catch(() => {});
  point = theirs || point;
  told[kind](data);
});

let hiddenTimer;

document.addEventListener("visibilitychange", () => {
  clearTimeout(hiddenTimer);
  if (document.hidden) {
    hiddenTimer = setTimeout(rest, HIDDEN);
    return;
  }
  start();
  if (mayShow()) show();
});

addEventListener("pagehide", rest);
addEventListener("pageshow", (event) => event.persisted && start());
addEventListener("online", () => isLeading && open());

// -- What the reader does ---------------------------------------------------------------------

let isScrolling = false;

addEventListener(
  "scroll",
  () => {
    if (isScrolling || !held.size) return;
    isScrolling = true;
    requestAnimationFrame(() => {
      isScrolling = false;
      if (mayShow()) show();
    });
  },
  { passive: true },
);

newButton.addEventListener("click", () => {
  const shown = new Set(show());
  const first = [...stream.querySelectorAll(".entry:not([hidden])")].find((entry) => shown.has(entry));
  if (!first) return;
  focus(first);
  first.scrollIntoView({ block: "start", behavior: "instant" });
});

document.addEventListener("liveblog:arranged", tell);

/** Show what is of use with this script: the pause, in the place of the refresh. */
function showControls() {
  const button = document.querySelector("button.pause");
  const link = document.querySelector("a.refresh");
  if (link) link.hidden = true;
  if (!button) return;
  button.hidden = isOver;
  button.textContent = isPaused ? resumeWord : pauseWord;
  button.setAttribute("aria-pressed", isPaused);
}

document.addEventListener("click", (event) => {
  if (!event.target.closest?.("button.pause")) return;
  isPaused = !isPaused;
  showControls();
  if (isPaused) return;
  const waiting = later;
  later = [];
  for (const [kind, data] of waiting) told[kind](data);
  if (mayShow()) show();
});

showControls();
start();
