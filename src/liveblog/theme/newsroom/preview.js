// The preview of a draft, rendered by the server.

import { api } from "./api.js";
import { byId, words } from "./dom.js";
import { toChapterPreview, toEntry } from "./draft.js";

export class Preview {
  constructor(draftForm) {
    this.draftForm = draftForm;
    this.section = draftForm.form.querySelector("#preview");
    this.button = byId("show");
    if (this.section) this.button.addEventListener("click", () => (this.isOpen ? this.hide() : this.show()));
  }

  get isOpen() {
    return this.section ? !this.section.hidden : false;
  }

  async show() {
    try {
      const { draft, form } = this.draftForm;
      const toPreview = form.elements.introduction ? toChapterPreview : toEntry;
      const entry = { ...toPreview(draft), pictures: [] };
      const { html } = await api("POST", "preview", entry);
      this.section.lastElementChild.innerHTML = html;
    } catch (error) {
      if (error.isTemporary) this.draftForm.say(words.unsent);
      else this.draftForm.showError(error);
      return;
    }
    const content = this.section.querySelector(".content");
    for (const row of this.draftForm.pictures.rows) {
      const figure = document.createElement("figure");
      const image = row.querySelector("img").cloneNode();
      image.alt = row.querySelector("[name=alt]").value;
      figure.append(image);
      content.append(figure);
    }
    const wasOpen = this.isOpen;
    this.section.hidden = false;
    this.button.setAttribute("aria-expanded", "true");
    if (!wasOpen) this.section.scrollIntoView({ block: "nearest" });
  }

  hide() {
    if (!this.section) return;
    this.section.hidden = true;
    this.button.setAttribute("aria-expanded", "false");
  }
}
