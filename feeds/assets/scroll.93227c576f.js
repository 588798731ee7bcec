// Changes the page without moving the line that the reader is looking at.

const stream = document.getElementById("stream");

export const isOldestFirst = () => new URLSearchParams(location.search).get("order") === "oldest";

/** Whether the reader is at the end of the stream where new entries appear. */
export function isAtNewest() {
  const { top, bottom } = stream.getBoundingClientRect();
  return isOldestFirst() ? bottom < innerHeight + 8 : top > -8;
}

/** Whether a part stays in its place when the reader scrolls. */
const isSticky = (node) => getComputedStyle(node.closest(".rail") ?? node).position === "sticky";

/** Run a change of the page, then scroll so that the topmost visible part is where it was. */
export function holdPosition(change) {
  const visible = [...document.querySelectorAll("[data-part] > *, .entry")].find(
    (node) => node.getBoundingClientRect().bottom > 0 && !isSticky(node),
  );
  const entryId = visible?.closest(".entry")?.id;
  const before = visible?.getBoundingClientRect().top;
  change();
  const now = visible?.isConnected ? visible : entryId && document.getElementById(entryId);
  if (!now || scrollY === 0) return;
  const shift = now.getBoundingClientRect().top - before;
  if (Math.abs(shift) > 0.5) scrollBy({ top: shift, behavior: "instant" });
}

/** Run a change of the stream, and animate its entries from their old position to the new one. */
export function slide(change) {
  const first = stream.querySelector(".entry:not([hidden])");
  const before = first?.getBoundingClientRect().top;
  change();
  const shift = first ? first.getBoundingClientRect().top - before : 0;
  if (shift && !matchMedia("(prefers-reduced-motion: reduce)").matches) {
    // Animations add up: entries may arrive faster than one takes.
    stream.animate([{ transform: `translateY(${-shift}px)` }, { transform: "translateY(0)" }], {
      duration: 260,
      easing: "ease-out",
      composite: "add",
    });
  }
}
