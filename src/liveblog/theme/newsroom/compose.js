// What the composer does beyond plain forms: keeps the draft, sends it when there is a network,
// shrinks pictures, shows others' updates. Without it, every form still works.

const { root, zone } = document.body.dataset;
const words = JSON.parse(document.body.dataset.words);
const all = (selector, within = document) => [...within.querySelectorAll(selector)];
const byId = (id) => document.getElementById(id);

const SAVE_AFTER = 200;
const UNDO_FOR = 10_000;
const PATIENCE = 20_000;
const LONGEST_SIDE = 2048;
const QUALITY = 0.85;

function random() {
  // crypto.randomUUID is only there over https.
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

// -- Kept on this device: texts in localStorage, pictures in IndexedDB ------------------------

const WHO = `liveblog ${root} who`;
const person = document.body.dataset.person ?? read(WHO) ?? "";
const mine = (name) => `liveblog ${root} ${person} ${name}`;

function read(name) {
  try {
    return JSON.parse(localStorage.getItem(name));
  } catch {
    return null;
  }
}

function keep(name, value) {
  try {
    if (value === null) localStorage.removeItem(name);
    else localStorage.setItem(name, JSON.stringify(value));
  } catch {
    // No storage: the draft lasts as long as the page.
  }
}

const pictures = {
  held: new Map(),
  opened: null,
  async at(mode, act) {
    this.opened ??= new Promise((resolve, reject) => {
      const opening = indexedDB.open(`liveblog ${root}`, 1);
      opening.onupgradeneeded = () => opening.result.createObjectStore("pictures");
      opening.onsuccess = () => resolve(opening.result);
      opening.onerror = () => reject(opening.error);
    });
    const work = (await this.opened).transaction("pictures", mode);
    const asked = act(work.objectStore("pictures"));
    return new Promise((resolve, reject) => {
      work.oncomplete = () => resolve(asked.result);
      work.onabort = () => reject(work.error);
    });
  },
  async put(id, blob) {
    this.held.set(id, blob);
    await this.at("readwrite", (kept) => kept.put(blob, id)).catch(() => {});
  },
  async get(id) {
    return this.held.get(id) ?? (await this.at("readonly", (kept) => kept.get(id)).catch(() => {}));
  },
  async remove(id) {
    this.held.delete(id);
    await this.at("readwrite", (kept) => kept.delete(id)).catch(() => {});
  },
};

// -- The API ----------------------------------------------------------------------------------

class Refusal extends Error {
  constructor(status, problem = {}) {
    super(words.said[problem.code] ?? [problem.detail, problem.hint].filter(Boolean).join(" "));
    this.status = status;
    this.code = problem.code ?? "";
  }

  // The network is away, or the server cannot just now: the same again may go well.
  get isForNow() {
    return !this.status || this.status === 408 || this.status === 429 || this.status >= 500;
  }
}

async function api(method, path, body, headers = {}) {
  const isFile = body instanceof Blob;
  try {
    const response = await fetch(`${root}api/${path}`, {
      method,
      headers: isFile || body === undefined ? headers : { "Content-Type": "application/json", ...headers },
      body: isFile || body === undefined ? body : JSON.stringify(body),
      signal: AbortSignal.timeout(isFile ? 6 * PATIENCE : PATIENCE),
    });
    if (response.status === 204) return null;
    // A proxy refuses what is too large, with a page of its own.
    const said = await response.json().catch(() => (response.status === 413 ? {} : null));
    // An answer cut off, or another's in its place (the Wi-Fi of a train), is no answer.
    if (!said) throw new Refusal(0);
    if (!response.ok) throw new Refusal(response.status, said);
    return said;
  } catch (failure) {
    throw failure instanceof Refusal ? failure : new Refusal(0);
  }
}

// -- A form and its draft ---------------------------------------------------------------------

const OTHERWISE = ["picture", "alt", "caption", "drop", "file", "file_alt", "file_caption",
  "key_of_draft", "rev", "boxes"]; // prettier-ignore

const empty = () => ({ key: random(), values: [], pictures: [] });

function isEmpty(draft) {
  return !draft.pictures.length && !draft.values.some(([, text]) => text);
}

class Writing {
  constructor(form) {
    this.form = form;
    this.key = random();
    this.problem = form.querySelector(".problem") ?? document.querySelector(".problem");
    this.status = form.querySelector(".status");
    this.send = form.querySelector("#send");
    this.list = form.querySelector("#pictures");
    this.preview = form.querySelector("#preview");
    this.name = mine(form.dataset.save ?? "draft");
    this.isBusy = false;
    this.uploads = new Set();
    for (const plain of all(".plain", form)) plain.remove();
    for (const rich of all(".rich", form)) rich.hidden = false;
    form.addEventListener("input", (event) => this.changed(event));
    form.addEventListener("click", (event) => this.clicked(event));
    // A field that is wrong may be folded away.
    form.addEventListener("invalid", ({ target }) => {
      target.closest("details")?.setAttribute("open", "");
    }, true); // prettier-ignore
    if (this.list) this.takePictures();
    this.suggest();
  }

  // -- what is in it

  get draft() {
    const values = [...new FormData(this.form)].filter(
      ([name, value]) => typeof value === "string" && !OTHERWISE.includes(name),
    );
    const rows = all(".picture[data-id]", this.list ?? this.form);
    return {
      key: this.key,
      values,
      pictures: rows.map((row) => ({
        id: row.dataset.id,
        upload: row.querySelector("[name=picture]").value.replace("upload:", ""),
        alt: row.querySelector("[name=alt]").value,
        caption: row.querySelector("[name=caption]").value,
      })),
    };
  }

  set draft({ key, values, pictures: some }) {
    this.key = key;
    for (const box of all("input[type=checkbox]", this.form)) box.checked = false;
    for (const field of all("input:not([type=checkbox], [type=hidden], [type=file]), textarea", this.form)) {
      if (!OTHERWISE.includes(field.name)) field.value = "";
    }
    const counts = {};
    for (const [name, value] of values) {
      const number = (counts[name] = (counts[name] ?? -1) + 1);
      let field = all(`[name="${name}"]`, this.form)[number];
      if (!field) {
        const last = all(`[name="${name}"]`, this.form).at(-1);
        if (!last?.closest(".fields")) continue;
        this.another(last.closest("fieldset"));
        field = all(`[name="${name}"]`, this.form)[number];
      }
      if (field.type === "checkbox") field.checked = true;
      else field.value = value;
    }
    for (const row of all(".picture[data-id]", this.form)) row.remove();
    for (const picture of some) this.row(picture);
    const inside = byId("more");
    if (inside && all("[name=source_name], [name=figure_name], [name=when]", inside).some((f) => f.value !== f.defaultValue)) {
      inside.open = true;
    }
    this.press();
  }

  changed({ target }) {
    const others = { verification: "confirmed", confirmed: "verification" };
    if (target.checked && others[target.name]) {
      this.form.querySelector(`[name=${others[target.name]}]`).checked = false;
    }
    if (target.name === "tags") this.press();
    if (this.problem) this.problem.hidden = true;
    clearTimeout(this.saving);
    this.saving = setTimeout(() => this.save(), SAVE_AFTER);
    if (this.preview && !this.preview.hidden) {
      clearTimeout(this.showing);
      this.showing = setTimeout(() => this.show(), 3 * SAVE_AFTER);
    }
  }

  save() {
    clearTimeout(this.saving);
    this.saving = 0;
    const { draft } = this;
    keep(this.name, isEmpty(draft) ? null : draft);
  }

  forget() {
    clearTimeout(this.saving);
    this.saving = 0;
    keep(this.name, null);
  }

  // -- what it says

  say(text) {
    this.status.textContent = text;
  }

  refuse(refusal) {
    this.say("");
    this.problem.textContent = refusal.message;
    if (refusal.code === "unauthorized") {
      const link = document.createElement("a");
      link.href = `${root}compose`;
      link.textContent = words.sign_in;
      this.problem.append(" ", link);
    }
    this.problem.hidden = false;
    this.problem.scrollIntoView({ block: "nearest" });
  }

  busy(is) {
    this.isBusy = is;
    // Not disabled: the focus would fall off it.
    this.send.setAttribute("aria-disabled", is);
    if (is) this.say(words.sending);
  }

  // -- rows of sources and figures, tags

  clicked({ target }) {
    const button = target.closest("button");
    if (button?.classList.contains("add")) {
      this.another(button.closest("fieldset")).querySelector("input").focus();
    } else if (button?.classList.contains("remove")) {
      pictures.remove(button.closest(".picture").dataset.id);
      button.closest(".picture").remove();
      this.save();
    } else if (button?.id === "show") {
      if (this.preview.hidden) this.show();
      else this.hide();
    } else if (button?.dataset.tag) {
      const tags = this.tags;
      const { tag } = button.dataset;
      const kept = tags.includes(tag) ? tags.filter((other) => other !== tag) : [...tags, tag];
      this.form.elements.tags.value = kept.join(", ");
      this.press();
      this.save();
    }
  }

  another(fieldset) {
    const last = all(".fields", fieldset).at(-1);
    const row = last.cloneNode(true);
    for (const field of all("input", row)) field.value = "";
    last.after(row);
    return row;
  }

  get tags() {
    const parts = this.form.elements.tags.value.split(/[,،]/);
    return parts.map((part) => part.trim()).filter(Boolean);
  }

  press() {
    for (const chip of all("[data-tag]", this.form)) {
      chip.setAttribute("aria-pressed", this.tags.includes(chip.dataset.tag));
    }
  }

  async suggest() {
    const chips = byId("suggestions");
    if (!chips) return;
    const used = await api("GET", "words").catch(() => read(mine("words")));
    if (!used) return;
    keep(mine("words"), used);
    chips.replaceChildren(
      ...used.tags.slice(0, 12).map((tag) => {
        const chip = document.createElement("button");
        chip.type = "button";
        chip.className = "chip";
        chip.dataset.tag = chip.textContent = tag;
        return chip;
      }),
    );
    chips.hidden = !used.tags.length;
    byId("figure-names").replaceChildren(...used.figures.map((name) => new Option(name)));
    this.press();
  }

  // -- preview, by the server's own renderer

  async show() {
    const button = byId("show");
    try {
      const { html } = await api("POST", "preview", { ...entryOf(this.draft), pictures: [] });
      this.preview.lastElementChild.innerHTML = html;
    } catch (refusal) {
      if (refusal.isForNow) this.say(words.unsent);
      else this.refuse(refusal);
      return;
    }
    const content = this.preview.querySelector(".content");
    for (const row of all(".picture", this.list)) {
      const figure = document.createElement("figure");
      const image = row.querySelector("img").cloneNode();
      image.alt = row.querySelector("[name=alt]").value;
      figure.append(image);
      content.append(figure);
    }
    const wasHidden = this.preview.hidden;
    this.preview.hidden = false;
    button.setAttribute("aria-expanded", "true");
    if (wasHidden) this.preview.scrollIntoView({ block: "nearest" });
  }

  hide() {
    if (!this.preview) return;
    this.preview.hidden = true;
    byId("show").setAttribute("aria-expanded", "false");
  }

  // -- pictures: from the camera, a file, dropped, pasted

  takePictures() {
    const input = byId("photo");
    input.addEventListener("change", async () => {
      await this.add(input.files);
      input.value = "";
    });
    this.form.addEventListener("dragover", (event) => {
      if (![...event.dataTransfer.items].some((item) => item.kind === "file")) return;
      event.preventDefault();
      this.form.classList.add("over");
    });
    this.form.addEventListener("dragleave", () => this.form.classList.remove("over"));
    this.form.addEventListener("drop", (event) => {
      this.form.classList.remove("over");
      if (!event.dataTransfer.files.length) return;
      event.preventDefault();
      this.add(event.dataTransfer.files);
    });
    this.form.addEventListener("paste", (event) => {
      const { files } = event.clipboardData;
      if (!files.length) return;
      event.preventDefault();
      this.add(files);
    });
  }

  async add(files) {
    for (const file of [...files]) {
      if (!file.type.startsWith("image/")) {
        this.refuse(new Refusal(415, { detail: words.not_picture }));
        continue;
      }
      const id = random();
      await pictures.put(id, await shrunk(file));
      const row = await this.row({ id, upload: "", alt: "", caption: "" });
      row.querySelector("[name=alt]").focus();
      this.save();
    }
  }

  async row({ id, upload, alt, caption }) {
    const row = byId("new-picture").content.firstElementChild.cloneNode(true);
    row.dataset.id = id;
    const hidden = row.querySelector("[name=picture]");
    if (upload) hidden.value = `upload:${upload}`;
    row.querySelector("[name=alt]").value = alt;
    row.querySelector("[name=caption]").value = caption;
    this.list.append(row);
    const blob = await pictures.get(id);
    if (blob) row.querySelector("img").src = URL.createObjectURL(blob);
    else if (upload) row.querySelector("img").src = `${root}api/uploads/${upload}`;
    if (!upload && blob) {
      const sending = this.upload(row, hidden, blob);
      this.uploads.add(sending);
      sending.finally(() => this.uploads.delete(sending));
    }
    return row;
  }

  async upload(row, hidden, blob) {
    this.say(words.uploading);
    try {
      const { name } = await api("POST", "uploads", blob);
      hidden.value = `upload:${name}`;
      if (row.isConnected) this.save();
      this.say("");
    } catch (refusal) {
      if (refusal.isForNow) {
        this.say(words.kept);
      } else {
        this.refuse(refusal);
        row.remove();
        this.save();
      }
    }
  }
}

async function shrunk(file) {
  // What moves, or is small and may be see-through, stays as it is; the server cleans it too.
  if (file.type === "image/gif" || (file.type !== "image/jpeg" && file.size < 500_000)) return file;
  try {
    const image = await createImageBitmap(file, { imageOrientation: "from-image" });
    const scale = Math.min(1, LONGEST_SIDE / Math.max(image.width, image.height));
    const canvas = document.createElement("canvas");
    canvas.width = Math.round(image.width * scale);
    canvas.height = Math.round(image.height * scale);
    canvas.getContext("2d").drawImage(image, 0, 0, canvas.width, canvas.height);
    image.close();
    return await new Promise((resolve) => {
      canvas.toBlob((blob) => resolve(blob ?? file), "image/jpeg", QUALITY);
    });
  } catch {
    return file; // a kind that this browser cannot read
  }
}

// -- From a draft to an update ----------------------------------------------------------------

function entryOf({ values, pictures: some }) {
  const one = (name) => values.find(([other]) => other === name)?.[1].trim() ?? "";
  const many = (name) => values.filter(([other]) => other === name).map(([, text]) => text.trim());
  const names = many("source_name");
  const figures = many("figure_name");
  const amounts = many("figure_value");
  const units = many("figure_unit");
  const counters = many("figure_source");
  const when = one("when");
  return {
    body: one("body"),
    title: one("title"),
    tags: one("tags").split(/[,،]/).map((tag) => tag.trim().replace(/^#/, "")).filter(Boolean),
    key: Boolean(one("key")),
    pinned: Boolean(one("pinned")),
    verification: one("verification") || one("confirmed"),
    sources: many("source_url")
      .map((url, n) => ({ name: names[n] || url, url }))
      .filter(({ name }) => name),
    figures: figures
      .map((name, n) => ({ name, value: amount(amounts[n]), unit: units[n], source: counters[n] }))
      .filter(({ name }, n) => name || amounts[n]),
    pictures: some.map(({ upload, alt, caption }) => ({ upload, alt, caption })),
    author: one("author"),
    lang: one("lang"),
    ...(when ? { published: instant(when), schedule: true } : {}),
  };
}

// A number as it is written; nothing is no number.
function amount(text) {
  return text ? Number(text.replace(",", ".")) : Number.NaN;
}

// The instant that a clock in the blog's zone shows so.
function instant(local) {
  const wanted = Date.parse(`${local}Z`);
  const format = new Intl.DateTimeFormat("en-US", {
    timeZone: zone, hourCycle: "h23", year: "numeric", month: "numeric", day: "numeric",
    hour: "numeric", minute: "numeric",
  }); // prettier-ignore
  const shift = (at) => {
    const shown = Object.fromEntries(format.formatToParts(at).map(({ type, value }) => [type, value]));
    return Date.UTC(shown.year, shown.month - 1, shown.day, shown.hour, shown.minute) - at;
  };
  // Twice: the first guess may lie on the other side of a change of the clocks.
  return new Date(wanted - shift(wanted - shift(wanted))).toISOString();
}

async function post(draft) {
  for (const isSecond of [false, true]) {
    for (const picture of draft.pictures) {
      if (picture.upload) continue;
      const blob = await pictures.get(picture.id);
      if (blob) picture.upload = (await api("POST", "uploads", blob)).name;
    }
    const given = entryOf(draft);
    if (!given.body && !given.title && !given.pictures.length) throw new Refusal(422, { code: "empty" });
    if (given.figures.some(({ name, value }) => !name || Number.isNaN(value))) {
      throw new Refusal(422, { code: "no_number" });
    }
    try {
      return await api("POST", "entries", given, { "Idempotency-Key": draft.key });
    } catch (refusal) {
      // The server forgets pictures that waited for a week: they are sent again, once.
      if (refusal.status !== 422 || isSecond || !draft.pictures.length) throw refusal;
      for (const picture of draft.pictures) picture.upload = "";
    }
  }
}

// -- The newest updates, with those of others -------------------------------------------------

let isLooking = false;
let isLate = false;

async function refresh() {
  const list = byId("list");
  if (!list || new URLSearchParams(location.search).has("before")) return;
  if (isLooking) {
    isLate = true;
    return;
  }
  isLooking = true;
  try {
    const response = await fetch(`${root}compose/entries`);
    const fresh = new DOMParser().parseFromString(await response.text(), "text/html");
    if (response.ok && fresh.getElementById("entries")) show(list, fresh);
  } catch {
    // No network: the stream tells when it is back.
  }
  isLooking = false;
  if (isLate) {
    isLate = false;
    refresh();
  }
}

function show(list, fresh) {
  const entries = byId("entries");
  if (!entries) return list.replaceChildren(fresh.getElementById("entries"));
  const known = new Map(all(":scope > .item", entries).map((item) => [item.dataset.id, item]));
  let place = entries.firstElementChild;
  for (const item of all("#entries > .item", fresh)) {
    const old = known.get(item.dataset.id);
    known.delete(item.dataset.id);
    if (old && old.dataset.state === item.dataset.state) {
      if (old === place) place = place.nextElementSibling;
      else entries.insertBefore(old, place);
      continue;
    }
    const shown = document.importNode(item, true);
    shown.classList.add("new");
    if (old) {
      if (old === place) place = place.nextElementSibling;
      old.remove();
    }
    entries.insertBefore(shown, place);
  }
  for (const gone of known.values()) gone.remove();
}

function listen() {
  let isFirst = true;
  let waiting = 0;
  const soon = () => {
    clearTimeout(waiting);
    waiting = setTimeout(refresh, 100);
  };
  const stream = new EventSource(`${root}events`);
  for (const kind of ["entry", "removed", "page", "reload"]) stream.addEventListener(kind, soon);
  stream.addEventListener("hello", () => {
    if (!isFirst) soon();
    isFirst = false;
  });
  // What is scheduled comes out without anybody doing anything.
  setInterval(() => document.hidden || (document.querySelector(".waits") && refresh()), 30_000);
}

// -- Publishing: now, or as soon as there is a network ----------------------------------------

function compose(form) {
  const writing = new Writing(form);
  const outbox = byId("outbox");
  const undo = byId("undo");
  let last = null;
  let ending = 0;
  let pause = 2;
  let retry = 0;

  function restore() {
    const asked = new URLSearchParams(location.search);
    const kept = read(writing.name);
    if (!writing.problem.hidden) return writing.save(); // the server sent the text back
    if (kept) writing.draft = kept;
    const shared = { title: asked.get("title"), body: asked.get("text"), url: asked.get("url") };
    if (shared.title || shared.body || shared.url) {
      const { elements } = form;
      if (kept) {
        elements.title.value ||= shared.title ?? "";
        elements.body.value = [elements.body.value, shared.body].filter(Boolean).join("\n\n");
        if (shared.url) elements.body.value += `\n\n${shared.url}`;
      } else {
        elements.title.value = shared.title ?? "";
        elements.body.value = [shared.body, shared.url].filter(Boolean).join("\n\n");
        for (const source of all("[name=source_name], [name=source_url]", form)) source.value = "";
      }
      writing.save();
    }
    if (location.search && !asked.has("before")) history.replaceState(null, "", `${root}compose`);
    if (kept && !isEmpty(kept)) writing.say(words.kept);
  }

  let isWanted = false; // pressed while the one before was on its way

  async function publish() {
    isWanted = writing.isBusy;
    if (isWanted) return;
    writing.busy(true);
    await Promise.allSettled(writing.uploads);
    const { draft } = writing;
    try {
      done(draft, await post(draft));
    } catch (refusal) {
      isWanted &&= refusal.isForNow;
      if (refusal.isForNow) later(draft);
      else writing.refuse(refusal);
    }
    writing.busy(false);
    if (isWanted && !isEmpty(writing.draft)) publish();
  }

  function clear(sent) {
    const now = writing.draft;
    if (JSON.stringify(now) === JSON.stringify(sent)) {
      writing.draft = empty();
      writing.forget();
    } else {
      // What was written on meanwhile is another update, without what was sent.
      const text = sent.values.find(([name]) => name === "body")?.[1] ?? "";
      const { body } = form.elements;
      if (body.value.startsWith(text)) body.value = body.value.slice(text.length).trimStart();
      const { values, pictures: rows } = writing.draft;
      const was = new Set(sent.values.map(String));
      writing.draft = {
        key: random(),
        values: values.filter((value) => !was.has(String(value))),
        pictures: rows.filter(({ id }) => !sent.pictures.some((other) => other.id === id)),
      };
      writing.save();
    }
    writing.hide();
    writing.problem.hidden = true;
    form.elements.body.focus();
  }

  function done(draft, entry) {
    clear(draft);
    forgetLast();
    last = { draft, id: entry.id };
    undo.hidden = false;
    ending = setTimeout(forgetLast, UNDO_FOR);
    writing.say(entry.waiting ? words.scheduled : words.sent);
    refresh();
  }

  function forgetLast() {
    clearTimeout(ending);
    undo.hidden = true;
    for (const picture of last?.draft.pictures ?? []) pictures.remove(picture.id);
    last = null;
  }

  async function takeBack() {
    if (!last) return;
    clearTimeout(ending);
    const { draft, id } = last;
    try {
      await api("DELETE", `entries/${id}`);
    } catch (refusal) {
      forgetLast();
      return writing.refuse(refusal.isForNow ? new Refusal(0, { detail: words.unsent }) : refusal);
    }
    last = null;
    undo.hidden = true;
    toForm(draft);
    writing.say(words.undone);
    refresh();
  }

  // A new key: the old one stands for the update that was taken back.
  function toForm(draft) {
    const now = writing.draft;
    writing.draft = { ...draft, key: random() };
    const text = now.values.find(([name]) => name === "body")?.[1];
    if (text) form.elements.body.value += `\n\n${text}`;
    writing.save();
    form.elements.body.focus();
  }

  // -- what waits for the network

  function later(draft) {
    keep(mine("outbox"), [...(read(mine("outbox")) ?? []), draft]);
    clear(draft);
    writing.say(words.offline);
    tellOutbox();
    again();
  }

  function without(key) {
    keep(mine("outbox"), (read(mine("outbox")) ?? []).filter((draft) => draft.key !== key));
  }

  function tellOutbox() {
    const waiting = read(mine("outbox")) ?? [];
    outbox.hidden = !waiting.length;
    outbox.querySelector("ul").replaceChildren(
      ...waiting.map((draft) => {
        const item = document.createElement("li");
        const state = document.createElement("p");
        state.className = "hint";
        state.textContent = draft.problem ? `${words.refused}. ${draft.problem}` : words.waiting;
        const text = document.createElement("p");
        text.dir = "auto";
        const { title, body } = entryOf(draft);
        text.textContent = title || body.slice(0, 140) || draft.pictures[0]?.alt;
        const back = document.createElement("button");
        back.type = "button";
        back.className = "second";
        back.textContent = words.resume;
        back.addEventListener("click", () => {
          without(draft.key);
          tellOutbox();
          toForm(draft);
        });
        item.append(state, text, back);
        return item;
      }),
    );
  }

  function again() {
    clearTimeout(retry);
    retry = setTimeout(flush, pause * 1000);
    pause = Math.min(pause * 2, 60);
  }

  let isFlushing = false;

  async function flush() {
    const next = () => (read(mine("outbox")) ?? []).find((draft) => !draft.problem);
    if (isFlushing || !next()) return;
    clearTimeout(retry);
    isFlushing = true;
    for (let draft = next(); draft; draft = next()) {
      try {
        await post(draft);
        without(draft.key);
        for (const picture of draft.pictures) pictures.remove(picture.id);
        pause = 2;
        if (writing.status.textContent === words.offline) writing.say(words.sent);
        refresh();
      } catch (refusal) {
        if (refusal.isForNow || refusal.status === 401) {
          if (refusal.status === 401) writing.refuse(refusal);
          else again();
          break;
        }
        const rest = read(mine("outbox")) ?? [];
        keep(mine("outbox"), rest.map((other) => other.key === draft.key ? { ...other, problem: refusal.message } : other)); // prettier-ignore
      }
    }
    isFlushing = false;
    tellOutbox();
  }

  function awake() {
    pause = 2;
    flush();
  }

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    publish();
  });
  undo.addEventListener("click", takeBack);
  addEventListener("online", awake);
  document.addEventListener("visibilitychange", () => document.hidden || awake());
  addEventListener("storage", ({ key, newValue }) => {
    // Another window sent this draft: what is written on here is another update.
    if (key === writing.name && newValue === null) writing.key = random();
    if (key === mine("outbox")) tellOutbox();
  });
  restore();
  tellOutbox();
  flush();
  listen();
  keepOnLeaving(() => writing);
}

function keepOnLeaving(writing) {
  const save = () => writing().saving && writing().save();
  addEventListener("pagehide", save);
  document.addEventListener("visibilitychange", () => document.hidden && save());
}

// -- Editing an entry, or the text around a digest: the server's own page, without leaving it --

let editing = null;

function edit(form) {
  editing = new Writing(form);
  const writing = editing;
  const kept = read(writing.name);
  if (kept && kept.rev === form.elements.rev.value && writing.problem.hidden) {
    writing.draft = kept;
    writing.say(words.kept);
  }
  writing.save = () => {
    clearTimeout(writing.saving);
    writing.saving = 0;
    keep(writing.name, { ...writing.draft, rev: form.elements.rev.value });
  };
  for (const link of all("[data-drop]")) link.addEventListener("click", () => writing.forget());
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (writing.isBusy) return;
    writing.save();
    writing.busy(true);
    await Promise.allSettled(writing.uploads);
    try {
      await store(writing);
    } catch {
      writing.say(words.unsent);
    }
    writing.isBusy = false;
    writing.send.removeAttribute("aria-disabled");
  });
}

async function store(writing) {
  const { form } = writing;
  for (const row of all(".picture[data-id]", form)) {
    const hidden = row.querySelector("[name=picture]");
    const blob = await pictures.get(row.dataset.id);
    if (!hidden.value && blob) hidden.value = `upload:${(await api("POST", "uploads", blob)).name}`;
  }
  const response = await fetch(form.action, {
    method: "POST",
    body: new FormData(form),
    signal: AbortSignal.timeout(PATIENCE),
  });
  const page = new DOMParser().parseFromString(await response.text(), "text/html");
  if (response.ok) {
    writing.forget();
    location.assign(response.url);
  } else if (response.status === 401) {
    writing.refuse(new Refusal(401, { code: "unauthorized" }));
  } else {
    byId("main").replaceChildren(...document.importNode(page.getElementById("main"), true).childNodes);
    if (byId("edit")) edit(byId("edit"));
    byId("problem")?.scrollIntoView();
  }
}

// -- Pinning from the list --------------------------------------------------------------------

byId("list")?.addEventListener("submit", async (event) => {
  event.preventDefault();
  const body = new FormData(event.target);
  try {
    const response = await fetch(event.target.action, { method: "POST", body });
    if (!response.ok) {
      const page = new DOMParser().parseFromString(await response.text(), "text/html");
      byId("status").textContent = page.querySelector(".problem")?.textContent ?? "";
    }
  } catch {
    byId("status").textContent = words.unsent;
  }
  refresh();
});

// -- Keyboard, keyboards of glass, signing in and out, installing -----------------------------

addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
  const form = byId("composer") ?? byId("edit");
  if (!form) return;
  event.preventDefault();
  form.requestSubmit();
});

// Where the keyboard covers the page rather than shrinks it, the button goes above it.
function aboveKeyboard() {
  const { height, offsetTop, scale } = visualViewport;
  const covered = scale > 1 ? 0 : Math.max(0, innerHeight - height - offsetTop);
  document.documentElement.style.setProperty("--keyboard", `${covered}px`);
}
visualViewport?.addEventListener("resize", aboveKeyboard);
visualViewport?.addEventListener("scroll", aboveKeyboard);

const token = byId("token");
if (token && location.hash.startsWith("#token=")) {
  token.value = decodeURIComponent(location.hash.slice(7));
  history.replaceState(null, "", location.pathname + location.search);
}

byId("sign-out")?.addEventListener("submit", () => keep(WHO, null));

if (document.body.dataset.person) {
  keep(WHO, person);
  // Written without a network before anybody signed in: it is whoever signs in first.
  for (const name of ["draft", "outbox"]) {
    const before = `liveblog ${root}  ${name}`;
    if (read(before) && !read(mine(name))) keep(mine(name), read(before));
    keep(before, null);
  }
  const worker = `${root}compose/sw.js`;
  navigator.serviceWorker?.register(worker, { scope: `${root}compose` }).catch(() => {});
}

if (byId("composer")) compose(byId("composer"));
if (byId("edit")) {
  edit(byId("edit"));
  keepOnLeaving(() => editing);
}
