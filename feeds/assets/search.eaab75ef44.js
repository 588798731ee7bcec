// Search on a host that only serves files: through what the site published for it, newest first.
// Where liveblog serves, it answers itself, and this is not loaded.

import { locale } from "./page.89b9ef8bf1.js";

const { root } = document.body.dataset;
const [list, count, further, field, about] = ["hits", "count", "further", "q", "about"].map((id) =>
  document.getElementById(id),
);
const forms = JSON.parse(list.dataset.count);
const LENGTH = 220;

const SAME = { œ: "oe", æ: "ae", ø: "o", ł: "l", ß: "ss", ى: "ي", ی: "ي", ک: "ك", ة: "ه" };
const fold = (text) =>
  text
    .normalize("NFKD")
    .toLowerCase()
    .replace(/[\p{Mn}\u0640\u00ad\u200b-\u200f]/gu, "")
    .replace(/[œæøłßىیکة]/g, (letter) => SAME[letter])
    .replace(/[٠-٩۰-۹]/g, (digit) => digit.charCodeAt() & 15);
const words = (text) => fold(text).match(/[\p{L}\p{N}]+/gu) ?? [];

// What is asked for: words that stand together, between spaces; the last may go on.
const asked = new URLSearchParams(location.search).get("q")?.slice(0, 300) ?? "";
const phrases = [...asked.trim().matchAll(/["“”„«»]([^"“”„«»]*)["“”„«»]?|[^\s"“”„«»]+/g)]
  .map((part) => [part[1] === undefined, words(part[1] ?? part[0])])
  .filter(([, all]) => all.length)
  .map(([isPlain, all], place, { length }) => {
    const isOpen = isPlain && place === length - 1 && all.at(-1).length > 1;
    return ` ${all.join(" ")}${isOpen ? "" : " "}`;
  });
const isHit = (word) =>
  phrases.some(
    (phrase) =>
      `${phrase} `.includes(` ${word} `) ||
      (!phrase.endsWith(" ") && word.startsWith(phrase.split(" ").at(-1))),
  );

function mark(node, text) {
  const hits = [...text.matchAll(/[\p{L}\p{N}][\p{L}\p{N}\p{M}\u0640]*/gu)].filter(([word]) =>
    isHit(fold(word)),
  );
  let at = hits[0]?.index > LENGTH / 2 ? text.lastIndexOf(" ", hits[0].index - 50) + 1 : 0;
  const end = at + LENGTH;
  if (at) node.append("… ");
  for (const { 0: word, index } of hits) {
    if (index + word.length > end) break;
    const hit = document.createElement("mark");
    hit.textContent = word;
    node.append(text.slice(at, index), hit);
    at = index + word.length;
  }
  node.append(text.slice(at, end), end < text.length ? "…" : "");
}

function show([id, date, moment, title, , text]) {
  const item = list.querySelector("template").content.cloneNode(true);
  const find = (selector) => item.querySelector(selector);
  find("a").href = root + id.replace(/^(....)(..)(..)-(.+)/, "$1/$2/$3/$4/");
  find("time").dateTime = date;
  find("time").textContent = moment;
  mark(find(".title"), title);
  mark(find("p"), text);
  list.append(item);
}

const folders = ["", ...list.dataset.months.split(" ").map((month) => month.replace("-", "/") + "/")];
let found = 0;

async function search() {
  const enough = found + 20;
  further.hidden = true;
  try {
    while (folders.length && found < enough) {
      const answer = await fetch(`${root}${folders[0]}search.json`);
      if (!answer.ok && answer.status !== 404) throw answer;
      for (const entry of answer.ok ? (await answer.json()).entries.reverse() : []) {
        const text = ` ${words(entry.slice(3).flat().join(" ")).join(" ")} `;
        if (!phrases.every((phrase) => text.includes(phrase))) continue;
        show(entry);
        found += 1;
      }
      folders.shift();
    }
    const form = forms[new Intl.PluralRules(locale).select(found)] ?? forms.other;
    count.textContent = found ? form.replace("{n}", found.toLocaleString(locale)) : list.dataset.none;
  } catch {
    count.textContent = list.dataset.failed;
  }
  further.hidden = !folders.length;
}

field.value = asked;
about.hidden = false;
further.addEventListener("click", search);
if (phrases.length) search();
else field.focus();
