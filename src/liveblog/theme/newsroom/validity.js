// Says in the blog's language what a browser says of a field that is not filled in as it should be.

import { all, words } from "./dom.js";

const { problems } = words;
const MISSING = { alt: "no_alt", why: "reason", title: "title", start: "period", end: "period" };
const MALFORMED = {
  lang: "language", source_url: "source", figure_value: "no_number", start: "period",
  end: "period", day: "time", time: "time", when: "time",
}; // prettier-ignore

function problemOf({ name, type, validity }) {
  if (!validity.valueMissing) return problems[MALFORMED[name]] ?? problems.invalid;
  return type === "checkbox" ? problems.unticked : (problems[MISSING[name]] ?? problems.missing);
}

const clear = (field) => field.setCustomValidity?.("");

addEventListener("invalid", ({ target }) => {
  clear(target);
  if (!target.validity.valid) target.setCustomValidity(problemOf(target));
}, true); // prettier-ignore

// A field with a message of ours counts as invalid until the message is gone.
addEventListener("input", ({ target }) => clear(target), true);
addEventListener("click", ({ target }) => {
  const form = target.closest?.("button")?.form;
  if (form) all("input, textarea, select", form).forEach(clear);
}, true); // prettier-ignore
