// Keeps the live page up to date. New entries never move the text that is being read.

import { connect } from "./connection.2e1314cbcb.js";
import { onResume, showPauseButton } from "./pause.33d4707dde.js";
import { merge, updates } from "./updates.e63464023e.js";
import { showIfAtNewest } from "./waiting.9996691f2e.js";

onResume(showIfAtNewest);
showPauseButton();
connect(updates, merge);
