// Older updates, appended to the page in its order, from the static pages that hold them.
// Without this script the link leads to the first of them.

import { arrange, isReversed, locale, say, showAges } from "./page.89b9ef8bf1.js";

const BATCH = 50; // entries that one click appends
const LIMIT = 10; // pages that one click loads to find entries that a filter shows

const { root } = document.body.dataset;
const stream = document.getElementById("stream");
const nav = document.querySelector(".older");
const link = nav.querySelector('[rel="next"]');

let rest = []; // entries that were loaded and are not shown yet, the newest first
let page; // the page to load next: address and name
point(link.href, link.lastChild.textContent);

function point(href, name) {
  page = { href: href.split("#")[0], name };
}

/** Load the next page; put those of its entries that are older than all that are shown in line. */
async function load() {
  const { href } = page;
  const answer = await fetch(href);
  if (!answer.ok) throw new Error(answer.status);
  const found = new DOMParser().parseFromString(await answer.text(), "text/html");
  const theirs = found.body.dataset.root;
  const account = found.querySelector(".account");
  putLead(found.querySelector(".lead"), account && found.getElementById(account.dataset.lead));
  const orders = [...stream.querySelectorAll(".entry")].map(({ dataset }) => dataset.order);
  const oldest = orders.sort()[0];
  rest = [...found.querySelectorAll("main .entry")]
    .filter(({ dataset }) => !oldest || dataset.order < oldest)
    .sort((a, b) => (a.dataset.order < b.dataset.order ? 1 : -1))
    .map((article) => {
      const day = article.closest(".day");
      const date = day?.dataset.date ?? account.dataset.date;
      const heading = day?.querySelector("h2") ?? headingOf(href, account.dataset.day);
      for (const part of [article, heading]) moveAddresses(part, theirs);
      return { article, date, heading };
    });
  // Pages of days are in the order of time, lists are not.
  const next = found.querySelector(`.turn [rel="${account ? "prev" : "next"}"]`);
  page = undefined;
  if (!next) return;
  moveAddresses(next, theirs);
  point(new URL(next.getAttribute("href"), location).href, next.lastChild.textContent);
}

/** Put the picture that a day's page has at its head back into its entry. */
function putLead(picture, article) {
  const content = article?.querySelector(".content");
  if (!picture || !content) return;
  picture.className = "";
  content.insertBefore(picture, content.querySelector(".figures, .sources, .correction"));
}

function headingOf(href, name) {
  const heading = document.createElement("h2");
  const day = document.createElement("a");
  day.href = href;
  day.textContent = name;
  heading.append(day);
  return heading;
}

/** Make the addresses of another page's part relative to this page. */
function moveAddresses(part, theirs) {
  for (const node of [part, ...part.querySelectorAll("[href], [src], [srcset], [poster]")]) {
    for (const name of ["href", "src", "srcset", "poster"]) {
      const value = node.getAttribute(name);
      if (value) node.setAttribute(name, value.replaceAll(theirs, root));
    }
  }
}

function append({ article, date, heading }) {
  const days = [...stream.querySelectorAll(".day")];
  let day = days.find((other) => other.dataset.date === date);
  if (!day) {
    day = document.createElement("section");
    day.className = "day";
    day.dataset.date = date;
    day.append(heading);
    if (isReversed()) stream.prepend(day);
    else stream.append(day);
  }
  for (const button of article.querySelectorAll("button.copy")) button.hidden = false;
  if (isReversed()) day.querySelector("h2").after(article);
  else day.append(article);
}

/** Append entries until one of them is shown; return those. */
async function more() {
  for (let pages = 0; pages < LIMIT && (rest.length || page); pages += 1) {
    if (!rest.length) await load();
    const fresh = rest.splice(0, BATCH);
    for (const item of fresh) append(item);
    arrange();
    const shown = fresh.map(({ article }) => article).filter((article) => !article.hidden);
    if (shown.length) return shown;
  }
  return [];
}

/** Have the link lead to what comes next, also for who opens it elsewhere. */
function pointLink(lastHref, lastName) {
  if (!rest.length && !page) return nav.remove();
  link.href = rest.length ? `${lastHref}#${rest[0].article.id}` : page.href;
  link.lastChild.textContent = rest.length ? lastName : page.name;
}

let isBusy = false;

link.addEventListener("click", async (event) => {
  if (event.button || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
  event.preventDefault();
  if (isBusy) return;
  isBusy = true;
  const first = stream.querySelector(".entry:not([hidden])");
  const before = first?.getBoundingClientRect().top;
  const shownPage = page ?? { href: link.href.split("#")[0], name: link.lastChild.textContent };
  try {
    const [next, ...others] = await more();
    // Entries above the one that is read, in reversed order, do not move it.
    if (first) scrollBy({ top: first.getBoundingClientRect().top - before, behavior: "instant" });
    showAges();
    pointLink(shownPage.href, shownPage.name);
    if (next) {
      next.tabIndex = -1;
      next.focus({ preventScroll: true });
      say((others.length + 1).toLocaleString(locale));
    }
  } catch {
    location.assign(link.href);
  }
  isBusy = false;
});
