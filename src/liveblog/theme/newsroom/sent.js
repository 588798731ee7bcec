// The notice of an update that was just sent: its time, its link, and a button that takes it back.

import { ApiError, api } from "./api.js";
import { byId, words } from "./dom.js";
import { refresh } from "./newest.js";
import { deletePicture } from "./storage.js";

const SHOWN = 10; // seconds
const COPIED = 2_500; // milliseconds

export class Sent {
  #actions = byId("sent");
  #see = byId("see");
  #copy = byId("copy");
  #undo = byId("undo");
  #last = null; // { draft, id }
  #left = 0; // seconds
  #timer = 0;

  /** Show the notice of a form; *onUndone* is called with the draft of an update taken back. */
  constructor(draftForm, onUndone) {
    this.draftForm = draftForm;
    this.onUndone = onUndone;
    this.#undo.addEventListener("click", () => this.#takeBack());
    this.#copy.addEventListener("click", () => this.#copyLink());
    // Whoever begins the next update does not take the last one back any more.
    draftForm.form.addEventListener("input", () => this.#end());
    draftForm.form.addEventListener("click", ({ target }) => target.closest(".chip") && this.#end());
    if (!this.#actions.hidden) this.#offer(); // the page of a form that was sent without a script
    else if (draftForm.status.textContent) this.#countDown();
  }

  /** Show that an update was sent, for ten seconds or until the next key. */
  show(draft, entry) {
    this.#end();
    this.#last = { draft, id: entry.id };
    this.#undo.hidden = false;
    this.#see.href = entry.url;
    this.#see.hidden = entry.waiting;
    this.draftForm.say(entry.waiting ? words.scheduled : sentAt(draft, entry));
    this.#offer(entry.waiting);
  }

  #offer(isWaiting = false) {
    // The clipboard needs HTTPS; the address is also in the list.
    this.#copy.hidden = isWaiting || !navigator.clipboard;
    this.#actions.hidden = false;
    this.#actions.parentElement.classList.add("sent");
    this.#countDown();
  }

  #countDown() {
    this.#left = SHOWN;
    const tick = () => {
      this.#undo.textContent = words.undo.replace("{n}", this.#left);
      if (this.#left <= 0) return this.#end();
      this.#left -= 1;
      this.#timer = setTimeout(tick, 1000);
    };
    tick();
  }

  #end() {
    if (!this.#timer) return;
    clearTimeout(this.#timer);
    this.#timer = 0;
    this.#actions.hidden = this.#undo.hidden = true;
    this.#actions.parentElement.classList.remove("sent");
    if (!this.draftForm.isBusy) this.draftForm.say("");
    for (const picture of this.#last?.draft.pictures ?? []) deletePicture(picture.id);
    this.#last = null;
  }

  async #copyLink() {
    const label = this.#copy.textContent;
    await navigator.clipboard.writeText(this.#see.href).catch(() => {});
    this.#copy.textContent = words.copied;
    setTimeout(() => (this.#copy.textContent = label), COPIED);
  }

  async #takeBack() {
    if (!this.#last) return;
    clearTimeout(this.#timer);
    const { draft, id } = this.#last;
    try {
      await api("DELETE", `entries/${id}`);
    } catch (error) {
      this.#end();
      const shown = error.isTemporary ? new ApiError(0, { detail: words.unsent }) : error;
      return this.draftForm.showError(shown);
    }
    this.#last = null; // its pictures stay: the draft is in the form again
    this.#end();
    this.onUndone(draft);
    this.draftForm.say(words.undone);
    refresh();
  }
}

/** Return what is said of an update: with its time, unless its author gave it another one. */
function sentAt({ values }, { html }) {
  const isDated = values.some(([name, value]) => ["day", "time", "after"].includes(name) && value);
  const time = new DOMParser().parseFromString(html, "text/html").querySelector("time");
  return isDated || !time ? words.sent : words.sent_at.replace("{time}", time.textContent.trim());
}
