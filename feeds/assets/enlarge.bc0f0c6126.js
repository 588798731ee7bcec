// Shows a picture in the whole window; a click on it shows every pixel. Escape, the button, a click
// beside it or a swipe down close it; arrow keys and other swipes lead to the pictures around it.
// Without this script, or in a browser without dialogs, the link leads to the picture's file.

const SWIPE = 60; // pixels

let dialog;
let link; // to the picture that is shown

const isRightToLeft = () => document.documentElement.dir === "rtl";

function show(next) {
  if (!next) return;
  link = next;
  const { alt } = link.querySelector("img");
  const caption = link.closest("figure")?.querySelector("figcaption")?.textContent ?? "";
  const picture = document.createElement("img");
  Object.assign(picture, { alt, src: link.href });
  dialog.querySelector("img")?.remove();
  dialog.prepend(picture);
  dialog.querySelector("p").textContent = caption;
  dialog.setAttribute("aria-label", alt || caption || link.getAttribute("aria-label"));
  dialog.classList.remove("full");
}

/** Show the picture before (-1) or after (1) this one on the page. */
function step(by) {
  const links = [...document.querySelectorAll("a.enlarge")].filter((other) => other.offsetParent);
  show(links[links.findIndex(({ href }) => href === link.href) + by]);
}

function open(first) {
  dialog = document.createElement("dialog");
  dialog.className = "enlarged";
  dialog.innerHTML = '<p></p><button type="button">×</button>';
  dialog.querySelector("button").setAttribute("aria-label", document.body.dataset.close);
  let start; // where a finger or the mouse went down
  let isSwipe = false;
  dialog.addEventListener("pointerdown", (event) => (start = event));
  dialog.addEventListener("pointerup", ({ clientX, clientY }) => {
    const [x, y] = [clientX - start?.clientX, clientY - start?.clientY];
    isSwipe = Math.max(Math.abs(x), Math.abs(y)) > SWIPE;
    if (!isSwipe || dialog.classList.contains("full") || visualViewport?.scale > 1) return;
    if (y > Math.abs(x)) dialog.close();
    else if (Math.abs(x) > Math.abs(y)) step(x < 0 !== isRightToLeft() ? 1 : -1);
  });
  dialog.addEventListener("click", ({ target }) => {
    if (isSwipe) isSwipe = false;
    else if (target.matches("img")) dialog.classList.toggle("full");
    else dialog.close();
  });
  dialog.addEventListener("keydown", ({ key }) => {
    if (key === "ArrowLeft" || key === "ArrowRight") {
      step((key === "ArrowRight") !== isRightToLeft() ? 1 : -1);
    }
  });
  dialog.addEventListener("close", () => {
    dialog.remove();
    link.focus();
  });
  document.body.append(dialog);
  show(first);
  dialog.showModal();
}

document.addEventListener("click", (event) => {
  const found = event.target.closest?.("a.enlarge");
  if (!found || event.button || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) {
    return;
  }
  if (!("HTMLDialogElement" in self)) return;
  event.preventDefault();
  open(found);
});
