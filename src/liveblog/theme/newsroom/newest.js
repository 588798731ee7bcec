// The list of the newest updates below the form, kept up to date; pins them from the list.

import { fetchWithin, formData } from "./api.js";
import { all, byId, root, words } from "./dom.js";
import { openStream } from "./events.js";

const REFRESH_DELAY = 100; // milliseconds after an event
const SCHEDULE_INTERVAL = 30_000; // milliseconds between two looks while an update is scheduled
const ANSWER_LIMIT = 8_000; // milliseconds within which a server answers
const FRESH = 1_000; // milliseconds in which a stream that was heard is taken for alive
const WATCH_INTERVAL = 2_000; // milliseconds
const RETRY = 4_000; // milliseconds after which a stream that broke off is opened again
const KINDS = ["hello", "beat", "entry", "removed", "page", "reload"]; // of events

let isFetching = false;
let isOutdated = false; // asked for again while fetching
let lastSent = new URLSearchParams(location.search).get("done") ?? ""; // id, from this page

/** Fetch the list again; the update with the id *sent*, if it is given, stands on top from now on. */
export async function refresh(sent = "") {
  lastSent = sent || lastSent;
  const list = byId("list");
  if (!list || new URLSearchParams(location.search).has("before")) return;
  if (isFetching) {
    isOutdated = true;
    return;
  }
  isFetching = true;
  try {
    const response = await fetchWithin(`${root}compose/entries?top=${lastSent}`, {}, ANSWER_LIMIT);
    const fresh = new DOMParser().parseFromString(await response.text(), "text/html");
    if (response.ok && fresh.getElementById("entries")) {
      show(fresh, list);
      offerPlaces();
    }
  } catch {
    // No network: the stream reconnects, and the list is refreshed then.
  }
  isFetching = false;
  if (isOutdated) {
    isOutdated = false;
    refresh();
  }
}

/** Show fetched lists: what is scheduled, folded, and the newest updates. */
function show(fresh, list) {
  if (!byId("entries")) return list.replaceChildren(...fresh.body.childNodes);
  const [planned, now] = [byId("planned"), fresh.getElementById("planned")];
  merge(byId("entries"), fresh.getElementById("entries"));
  if (!planned || !now) {
    planned?.remove();
    if (now) byId("entries").before(document.importNode(now, true));
    return;
  }
  planned.open ||= now.open && !byId("waiting").querySelector(`[data-id="${lastSent}"]`);
  planned.firstElementChild.textContent = now.firstElementChild.textContent;
  merge(byId("waiting"), fresh.getElementById("waiting"));
}

/** Bring a list up to date; entries that did not change stay as they are, with the focus in them. */
function merge(entries, fresh) {
  const known = new Map(all(":scope > .item", entries).map((item) => [item.dataset.id, item]));
  let next = entries.firstElementChild;
  for (const item of all(":scope > .item", fresh)) {
    const old = known.get(item.dataset.id);
    known.delete(item.dataset.id);
    if (old && old.dataset.state === item.dataset.state) {
      if (old === next) next = next.nextElementSibling;
      else entries.insertBefore(old, next);
      continue;
    }
    const shown = document.importNode(item, true);
    shown.classList.add("new");
    if (old) {
      if (old === next) next = next.nextElementSibling;
      old.remove();
    }
    entries.insertBefore(shown, next);
  }
  for (const removed of known.values()) removed.remove();
}

/** Offer the entries of the list as those that the next one can follow. */
function offerPlaces() {
  const select = byId("after");
  if (!select) return;
  const chosen = select.value;
  const named = all("#list .item").filter(({ dataset }) => dataset.name);
  const options = named.map(({ dataset }) => new Option(dataset.name, dataset.id));
  select.replaceChildren(new Option(), ...options);
  select.value = chosen;
}

/** Refresh the list whenever the blog changes. */
export function follow() {
  let isFirst = true;
  let waiting = 0;
  const refreshSoon = () => {
    clearTimeout(waiting);
    waiting = setTimeout(() => refresh(), REFRESH_DELAY);
  };
  let stop; // closes the stream
  let heardAt;
  let silence; // milliseconds without a word after which the stream is dead
  const listen = () => {
    stop?.();
    heardAt = Date.now();
    silence = ANSWER_LIMIT;
    const handle = ({ type, data }) => {
      heardAt = Date.now();
      if (type === "hello") silence = (JSON.parse(data).beat ?? Infinity) * 2500;
      if (type !== "beat" && !(type === "hello" && isFirst)) refreshSoon();
      isFirst = false;
    };
    const handlers = Object.fromEntries(KINDS.map((kind) => [kind, handle]));
    // It is opened again when the silence is noticed.
    stop = openStream(`${root}events`, handlers, () => (silence = RETRY));
  };
  const listenIfSilent = (limit) => Date.now() - heardAt > limit && listen();
  listen();
  // No error tells that a stream is dead.
  setInterval(() => listenIfSilent(silence), WATCH_INTERVAL);
  document.addEventListener("visibilitychange", () => document.hidden || listenIfSilent(FRESH));
  // A scheduled update appears without an event.
  setInterval(() => {
    if (!document.hidden && document.querySelector(".waits")) refresh();
  }, SCHEDULE_INTERVAL);
}

/** Send the buttons that pin and unpin without leaving the page. */
export function pinInPlace() {
  byId("list")?.addEventListener("submit", async (event) => {
    event.preventDefault();
    const body = formData(event.target, event.submitter);
    try {
      const response = await fetchWithin(event.target.action, { method: "POST", body });
      if (!response.ok) {
        const page = new DOMParser().parseFromString(await response.text(), "text/html");
        byId("status").textContent = page.querySelector(".problem")?.textContent ?? "";
      }
    } catch {
      byId("status").textContent = words.unsent;
    }
    refresh();
  });
}
