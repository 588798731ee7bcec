// What this device stores: drafts and unsent updates in localStorage, pictures in IndexedDB.

import { root, signedIn } from "./dom.js";

const PERSON = `liveblog ${root} who`;
const person = signedIn ?? read(PERSON) ?? "";

/** Return the key under which a value of the current person is stored. */
export const personal = (name) => `liveblog ${root} ${person} ${name}`;

export function read(key) {
  try {
    return JSON.parse(localStorage.getItem(key));
  } catch {
    return null;
  }
}

/** Store a value; null deletes it. */
export function write(key, value) {
  try {
    if (value === null) localStorage.removeItem(key);
    else localStorage.setItem(key, JSON.stringify(value));
  } catch {
    // No storage: the draft lasts as long as the page.
  }
}

/** Remember who is signed in; drafts written while nobody was become theirs. */
export function rememberPerson() {
  write(PERSON, person);
  for (const name of ["draft", "outbox"]) {
    const unsigned = `liveblog ${root}  ${name}`;
    if (read(unsigned) && !read(personal(name))) write(personal(name), read(unsigned));
    write(unsigned, null);
  }
}

export const forgetPerson = () => write(PERSON, null);

const memory = new Map(); // pictures by id, also where there is no IndexedDB
let opening;

/** Run an action on the store of pictures; return its result. */
async function withStore(mode, action) {
  opening ??= new Promise((resolve, reject) => {
    const request = indexedDB.open(`liveblog ${root}`, 1);
    request.onupgradeneeded = () => request.result.createObjectStore("pictures");
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
  const transaction = (await opening).transaction("pictures", mode);
  const request = action(transaction.objectStore("pictures"));
  return new Promise((resolve, reject) => {
    transaction.oncomplete = () => resolve(request.result);
    transaction.onabort = () => reject(transaction.error);
  });
}

export async function putPicture(id, blob) {
  memory.set(id, blob);
  // Bytes: private windows of Safari store no Blob.
  const stored = { type: blob.type, bytes: await blob.arrayBuffer() };
  await withStore("readwrite", (store) => store.put(stored, id)).catch(() => {});
}

/** Return a picture as a Blob; nothing if this device does not have it. */
export async function getPicture(id) {
  if (memory.has(id)) return memory.get(id);
  const found = await withStore("readonly", (store) => store.get(id)).catch(() => {});
  if (!found?.bytes) return found; // none, or a Blob that an older version stored
  return new Blob([found.bytes], { type: found.type });
}

export async function deletePicture(id) {
  memory.delete(id);
  await withStore("readwrite", (store) => store.delete(id)).catch(() => {});
}
