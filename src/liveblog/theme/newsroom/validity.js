// Says in the blog's language what a browser says of a field that is not filled in as it should be.

import { all, words } from "./dom.js";

const { problems } = words;
const MALFORMED = { url: "source", date: "time", time: "time", "datetime-local": "time" }; // by type

function problemOf({ name, type, validity }) {
  if (validity.valueMissing) {
    if (type === "checkbox") return problems.unticked;
    return name === "alt" ? problems.no_alt : problems.missing;
  }
  return problems[name === "lang" ? "language" : MALFORMED[type]] ?? problems.invalid;
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
