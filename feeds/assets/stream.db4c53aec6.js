// Keeps the live page up to date. New entries never move the text that is being read.

import { connect } from "./connection.b9a5e26d4f.js";
import { onResume, showPauseButton } from "./pause.a8fa8a842f.js";
import { merge, updates } from "./updates.8cee90b84e.js";
import { showIfAtNewest } from "./waiting.6749fde1fe.js";

onResume(showIfAtNewest);
showPauseButton();
connect(updates, merge);
