// Starts the scripts of a newsroom page. Every form works without them, too.

import { byId, root, signedIn } from "./dom.js";
import { startEditing } from "./editing.js";
import { pinInPlace } from "./newest.js";
import { startComposer } from "./publishing.js";
import { forgetPerson, rememberPerson } from "./storage.js";
import "./validity.js";

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

const LINK = /#token=([\w-]+)/; // of a link that signs in
const SEEN = 500; // milliseconds in which a field that fills itself can be seen

/** Fill in the token of a link, and keep it out of the address; return whether there was one. */
function fillIn(link) {
  const [, token] = link.match(LINK) ?? [];
  if (!token) return false;
  if (LINK.test(location.hash)) history.replaceState(null, "", location.pathname + location.search);
  const field = byId("token");
  if (field) field.value = token;
  return Boolean(field);
}

/** Sign in with a link that somebody pasted. */
const signIn = (link) => fillIn(link) && setTimeout(() => byId("sign-in").querySelector("button").click(), SEEN);

// Who only follows a link presses the button: nobody else can sign them in.
fillIn(location.hash);
addEventListener("hashchange", () => signIn(location.hash));
byId("token")?.addEventListener("input", ({ target }) => signIn(target.value));

byId("sign-out")?.addEventListener("submit", forgetPerson);

if (signedIn) {
  rememberPerson();
  const worker = `${root}compose/sw.js`;
  navigator.serviceWorker?.register(worker, { scope: `${root}compose` }).catch(() => {});
}

pinInPlace();
if (byId("composer")) startComposer(byId("composer"));
if (byId("edit")) startEditing(byId("edit"));
