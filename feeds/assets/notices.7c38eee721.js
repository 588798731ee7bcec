// The line under the stream: the connection is lost, or the page should be loaded again.

import { locale, say } from "./page.89b9ef8bf1.js";

const bar = document.getElementById("live");
const line = bar.querySelector(".out");
const { out: outageText, reload: reloadText } = bar.dataset;

const OUTAGE_DELAY = 2_000; // milliseconds without a connection before the reader is told

let lostAt = 0;
let timer;

export const isOutage = () => lostAt > 0;

/** Note whether the server can be reached; show the outage, which began *since*, once it has lasted. */
export function setReachable(isReachable, since = Date.now()) {
  if (isReachable) {
    clearTimeout(timer);
    lostAt = 0;
    if (!line.querySelector("a")) line.hidden = true;
  } else if (!lostAt) {
    lostAt = since;
    timer = setTimeout(() => {
      if (line.querySelector("a")) return;
      const time = new Intl.DateTimeFormat(locale, { timeStyle: "short" });
      line.textContent = outageText.replace("{time}", time.format(lostAt));
      line.hidden = false;
      say(line.textContent);
    }, OUTAGE_DELAY);
  }
}

/** Offer to load the page again. */
export function offerReload() {
  const link = document.createElement("a");
  link.href = location.href.split("#")[0];
  link.textContent = reloadText;
  line.replaceChildren(link);
  line.hidden = false;
}
