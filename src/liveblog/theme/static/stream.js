// Keeps the live page up to date. New entries never move the text that is being read.

import { connect } from "./connection.js";
import { onResume, showPauseButton } from "./pause.js";
import { merge, updates } from "./updates.js";
import { showIfAtNewest } from "./waiting.js";

onResume(showIfAtNewest);
showPauseButton();
connect(updates, merge);
