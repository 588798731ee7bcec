// Buttons for recently used tags, and suggestions for the names of figures.

import { api } from "./api.js";
import { all, byId, words } from "./dom.js";
import { splitTags } from "./draft.js";
import { personal, read, write } from "./storage.js";

const SUGGESTIONS = 12;

export class TagChips {
  /** Show the chips of a form; *onChange* is called when one is pressed. */
  constructor(form, onChange) {
    this.form = form;
    form.addEventListener("click", ({ target }) => {
      const tag = target.closest("button")?.dataset.tag;
      if (!tag) return;
      this.#toggle(tag);
      onChange();
    });
    this.#suggest();
  }

  get #tags() {
    return splitTags(this.form.elements.tags.value);
  }

  #toggle(tag) {
    const tags = this.#tags;
    const changed = tags.includes(tag) ? tags.filter((other) => other !== tag) : [...tags, tag];
    this.form.elements.tags.value = changed.join(words.comma);
    this.showPressed();
  }

  /** Mark the chips of the tags that the field holds. */
  showPressed() {
    for (const chip of all("[data-tag]", this.form)) {
      chip.setAttribute("aria-pressed", this.#tags.includes(chip.dataset.tag));
    }
  }

  async #suggest() {
    const chips = byId("suggestions");
    if (!chips) return;
    const used = await api("GET", "words").catch(() => read(personal("words")));
    if (!used) return;
    write(personal("words"), used);
    chips.replaceChildren(
      ...used.tags.slice(0, SUGGESTIONS).map((tag) => {
        const chip = document.createElement("button");
        chip.type = "button";
        chip.className = "chip";
        chip.dataset.tag = chip.textContent = tag;
        return chip;
      }),
    );
    chips.hidden = !used.tags.length;
    byId("figure-names")?.replaceChildren(...used.figures.map((name) => new Option(name)));
    this.showPressed();
  }
}
