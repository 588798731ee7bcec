// The pictures of a form: chosen, dropped or pasted; made smaller, then uploaded at once.

import { ApiError } from "./api.js";
import { all, byId, randomKey, root, words } from "./dom.js";
import { upload } from "./draft.js";
import { deletePicture, getPicture, putPicture } from "./storage.js";

const LONGEST_SIDE = 2048; // pixels
const JPEG_QUALITY = 0.85;
const SMALL_FILE = 500_000; // bytes up to which a PNG or WebP is sent as it is

const KINDS = { mp4: "video", webm: "video", mp3: "audio", m4a: "audio", ogg: "audio" };

export class PictureList {
  #uploads = new Set();

  constructor(draftForm) {
    this.draftForm = draftForm;
    this.list = draftForm.form.querySelector("#pictures");
    if (this.list) this.#listen();
  }

  get rows() {
    return this.list ? all(".picture", this.list) : [];
  }

  get #newRows() {
    return this.rows.filter((row) => row.dataset.id);
  }

  /** The pictures that the draft adds: id on this device, name of the upload, texts. */
  get values() {
    return this.#newRows.map((row) => ({
      id: row.dataset.id,
      upload: row.querySelector("[name=picture]").value.replace("upload:", ""),
      alt: row.querySelector("[name=alt]").value,
      caption: row.querySelector("[name=caption]").value,
    }));
  }

  set values(pictures) {
    for (const row of this.#newRows) row.remove();
    for (const picture of pictures) this.#append(picture);
  }

  /** Wait until no upload is under way. */
  async settle() {
    await Promise.allSettled(this.#uploads);
  }

  /** Upload the pictures whose first upload failed. */
  async uploadMissing() {
    for (const row of this.#newRows) {
      const field = row.querySelector("[name=picture]");
      field.value ||= `upload:${await upload(row.dataset.id)}`;
    }
  }

  #listen() {
    const { form } = this.draftForm;
    const input = byId("photo");
    input.addEventListener("change", async () => {
      await this.#add(input.files);
      input.value = "";
    });
    form.addEventListener("dragover", (event) => {
      if (![...event.dataTransfer.items].some((item) => item.kind === "file")) return;
      event.preventDefault();
      form.classList.add("over");
    });
    form.addEventListener("dragleave", () => form.classList.remove("over"));
    form.addEventListener("drop", (event) => {
      form.classList.remove("over");
      if (!event.dataTransfer.files.length) return;
      event.preventDefault();
      this.#add(event.dataTransfer.files);
    });
    form.addEventListener("paste", (event) => {
      const { files } = event.clipboardData;
      if (!files.length) return;
      event.preventDefault();
      this.#add(files);
    });
    this.list.addEventListener("click", ({ target }) => {
      const row = target.closest("button.remove")?.closest(".picture");
      if (!row) return;
      deletePicture(row.dataset.id);
      row.remove();
      this.draftForm.save();
    });
  }

  async #add(files) {
    for (const file of [...files]) {
      const [kind] = file.type.split("/");
      if (!kind || !byId("photo").accept.includes(`${kind}/`)) {
        this.draftForm.showError(new ApiError(415, { detail: words.not_picture }));
        continue;
      }
      const id = randomKey();
      await putPicture(id, kind === "image" ? await shrink(file) : file);
      const row = await this.#append({ id, upload: "", alt: "", caption: "" });
      row.querySelector("[name=alt]").focus();
      this.draftForm.save();
    }
  }

  async #append({ id, upload, alt, caption }) {
    const row = byId("new-picture").content.firstElementChild.cloneNode(true);
    row.dataset.id = id;
    const field = row.querySelector("[name=picture]");
    if (upload) field.value = `upload:${upload}`;
    row.querySelector("[name=alt]").value = alt;
    row.querySelector("[name=caption]").value = caption;
    if ("single" in this.list.dataset) this.list.replaceChildren();
    this.list.append(row);
    const blob = await getPicture(id);
    if (blob) show(row, URL.createObjectURL(blob), blob.type);
    else if (upload) show(row, `${root}api/uploads/${upload}`, KINDS[upload.split(".").pop()]);
    else this.#sayLost(row);
    if (!upload && blob) {
      const sending = this.#upload(row, field);
      this.#uploads.add(sending);
      sending.finally(() => this.#uploads.delete(sending));
    }
    return row;
  }

  /** Say in place of a picture that this device does not have it any more. */
  #sayLost(row) {
    row.querySelector("img").hidden = true;
    const line = document.createElement("p");
    line.className = "problem";
    line.textContent = words.problems.lost_picture;
    row.lastElementChild.prepend(line);
  }

  async #upload(row, field) {
    this.draftForm.say(words.uploading);
    try {
      field.value = `upload:${await upload(row.dataset.id)}`;
      if (row.isConnected) this.draftForm.save();
      this.draftForm.say("");
    } catch (error) {
      if (error.isTemporary) {
        this.draftForm.say(words.kept);
      } else {
        this.draftForm.showError(error);
        row.remove();
        this.draftForm.save();
      }
    }
  }
}

/** Show a picture, or the player of a film or recording, in a row. */
function show(row, address, type = "image") {
  const [kind] = type.split("/");
  const shown = document.createElement(kind === "video" || kind === "audio" ? kind : "img");
  if (kind === "video" || kind === "audio") [shown.controls, shown.preload] = [true, "metadata"];
  else shown.alt = "";
  shown.src = address;
  row.querySelector("img").replaceWith(shown);
}

/** Return a picture as a JPEG of limited size. */
async function shrink(file) {
  // GIFs may be animated, and small files may be transparent: they are sent as they are.
  if (file.type === "image/gif" || (file.type !== "image/jpeg" && file.size < SMALL_FILE)) return file;
  try {
    const image = await createImageBitmap(file, { imageOrientation: "from-image" });
    const scale = Math.min(1, LONGEST_SIDE / Math.max(image.width, image.height));
    const canvas = document.createElement("canvas");
    canvas.width = Math.round(image.width * scale);
    canvas.height = Math.round(image.height * scale);
    canvas.getContext("2d").drawImage(image, 0, 0, canvas.width, canvas.height);
    image.close();
    return await new Promise((resolve) => {
      canvas.toBlob((blob) => resolve(blob ?? file), "image/jpeg", JPEG_QUALITY);
    });
  } catch {
    return file; // a format that this browser cannot decode
  }
}
