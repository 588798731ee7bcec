// Applies the events of the stream, and the document live.json, to the page.

import { disconnect } from "./connection.1223315122.js";
import { entries, findEntry, parse, refresh, remove, replace } from "./entries.d57c194e02.js";
import { offerReload } from "./notices.43a465d4e1.js";
import { isShown } from "./page.89b9ef8bf1.js";
import { defer, isPaused, showPauseButton } from "./pause.0a4921bf45.js";
import { holdPosition } from "./scroll.93227c576f.js";
import { announce, discard, hold, isWaiting, showCount, showOrCount } from "./waiting.fa3808219d.js";

const revisions = new Map(); // id of each known entry → its newest revision
for (const article of entries()) {
  revisions.set(article.id.slice(2), Number(article.dataset.rev));
}

/** What each kind of event does. */
export const updates = {
  entry(item) {
    if ((revisions.get(item.id) ?? 0) >= item.rev) return;
    const article = findEntry(item.id);
    if (article && isPaused) return defer(() => updates.entry(item));
    const isNew = !revisions.has(item.id);
    revisions.set(item.id, item.rev);
    if (article) return replace(article, item);
    if (!isNew && !isWaiting(item.id)) return;
    // An entry older than the whole page belongs to its day's page.
    const isOldest = entries().every(({ dataset }) => dataset.order > item.order);
    if (isOldest && document.querySelector(".older")) return;
    const fresh = parse(item.html);
    hold(item, fresh);
    if (isNew && isShown(fresh)) announce();
    showOrCount();
  },

  removed({ id }) {
    const article = findEntry(id);
    if (isPaused && article) return defer(() => updates.removed({ id }));
    discard(id);
    revisions.delete(id); // if it is restored, it is a new entry
    if (article) holdPosition(() => (remove(article), refresh()));
    showCount();
  },

  page(page) {
    if (isPaused) return defer(() => updates.page(page));
    if (page.state === "over") disconnect();
    holdPosition(() => {
      for (const [name, part] of Object.entries(page.parts)) replacePart(name, part);
      refresh();
      showPauseButton();
    });
  },

  reload: offerReload,

  hello() {},
};

/** Apply what live.json holds beyond what the page shows. */
export function merge({ entries: items, more, removed, page }) {
  const isGap = revisions.size && !items.some(({ id }) => revisions.has(id));
  if (more && isGap) offerReload();
  for (const item of [...items].reverse()) updates.entry(item);
  for (const id of removed) updates.removed({ id });
  updates.page(page);
}

/** Replace a part of the page outside the stream; unfolded, scrolled and focused elements stay so. */
function replacePart(name, { mark, html }) {
  const box = document.querySelector(`[data-part="${name}"]`);
  if (!box || box.dataset.mark === mark) return;
  box.dataset.mark = mark;
  const fresh = document.createElement("div");
  fresh.append(document.createRange().createContextualFragment(html));
  const folded = [...box.querySelectorAll("details:not([open])")].map((details) => details.id);
  const whole = [...box.querySelectorAll("details.whole")].map((details) => details.id);
  for (const details of fresh.querySelectorAll("details")) {
    details.open = !folded.includes(details.id);
    details.classList.toggle("whole", whole.includes(details.id));
  }
  const focusable = () => [...box.querySelectorAll("a, button, summary")];
  const focused = focusable().indexOf(document.activeElement);
  const left = box.querySelector("ol")?.scrollLeft;
  box.replaceChildren(...fresh.childNodes);
  if (left) box.querySelector("ol")?.scrollTo({ left, behavior: "instant" });
  if (focused >= 0) focusable()[focused]?.focus({ preventScroll: true });
}
