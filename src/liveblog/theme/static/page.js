// Runs on every page for readers: relative times, colour scheme, copied links, filters and order.
// Without this script every link still works.

const page = document.documentElement;
/** The page's language with the digits of the server's texts; some browsers have others for Arabic. */
export const locale = new Intl.Locale(page.lang, { numberingSystem: "latn" }).toString();
const { root, now: nowWord, copied: copiedWord } = document.body.dataset;
const status = document.getElementById("status");
const all = (selector, within = document) => [...within.querySelectorAll(selector)];

/** Have screen readers announce a text. */
export function say(text) {
  // Cleared first, so that the same words are announced again.
  status.textContent = "";
  setTimeout(() => (status.textContent = text), 50);
}

// -- Relative times, beside absolute ones of the last 24 hours --------------------------------

const relative = new Intl.RelativeTimeFormat(locale, { numeric: "always", style: "short" });
const DAY = 86_400; // seconds

function ago(time) {
  const seconds = Math.floor((Date.now() - Date.parse(time.dateTime)) / 1000);
  if (!(seconds > -60 && seconds < DAY)) return "";
  if (seconds < 60) return nowWord;
  const minutes = Math.floor(seconds / 60);
  return minutes < 60
    ? relative.format(-minutes, "minute")
    : relative.format(-Math.floor(minutes / 60), "hour");
}

/** Update the relative time beside each absolute one. */
export function showAges() {
  if (document.hidden) return;
  for (const time of all("time[data-relative], .entry .when time:not([data-vague])")) {
    const text = ago(time);
    let span = time.nextElementSibling;
    if (!span?.classList.contains("ago")) {
      if (!text) continue;
      span = document.createElement("span");
      span.className = "ago";
      time.after(" ", span);
    }
    if (!text) span.remove();
    else if (span.textContent !== text) span.textContent = text;
  }
}

setInterval(showAges, 30_000);
document.addEventListener("visibilitychange", showAges);

// -- Colour scheme ----------------------------------------------------------------------------

const system = matchMedia("(prefers-color-scheme: dark)");
const systemTheme = () => (system.matches ? "dark" : "light");
const themeButton = document.querySelector("button.theme");

function labelThemeButton() {
  const other = (page.dataset.theme ?? systemTheme()) === "dark" ? "light" : "dark";
  themeButton.textContent = themeButton.dataset[other];
  themeButton.value = other;
}

if (themeButton) {
  themeButton.hidden = false;
  labelThemeButton();
  system.addEventListener("change", labelThemeButton);
  themeButton.addEventListener("click", () => {
    const chosen = themeButton.value;
    page.dataset.theme = chosen;
    labelThemeButton();
    try {
      // The system's own scheme needs no entry: it is followed again.
      if (chosen === systemTheme()) localStorage.removeItem("liveblog.theme");
      else localStorage.setItem("liveblog.theme", chosen);
    } catch {
      // No storage: the choice lasts as long as the page.
    }
  });
}

// -- Copy link --------------------------------------------------------------------------------

async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    // The clipboard API needs HTTPS.
    const field = document.createElement("textarea");
    field.value = text;
    field.className = "visually-hidden";
    document.body.append(field);
    field.select();
    const done = document.execCommand("copy");
    field.remove();
    if (!done) throw new Error("not copied");
  }
}

document.addEventListener("click", async (event) => {
  const button = event.target.closest?.("button.copy");
  if (!button || button.dataset.label) return;
  try {
    await copy(button.dataset.url);
  } catch {
    return;
  }
  button.focus();
  button.dataset.label = button.textContent;
  button.textContent = copiedWord;
  say(copiedWord);
  setTimeout(() => {
    button.textContent = button.dataset.label;
    delete button.dataset.label;
  }, 2500);
});

// -- Filters and order, held in the address ---------------------------------------------------

const stream = document.getElementById("stream");
const filters = document.querySelector('[data-part="filters"]');
const none = document.getElementById("none");
const KEYS = ["tag", "author", "key"];
const rest = document.getElementById("rest");
let isOldestFirst = false;

const currentQuery = () => new URLSearchParams(location.search);
const filterOf = (query) => {
  const [key] = KEYS.filter((name) => query.get(name));
  return !key ? "" : key === "key" ? "key" : `${key}=${query.get(key)}`;
};

/** Whether the oldest entry comes first. */
export const isReversed = () => isOldestFirst;

/** Whether the current filter lets an entry through. */
export function isShown(article, filter = filterOf(currentQuery())) {
  const { key, tags, author } = article.dataset;
  if (!filter) return true;
  if (filter === "key") return Boolean(key);
  const [name, value] = filter.split("=");
  return name === "tag" ? tags.split(" ").includes(value) : author === value;
}

function reverse(node, selector) {
  node.append(...all(`:scope > ${selector}`, node).reverse());
}

/** Apply the filter and order of the address; return the number of entries shown. */
export function arrange() {
  const wanted = currentQuery();
  const filter = filterOf(wanted);
  let count = 0;
  for (const day of all(".day", stream)) {
    const entries = all(".entry", day);
    for (const entry of entries) entry.hidden = !isShown(entry, filter);
    const shown = entries.filter((entry) => !entry.hidden).length;
    day.hidden = !shown;
    count += shown;
  }
  if (none) none.hidden = count > 0;
  for (const chip of all("a[data-filter]", filters)) {
    chip.hidden = false;
    if (chip.dataset.filter === filter) chip.setAttribute("aria-current", "true");
    else chip.removeAttribute("aria-current");
  }
  if (rest) showRest(filters?.querySelector("a[aria-current]"));
  if (isOldestFirst !== (wanted.get("order") === "oldest")) {
    isOldestFirst = !isOldestFirst;
    reverse(stream, ".day");
    for (const day of all(".day", stream)) reverse(day, ".entry");
    const older = document.querySelector(".older");
    if (older) stream[isOldestFirst ? "before" : "after"](older);
  }
  const orderButton = filters?.querySelector("button.order");
  if (orderButton) {
    orderButton.hidden = false;
    orderButton.setAttribute("aria-pressed", isOldestFirst);
  }
  document.dispatchEvent(new Event("liveblog:arranged"));
  return count;
}

/** Say how many entries the blog has of those that a filter shows, and lead to them. */
function showRest(chip) {
  const link = rest.querySelector("a");
  const { rest: total = "" } = chip?.dataset ?? {};
  link.textContent = total;
  link.href = chip?.href ?? "";
  rest.hidden = !total;
  const older = document.querySelector(".older");
  if (older) older.hidden = Boolean(total);
}

/** Change the query of the address and apply it. */
function navigate(change) {
  const url = new URL(location.href);
  url.hash = "";
  change(url.searchParams);
  history.pushState(null, "", url);
  return arrange();
}

if (stream && filters) {
  filters.addEventListener("click", (event) => {
    const button = event.target.closest("button.order");
    if (button) {
      say(button.textContent);
      navigate((query) => (isOldestFirst ? query.delete("order") : query.set("order", "oldest")));
      return;
    }
    const chip = event.target.closest("a[data-filter]");
    if (!chip || event.button || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) {
      return;
    }
    event.preventDefault();
    const { filter } = chip.dataset;
    const [name, value = "1"] = filter.split("=");
    const count = navigate((query) => {
      for (const key of KEYS) query.delete(key);
      if (filter) query.set(name, value);
    });
    say(`${chip.textContent} – ${count.toLocaleString(locale)}`);
  });
  addEventListener("popstate", arrange);
  arrange();
}

// -- Links to an entry: clear a filter that hides it, or go to the entry's own page ------------

function showLinkedEntry() {
  const match = /^#(e-(\d{4})(\d\d)(\d\d)-([0-9a-z]{10}))$/.exec(location.hash);
  if (!match) return;
  const [, id, year, month, day, letters] = match;
  const entry = document.getElementById(id);
  if (!entry) {
    location.replace(`${root}${year}/${month}/${day}/${letters}/`);
  } else if (entry.hidden) {
    const url = new URL(location.href);
    for (const key of KEYS) url.searchParams.delete(key);
    history.replaceState(null, "", url);
    arrange();
    entry.scrollIntoView();
  }
}

addEventListener("hashchange", showLinkedEntry);
showLinkedEntry();

// -- The rest of a pinned entry, unfolded in its place -----------------------------------------

document.addEventListener("click", (event) => {
  const link = event.target.closest?.(".pinned .more");
  if (!link) return;
  event.preventDefault();
  const details = link.closest("details");
  details.classList.add("whole");
  details.querySelector("summary").focus({ preventScroll: true });
});

// -- Time zone: named at the top for readers whose own clock differs ----------------------------

const zone = document.querySelector(".zone[data-zone]");
const content = document.querySelector("#stream, .account > h2, .account > .day, .single");

function hour(time, timeZone) {
  return new Intl.DateTimeFormat("en", { timeZone, dateStyle: "short", timeStyle: "short" }).format(
    time,
  );
}

try {
  const here = new Intl.DateTimeFormat().resolvedOptions().timeZone;
  const shown = document.querySelector(".entry .when time");
  const moments = [Date.now(), ...(shown ? [Date.parse(shown.dateTime)] : [])];
  if (content && shown && moments.some((at) => hour(at, here) !== hour(at, zone.dataset.zone))) {
    zone.classList.add("elsewhere");
    content.before(zone);
  }
} catch {
  // The browser does not know the zone; the footer names it.
}

for (const button of all("button.copy")) button.hidden = false;
showAges();
