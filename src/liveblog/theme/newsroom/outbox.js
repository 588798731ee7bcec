// Updates that could not be sent yet: stored on this device, sent when the network is back.

import { byId, words } from "./dom.js";
import { post, toEntry } from "./draft.js";
import { deletePicture, personal, read, write } from "./storage.js";

const FIRST_RETRY = 2; // seconds
const LONGEST_RETRY = 60; // seconds

export class Outbox {
  #section = byId("outbox");
  #isSending = false;
  #timer = 0;
  #pause = FIRST_RETRY;

  /** Call *onSent* with each entry that was sent, *onUnauthorized* with an error, *onResume* with a draft. */
  constructor({ onSent, onUnauthorized, onResume }) {
    this.onSent = onSent;
    this.onUnauthorized = onUnauthorized;
    this.onResume = onResume;
    addEventListener("online", () => this.#sendNow());
    document.addEventListener("visibilitychange", () => document.hidden || this.#sendNow());
    addEventListener("storage", ({ key }) => key === personal("outbox") && this.show());
    this.show();
    this.send();
  }

  get #drafts() {
    return read(personal("outbox")) ?? [];
  }

  set #drafts(drafts) {
    write(personal("outbox"), drafts);
  }

  add(draft) {
    this.#drafts = [...this.#drafts, draft];
    this.show();
    this.#sendLater();
  }

  #remove(key) {
    this.#drafts = this.#drafts.filter((draft) => draft.key !== key);
  }

  /** Show the list of what waits and of what the server refused. */
  show() {
    const drafts = this.#drafts;
    this.#section.hidden = !drafts.length;
    this.#section.querySelector("ul").replaceChildren(...drafts.map((draft) => this.#item(draft)));
  }

  #item(draft) {
    const item = document.createElement("li");
    const state = document.createElement("p");
    state.className = "hint";
    state.textContent = draft.problem ? `${words.refused}. ${draft.problem}` : words.waiting;
    const text = document.createElement("p");
    text.dir = "auto";
    const { title, body } = toEntry(draft);
    text.textContent = title || body.slice(0, 140) || draft.pictures[0]?.alt;
    const button = document.createElement("button");
    button.type = "button";
    button.className = "second";
    button.textContent = words.resume;
    button.addEventListener("click", () => {
      this.#remove(draft.key);
      this.show();
      this.onResume(draft);
    });
    item.append(state, text, button);
    return item;
  }

  #sendNow() {
    this.#pause = FIRST_RETRY;
    this.send();
  }

  #sendLater() {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.send(), this.#pause * 1000);
    this.#pause = Math.min(this.#pause * 2, LONGEST_RETRY);
  }

  /** Send what waits, one after the other, until the network fails or a sign-in is needed. */
  async send() {
    const next = () => this.#drafts.find((draft) => !draft.problem);
    if (this.#isSending || !next()) return;
    clearTimeout(this.#timer);
    this.#isSending = true;
    for (let draft = next(); draft; draft = next()) {
      try {
        const entry = await post(draft);
        this.#remove(draft.key);
        for (const picture of draft.pictures) deletePicture(picture.id);
        this.#pause = FIRST_RETRY;
        this.onSent(entry);
      } catch (error) {
        if (error.status === 401) {
          this.onUnauthorized(error);
          break;
        }
        if (error.isTemporary) {
          this.#sendLater();
          break;
        }
        this.#drafts = this.#drafts.map((other) =>
          other.key === draft.key ? { ...other, problem: error.message } : other,
        );
      }
    }
    this.#isSending = false;
    this.show();
  }
}
