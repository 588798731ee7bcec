// The entries on the live page: inserts, replaces and removes them, each under its day.

import { arrange, showAges } from "./page.89b9ef8bf1.js";
import { holdPosition, isOldestFirst } from "./scroll.93227c576f.js";

const stream = document.getElementById("stream");

export const entries = () => [...stream.querySelectorAll(".entry")];
export const findEntry = (id) => document.getElementById(`e-${id}`);
export const parse = (html) =>
  document.createRange().createContextualFragment(html.trim()).firstElementChild;

/** Insert an article that was parsed from an item of live.json or of the stream. */
export function insert(item, article) {
  const day = findOrInsertDay(item);
  insertInOrder(article, [...day.querySelectorAll(".entry")], "order", item.order, day);
  article.querySelector("button.copy")?.removeAttribute("hidden");
}

export function remove(article) {
  const day = article.closest(".day");
  article.remove();
  if (!day.querySelector(".entry")) day.remove();
}

/** Replace an article by the item's newer revision; the focus inside stays where it is. */
export function replace(old, item) {
  const article = parse(item.html);
  const focusable = "a, button";
  const focused = [...old.querySelectorAll(focusable)].indexOf(document.activeElement);
  const isFocused = document.activeElement === old;
  holdPosition(() => {
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
  else if (focused >= 0) {
    article.querySelectorAll(focusable)[focused]?.focus({ preventScroll: true });
  }
}

export function focus(article) {
  article.tabIndex = -1;
  article.focus({ preventScroll: true });
}

/** Apply filter, order and relative times to what was inserted. */
export function refresh() {
  arrange();
  showAges();
}

function findOrInsertDay(item) {
  const days = [...stream.querySelectorAll(".day")];
  const found = days.find((day) => day.dataset.date === item.day);
  if (found) return found;
  const day = document.createElement("section");
  day.className = "day";
  day.dataset.date = item.day;
  day.append(parse(item.heading));
  insertInOrder(day, days, "date", item.day, stream);
  return day;
}

/** Insert a node among its siblings, sorted by a data attribute in the reader's chosen order. */
function insertInOrder(node, siblings, attribute, key, parent) {
  const comesAfter = ({ dataset }) =>
    isOldestFirst() ? dataset[attribute] > key : dataset[attribute] < key;
  parent.insertBefore(node, siblings.find(comesAfter) ?? null);
}
