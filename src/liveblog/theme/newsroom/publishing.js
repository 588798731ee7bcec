// The form that posts an update: publishes it, or hands it to the outbox; shows what was sent.

import { all, randomKey, root, words } from "./dom.js";
import { bodyOf, emptyDraft, isEmpty, post } from "./draft.js";
import { DraftForm } from "./form.js";
import { follow, refresh } from "./newest.js";
import { Outbox } from "./outbox.js";
import { Sent } from "./sent.js";
import { read } from "./storage.js";

export function startComposer(form) {
  const draftForm = new DraftForm(form);
  restore(draftForm);
  const notice = new Sent(draftForm, (draft) => resume(draftForm, draft));
  const outbox = new Outbox({
    onSent({ id }) {
      if (draftForm.status.textContent === words.offline) draftForm.say(words.sent);
      refresh(id);
    },
    onUnauthorized: (error) => draftForm.showError(error),
    onResume: (draft) => resume(draftForm, draft),
  });

  let isWanted = false; // pressed again while an update is being sent

  async function publish() {
    isWanted = draftForm.isBusy;
    if (isWanted) return;
    draftForm.setBusy(true);
    await draftForm.pictures.settle();
    const { draft } = draftForm;
    try {
      const entry = await post(draft);
      clear(draftForm, draft);
      notice.show(draft, entry);
      refresh(entry.id);
    } catch (error) {
      isWanted &&= error.isTemporary;
      if (error.isTemporary) {
        outbox.add(draft);
        clear(draftForm, draft);
        draftForm.say(words.offline);
      } else draftForm.showError(error);
    }
    draftForm.setBusy(false);
    if (isWanted && !isEmpty(draftForm.draft)) publish();
  }

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    publish();
  });
  addEventListener("storage", ({ key, newValue }) => {
    // Another window sent this draft: the text here is a new update.
    if (key === draftForm.storageKey && newValue === null) draftForm.key = randomKey();
  });
  follow();
}

/** Fill in the stored draft, and what another app shared by the address. */
function restore(draftForm) {
  const query = new URLSearchParams(location.search);
  const stored = read(draftForm.storageKey);
  if (!draftForm.problem.hidden) return draftForm.save(); // the server returned the text
  if (stored) draftForm.draft = stored;
  const shared = { title: query.get("title"), body: query.get("text"), url: query.get("url") };
  if (shared.title || shared.body || shared.url) {
    const { form } = draftForm;
    const { title, body } = form.elements;
    if (stored) {
      title.value ||= shared.title ?? "";
      body.value = [body.value, shared.body].filter(Boolean).join("\n\n");
      if (shared.url) body.value += `\n\n${shared.url}`;
    } else {
      title.value = shared.title ?? "";
      body.value = [shared.body, shared.url].filter(Boolean).join("\n\n");
      for (const source of all("[name=source_name], [name=source_url]", form)) source.value = "";
    }
    draftForm.save();
  }
  if (location.search && !query.has("before")) history.replaceState(null, "", `${root}compose`);
  if (stored && !isEmpty(stored)) draftForm.say(words.kept);
}

/** Empty the form after *sent*; what was written meanwhile stays, as a draft of its own. */
function clear(draftForm, sent) {
  const { body } = draftForm.form.elements;
  if (JSON.stringify(draftForm.draft) === JSON.stringify(sent)) {
    draftForm.draft = emptyDraft();
    draftForm.forget();
  } else {
    const text = bodyOf(sent);
    if (body.value.startsWith(text)) body.value = body.value.slice(text.length).trimStart();
    const { values, pictures } = draftForm.draft;
    const sentValues = new Set(sent.values.map(String));
    draftForm.draft = {
      key: randomKey(),
      values: values.filter((value) => !sentValues.has(String(value))),
      pictures: pictures.filter(({ id }) => !sent.pictures.some((other) => other.id === id)),
    };
    draftForm.save();
  }
  draftForm.preview.hide();
  draftForm.problem.hidden = true;
  body.focus();
}

/** Put a draft back into the form, before the text that is there. */
function resume(draftForm, draft) {
  const text = bodyOf(draftForm.draft);
  // A new key: the old one belongs to the update that was sent.
  draftForm.draft = { ...draft, key: randomKey() };
  const { body } = draftForm.form.elements;
  if (text) body.value += `\n\n${text}`;
  draftForm.save();
  body.focus();
}
