// The button that pauses updates, and the updates deferred meanwhile.

import { isOver } from "./connection.1223315122.js";

const { pause: pauseLabel, resume: resumeLabel } = document.getElementById("live").dataset;

export let isPaused = false;
let deferred = []; // functions to call when the reader resumes

export function defer(update) {
  deferred.push(update);
}

/** Show the pause button in place of the link that reloads the page. */
export function showPauseButton() {
  const button = document.querySelector("button.pause");
  const link = document.querySelector("a.refresh");
  if (link) link.hidden = true;
  if (!button) return;
  button.hidden = isOver;
  button.textContent = isPaused ? resumeLabel : pauseLabel;
  button.setAttribute("aria-pressed", isPaused);
}

/** Call back after the deferred updates have run. */
export function onResume(callback) {
  document.addEventListener("click", (event) => {
    if (!event.target.closest?.("button.pause")) return;
    isPaused = !isPaused;
    showPauseButton();
    if (isPaused) return;
    const updates = deferred;
    deferred = [];
    for (const update of updates) update();
    callback();
  });
}
