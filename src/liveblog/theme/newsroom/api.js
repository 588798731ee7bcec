// Calls the server's API.

import { root, words } from "./dom.js";

const TIMEOUT = 20_000; // milliseconds
const UPLOAD_TIMEOUT = 120_000; // milliseconds

/** A request that failed; status 0 means that no answer came. */
export class ApiError extends Error {
  constructor(status, problem = {}) {
    const { about, code = "", detail } = problem;
    const { problems } = words;
    // What the server says in English is for programs.
    super(problems[about] ?? problems[code] ?? (code ? problems.failed : detail));
    this.status = status;
    this.code = code;
  }

  /** Whether the same request may succeed later: no network, or an overloaded server. */
  get isTemporary() {
    return !this.status || this.status === 408 || this.status === 429 || this.status >= 500;
  }
}

/** Fetch, and give up after *limit* milliseconds, also while the answer arrives. */
export function fetchWithin(address, options = {}, limit = TIMEOUT) {
  const abort = new AbortController();
  setTimeout(() => abort.abort(), limit);
  return fetch(address, { ...options, signal: abort.signal });
}

/** Return the data of a form, with the button that was pressed. */
export function formData(form, button) {
  const data = new FormData(form);
  if (button?.name) data.set(button.name, button.value);
  return data;
}

/** Send a request; a body is a Blob or a value for JSON. Return the decoded answer. */
export async function api(method, path, body, headers = {}) {
  const isFile = body instanceof Blob;
  const isJson = !isFile && body !== undefined;
  try {
    const options = {
      method,
      headers: isJson ? { "Content-Type": "application/json", ...headers } : headers,
      body: isJson ? JSON.stringify(body) : body,
    };
    const response = await fetchWithin(`${root}api/${path}`, options, isFile ? UPLOAD_TIMEOUT : TIMEOUT);
    if (response.status === 204) return null;
    // A proxy refuses a file that is too large with a page of its own.
    const answer = await response.json().catch(() => (response.status === 413 ? {} : null));
    // No JSON: the answer was cut off, or comes from the sign-in page of a public network.
    if (!answer) throw new ApiError(0);
    if (!response.ok) throw new ApiError(response.status, answer);
    return answer;
  } catch (error) {
    throw error instanceof ApiError ? error : new ApiError(0);
  }
}
