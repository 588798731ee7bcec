// On the page of one update: the state of the blog and its newest key events, which change after it.
// Without this script the page leads to them by its links.

const KEYS = 5; // key events that are shown

const { root } = document.body.dataset;
const home = new URL(root, location);
const place = document.querySelector("[data-onward]");
const parsed = (part) => document.createRange().createContextualFragment(part?.html ?? "");

try {
  const { page } = await (await fetch(`${root}live.json`, { cache: "no-cache" })).json();
  const state = parsed(page.parts.head).querySelector(".state strong");
  if (state) {
    const line = document.createElement("p");
    line.className = `now ${page.state}`;
    line.append(state);
    place.prepend(line);
  }
  const keys = parsed(page.parts.keys).querySelector(".keys");
  if (keys) {
    keys.querySelectorAll("li").forEach((item, number) => number < KEYS || item.remove());
    for (const link of keys.querySelectorAll("a")) link.href = new URL(link.getAttribute("href"), home);
    place.append(keys);
  }
} catch {
  // No network: the links stay.
}
