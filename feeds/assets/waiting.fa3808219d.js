// New entries that wait until the reader scrolls to them or presses the button that counts them.

import { entries, focus, insert, refresh } from "./entries.d57c194e02.js";
import { isShown, locale, say } from "./page.89b9ef8bf1.js";
import { isPaused } from "./pause.0a4921bf45.js";
import { holdPosition, isAtNewest, isOldestFirst, slide } from "./scroll.93227c576f.js";

const bar = document.getElementById("live");
const button = bar.querySelector(".new");
const forms = JSON.parse(bar.dataset.all);
const title = document.title;
const plural = new Intl.PluralRules(locale);

const ANNOUNCE_INTERVAL = 10_000; // least milliseconds between two counts for screen readers

const waiting = new Map(); // id → { item, article }

export const isWaiting = (id) => waiting.has(id);

export function hold(item, article) {
  waiting.set(item.id, { item, article });
}

export function discard(id) {
  waiting.delete(id);
}

/** Insert the waiting entries if the reader is where they appear, else show their number. */
export function showOrCount() {
  if (!showIfAtNewest()) showCount();
}

export function showIfAtNewest() {
  const isNow = !isPaused && !document.hidden && isAtNewest();
  if (isNow) showWaiting();
  return isNow;
}

/** Insert the waiting entries into the stream; return their articles. */
function showWaiting() {
  if (!waiting.size) return [];
  const shown = [...waiting.values()];
  waiting.clear();
  const change = () => {
    for (const { item, article } of shown) {
      article.classList.add("new");
      insert(item, article);
    }
    refresh();
  };
  if (isAtNewest() && !isOldestFirst()) slide(change);
  else holdPosition(change);
  showCount();
  return shown.map(({ article }) => article);
}

const counted = (n) =>
  (forms[plural.select(n)] ?? forms.other).replace("{n}", n.toLocaleString(locale));

/** Show the number of waiting entries on the button and in the page's title. */
export function showCount() {
  const count = [...waiting.values()].filter(({ article }) => isShown(article)).length;
  button.hidden = !count;
  if (count) button.lastElementChild.textContent = counted(count);
  document.title = count ? `(${count}) ${title}` : title;
}

let announcedAt = -Infinity;
let arrived = 0; // entries since the last announcement
let announcing;

/** Count one more new entry for screen readers. */
export function announce() {
  arrived += 1;
  if (announcing) return;
  announcing = setTimeout(() => {
    announcing = undefined;
    announcedAt = performance.now();
    say(counted(arrived));
    arrived = 0;
  }, Math.max(0, announcedAt + ANNOUNCE_INTERVAL - performance.now()));
}

button.addEventListener("click", () => {
  const shown = new Set(showWaiting());
  const first = entries().find((entry) => !entry.hidden && shown.has(entry));
  if (!first) return;
  focus(first);
  first.scrollIntoView({ block: "start", behavior: "instant" });
});

let isScrolling = false;

addEventListener(
  "scroll",
  () => {
    if (isScrolling || !waiting.size) return;
    isScrolling = true;
    requestAnimationFrame(() => {
      isScrolling = false;
      showIfAtNewest();
    });
  },
  { passive: true },
);

document.addEventListener("visibilitychange", () => document.hidden || showIfAtNewest());
document.addEventListener("liveblog:arranged", showCount);
