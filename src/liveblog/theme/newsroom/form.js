// A form for an entry, a chapter or a digest: reads and fills in its draft, stores it, shows its status.

import { all, byId, randomKey, root, words } from "./dom.js";
import { isEmpty } from "./draft.js";
import { PictureList } from "./pictures.js";
import { Preview } from "./preview.js";
import { personal, write } from "./storage.js";
import { TagChips } from "./tags.js";

const SAVE_DELAY = 200; // milliseconds after the last key
const PREVIEW_DELAY = 600; // milliseconds after the last key

/** Names of fields that are no part of a draft's values. */
const NO_VALUES = ["picture", "alt", "caption", "drop", "file", "file_alt", "file_caption",
  "key_of_draft", "rev", "boxes"]; // prettier-ignore

export class DraftForm {
  constructor(form) {
    this.form = form;
    this.key = randomKey();
    this.problem = form.querySelector(".problem") ?? document.querySelector(".problem");
    this.status = form.querySelector(".status");
    this.sendButton = form.querySelector("#send");
    this.storageKey = personal(form.dataset.save ?? "draft");
    this.isBusy = false;
    for (const plain of all(".plain", form)) plain.remove();
    for (const rich of all(".rich", form)) rich.hidden = false;
    this.tags = new TagChips(form, () => this.save());
    this.pictures = new PictureList(this);
    this.preview = new Preview(this);
    form.addEventListener("input", (event) => this.#onInput(event));
    form.addEventListener("click", ({ target }) => {
      const button = target.closest("button.add");
      if (button) this.#addRow(button.closest("fieldset")).querySelector("input").focus();
    });
    // An invalid field may be inside closed details.
    form.addEventListener("invalid", ({ target }) => {
      target.closest("details")?.setAttribute("open", "");
    }, true); // prettier-ignore
    addEventListener("pagehide", () => this.#saveIfDue());
    document.addEventListener("visibilitychange", () => document.hidden && this.#saveIfDue());
  }

  get draft() {
    const values = [...new FormData(this.form)].filter(
      ([name, value]) => typeof value === "string" && !NO_VALUES.includes(name),
    );
    return { key: this.key, values, pictures: this.pictures.values };
  }

  set draft({ key, values, pictures }) {
    this.key = key;
    for (const box of all("input[type=checkbox]", this.form)) box.checked = false;
    for (const field of all("input:not([type=checkbox], [type=hidden], [type=file]), textarea", this.form)) {
      if (!NO_VALUES.includes(field.name)) field.value = "";
    }
    const counts = {};
    for (const [name, value] of values) {
      counts[name] = (counts[name] ?? -1) + 1;
      const field = this.#field(name, counts[name]);
      if (field?.type === "checkbox") field.checked = true;
      else if (field) field.value = value;
    }
    this.pictures.values = pictures;
    const details = byId("more");
    const folded = details ? all("[name=source_name], [name=figure_name], [name=day], [name=time], [name=after]", details) : [];
    if (folded.some((field) => field.value !== (field.defaultValue ?? ""))) details.open = true;
    this.tags.showPressed();
  }

  /** Return the nth field of a name; rows of sources and figures are added as needed. */
  #field(name, number) {
    const fields = all(`[name="${name}"]`, this.form);
    if (!fields[number] && fields.at(-1)?.closest(".fields")) {
      this.#addRow(fields.at(-1).closest("fieldset"));
      return all(`[name="${name}"]`, this.form)[number];
    }
    return fields[number];
  }

  #addRow(fieldset) {
    const last = all(".fields", fieldset).at(-1);
    const row = last.cloneNode(true);
    for (const field of all("input", row)) field.value = "";
    last.after(row);
    return row;
  }

  #onInput({ target }) {
    const opposites = { verification: "confirmed", confirmed: "verification" };
    if (target.checked && opposites[target.name]) {
      this.form.querySelector(`[name=${opposites[target.name]}]`).checked = false;
    }
    if (target.name === "tags") this.tags.showPressed();
    if (this.problem) this.problem.hidden = true;
    if (!this.isBusy) this.say("");
    clearTimeout(this.saving);
    this.saving = setTimeout(() => this.save(), SAVE_DELAY);
    if (this.preview.isOpen) {
      clearTimeout(this.showing);
      this.showing = setTimeout(() => this.preview.show(), PREVIEW_DELAY);
    }
  }

  // -- the stored draft

  /** Return what is stored: nothing while the form is empty. */
  snapshot() {
    const { draft } = this;
    return isEmpty(draft) ? null : draft;
  }

  save() {
    this.#store(this.snapshot());
  }

  forget() {
    this.#store(null);
  }

  #store(value) {
    clearTimeout(this.saving);
    this.saving = 0;
    write(this.storageKey, value);
  }

  #saveIfDue() {
    if (this.saving && this.form.isConnected) this.save();
  }

  // -- status

  say(text) {
    this.status.textContent = text;
  }

  showError(error) {
    this.say("");
    this.problem.textContent = error.message;
    if (error.code === "unauthorized") {
      const link = document.createElement("a");
      link.href = `${root}compose`;
      link.textContent = words.sign_in;
      this.problem.append(" ", link);
    }
    this.problem.hidden = false;
    this.problem.scrollIntoView({ block: "nearest" });
  }

  setBusy(isBusy) {
    this.isBusy = isBusy;
    // Not disabled: a disabled button loses the focus.
    this.sendButton.setAttribute("aria-disabled", isBusy);
    if (isBusy) this.say(words.sending);
  }
}
