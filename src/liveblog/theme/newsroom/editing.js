// The form that edits an entry, a chapter or the framing of a digest: sent without leaving the page.

import { ApiError, fetchWithin, formData } from "./api.js";
import { all, byId, words } from "./dom.js";
import { DraftForm } from "./form.js";
import { startQuoting } from "./quotations.js";
import { read } from "./storage.js";

export function startEditing(form) {
  const draftForm = new DraftForm(form);
  startQuoting(draftForm);
  const rev = form.elements.rev.value;
  const stored = read(draftForm.storageKey);
  if (stored && stored.rev === rev && draftForm.problem.hidden) {
    draftForm.draft = stored;
    draftForm.say(words.kept);
  }
  draftForm.snapshot = () => ({ ...draftForm.draft, rev });
  for (const link of all("[data-drop]")) link.addEventListener("click", () => draftForm.forget());
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (draftForm.isBusy) return;
    draftForm.save();
    draftForm.setBusy(true);
    await draftForm.pictures.settle();
    try {
      await send(draftForm, event.submitter);
    } catch {
      draftForm.say(words.unsent);
    }
    draftForm.isBusy = false;
    draftForm.sendButton.removeAttribute("aria-disabled");
  });
}

/** Send the form; then go where the server leads, or show the page with which it answers. */
async function send(draftForm, button) {
  const { form } = draftForm;
  await draftForm.pictures.uploadMissing();
  const response = await fetchWithin(form.action, { method: "POST", body: formData(form, button) });
  const page = new DOMParser().parseFromString(await response.text(), "text/html");
  if (response.ok && response.redirected) {
    draftForm.forget();
    location.assign(response.url);
  } else if (response.status === 401) {
    draftForm.showError(new ApiError(401, { code: "unauthorized" }));
  } else {
    byId("main").replaceChildren(...document.importNode(page.getElementById("main"), true).childNodes);
    if (byId("edit")) startEditing(byId("edit"));
    byId("problem")?.scrollIntoView();
  }
}
