// The page's data and short ways to find its elements.

export const { root, zone, person: signedIn } = document.body.dataset;
export const words = JSON.parse(document.body.dataset.words);

export const all = (selector, within = document) => [...within.querySelectorAll(selector)];
export const byId = (id) => document.getElementById(id);

/** Return a random key of 32 hexadecimal digits. */
export function randomKey() {
  // crypto.randomUUID needs HTTPS.
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
