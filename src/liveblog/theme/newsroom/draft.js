// A draft: the values of a form as [name, text] pairs, pictures, and a key that is sent with it
// once. Converts drafts to entries of the API and posts them.

import { ApiError, api } from "./api.js";
import { randomKey, zone } from "./dom.js";
import { getPicture } from "./storage.js";

export const emptyDraft = () => ({ key: randomKey(), values: [], pictures: [] });

export function isEmpty(draft) {
  return !draft.pictures.length && !draft.values.some(([, text]) => text);
}

export const bodyOf = ({ values }) => values.find(([name]) => name === "body")?.[1] ?? "";

/** Split text into tags at Latin or Arabic commas. */
export function splitTags(text) {
  return text.split(/[,،]/).map((tag) => tag.trim()).filter(Boolean); // prettier-ignore
}

/** Convert a draft to the JSON of a new entry. */
export function toEntry({ values, pictures }) {
  const one = (name) => values.find(([other]) => other === name)?.[1].trim() ?? "";
  const many = (name) => values.filter(([other]) => other === name).map(([, text]) => text.trim());
  const sourceNames = many("source_name");
  const figureValues = many("figure_value");
  const figureUnits = many("figure_unit");
  const figureSources = many("figure_source");
  const [day, time, after] = ["day", "time", "after"].map(one);
  return {
    body: one("body"),
    title: one("title"),
    tags: splitTags(one("tags")).map((tag) => tag.replace(/^#/, "")).filter(Boolean),
    key: Boolean(one("key")),
    pinned: Boolean(one("pinned")),
    verification: one("verification") || one("confirmed"),
    sources: many("source_url")
      .map((url, n) => ({ name: sourceNames[n] || url, url }))
      .filter(({ name }) => name),
    figures: many("figure_name")
      .map((name, n) => ({
        name,
        value: toNumber(figureValues[n]),
        unit: figureUnits[n],
        source: figureSources[n],
      }))
      .filter(({ name }, n) => name || figureValues[n]),
    pictures: pictures.map(({ upload, alt, caption }) => ({ upload, alt, caption })),
    author: one("author"),
    lang: one("lang"),
    ...(after ? { after, schedule: true } : day || time ? { published: toDate(day, time), schedule: true } : {}),
  };
}

/** Convert a draft of a chapter to an entry of its first day with title, introduction and close. */
export function toChapterPreview({ values }) {
  const one = (name) => values.find(([other]) => other === name)?.[1].trim() ?? "";
  const texts = [one("introduction"), one("close")].filter(Boolean);
  const entry = { title: one("title") || one("headline"), body: texts.join("\n\n***\n\n") };
  return one("start") ? { ...entry, published: one("start") } : entry;
}

/** Read a number with a decimal point or comma; empty text is not a number. */
function toNumber(text) {
  return text ? Number(text.replace(",", ".")) : Number.NaN;
}

/** Convert a day and a time to a date of the API: a day alone stays one, a time alone is today's. */
function toDate(day, time) {
  // Swedish dates are those of ISO 8601.
  const today = () => new Intl.DateTimeFormat("sv", { timeZone: zone }).format(new Date());
  return time ? toInstant(`${day || today()}T${time}`) : day;
}

/** Convert a local time of the blog's zone, YYYY-MM-DDTHH:MM, to an instant in UTC. */
function toInstant(local) {
  const wanted = Date.parse(`${local}Z`);
  const format = new Intl.DateTimeFormat("en-US", {
    timeZone: zone, hourCycle: "h23", year: "numeric", month: "numeric", day: "numeric",
    hour: "numeric", minute: "numeric",
  }); // prettier-ignore
  const offset = (time) => {
    const parts = Object.fromEntries(format.formatToParts(time).map(({ type, value }) => [type, value]));
    return Date.UTC(parts.year, parts.month - 1, parts.day, parts.hour, parts.minute) - time;
  };
  // Twice: the first guess may be on the other side of a change to or from summer time.
  return new Date(wanted - offset(wanted - offset(wanted))).toISOString();
}

/** Upload a picture that is stored on this device; return its name on the server. */
export async function upload(id) {
  const blob = await getPicture(id);
  if (!blob) throw new ApiError(422, { code: "lost_picture" });
  return (await api("POST", "uploads", blob)).name;
}

/** Upload the pictures of a draft that are not yet uploaded, then post it; return the entry. */
export async function post(draft) {
  for (const isSecond of [false, true]) {
    for (const picture of draft.pictures) {
      picture.upload ||= await upload(picture.id);
    }
    const entry = toEntry(draft);
    if (!entry.body && !entry.title && !entry.pictures.length) throw new ApiError(422, { code: "empty" });
    for (const { name, value } of entry.figures) {
      if (!name) throw new ApiError(422, { code: "no_name" });
      if (Number.isNaN(value)) throw new ApiError(422, { code: "no_number" });
    }
    try {
      return await api("POST", "entries", entry, { "Idempotency-Key": draft.key });
    } catch (error) {
      // The server deletes unused uploads after a week: upload them again, once.
      if (error.status !== 422 || isSecond || !draft.pictures.length) throw error;
      for (const picture of draft.pictures) {
        if (await getPicture(picture.id)) picture.upload = "";
      }
    }
  }
}
