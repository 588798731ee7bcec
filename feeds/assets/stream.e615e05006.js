// Keeps the live page up to date. New entries never move the text that is being read.

import { connect } from "./connection.2d471eb7f2.js";
import { onResume, showPauseButton } from "./pause.cf40641293.js";
import { merge, updates } from "./updates.3624e25733.js";
import { showIfAtNewest } from "./waiting.7f63bfe87a.js";

onResume(showIfAtNewest);
showPauseButton();
connect(updates, merge);
