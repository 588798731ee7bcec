// A line between what is new and what the reader saw on the last visit. What was seen is noted in
// this browser only: the place of the newest update that was on the page.

const stream = document.getElementById("stream");
const key = `liveblog.seen ${new URL(document.body.dataset.root, location).pathname}`;
const line = document.createElement("p");
line.className = "visit";
line.textContent = document.body.dataset.visit;

const orders = () => [...stream.querySelectorAll(".entry")].map(({ dataset }) => dataset.order);

let seen;
try {
  seen = localStorage.getItem(key);
} catch {
  // No storage: every visit is the first.
}

/** Put the line where the updates of this visit and those of earlier ones meet. */
function place() {
  line.remove();
  const shown = [...stream.querySelectorAll(".entry:not([hidden])")];
  const isSeen = ({ dataset }) => dataset.order <= seen;
  const meeting = shown.findIndex((entry) => isSeen(entry) !== isSeen(shown[0]));
  if (meeting > 0) shown[meeting].before(line);
}

function note() {
  const newest = orders().sort().at(-1);
  try {
    if (document.hidden && newest) localStorage.setItem(key, newest);
  } catch {
    // As above.
  }
}

if (seen) {
  place();
  document.addEventListener("liveblog:arranged", place);
}
document.addEventListener("visibilitychange", note);
