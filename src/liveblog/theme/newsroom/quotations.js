// The buttons of a chapter's form that quote an update into its introduction or its close.

import { words } from "./dom.js";

export function startQuoting(draftForm) {
  draftForm.form.addEventListener("click", (event) => {
    const button = event.target.closest("button[data-quote]");
    if (!button) return;
    event.preventDefault();
    insert(draftForm.form.elements[button.dataset.into], button.dataset.quote);
    draftForm.say(words.quoted);
  });
}

/** Insert a quotation at the cursor of a text, or at its end, as a paragraph of its own. */
function insert(field, quotation) {
  const wasUsed = field.selectionEnd > 0;
  const at = wasUsed ? lineEnd(field.value, field.selectionEnd) : field.value.length;
  const before = field.value.slice(0, at).trimEnd();
  const after = field.value.slice(at).trimStart();
  const start = [before, quotation].filter(Boolean).join("\n\n");
  field.value = [start, after].filter(Boolean).join("\n\n");
  field.setSelectionRange(start.length, start.length);
  field.dispatchEvent(new Event("input", { bubbles: true }));
}

function lineEnd(text, at) {
  const end = text.indexOf("\n", at);
  return end < 0 ? text.length : end;
}
