// Starts the scripts of a newsroom page. Every form works without them, too.

import { byId, root, signedIn } from "./dom.js";
import { startEditing } from "./editing.js";
import { pinInPlace } from "./newest.js";
import { startComposer } from "./publishing.js";
import { forgetPerson, rememberPerson } from "./storage.js";

addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
  const button = byId("send");
  if (!button) return;
  event.preventDefault();
  button.click();
});

/** Raise the bar of buttons above an on-screen keyboard that covers the page. */
function avoidKeyboard() {
  const { height, offsetTop, scale } = visualViewport;
  const covered = scale > 1 ? 0 : Math.max(0, innerHeight - height - offsetTop);
  document.documentElement.style.setProperty("--keyboard", `${covered}px`);
}
visualViewport?.addEventListener("resize", avoidKeyboard);
visualViewport?.addEventListener("scroll", avoidKeyboard);

const tokenField = byId("token");
if (tokenField && location.hash.startsWith("#token=")) {
  tokenField.value = decodeURIComponent(location.hash.slice("#token=".length));
  history.replaceState(null, "", location.pathname + location.search);
}

byId("sign-out")?.addEventListener("submit", forgetPerson);

if (signedIn) {
  rememberPerson();
  const worker = `${root}compose/sw.js`;
  navigator.serviceWorker?.register(worker, { scope: `${root}compose` }).catch(() => {});
}

pinInPlace();
if (byId("composer")) startComposer(byId("composer"));
if (byId("edit")) startEditing(byId("edit"));
