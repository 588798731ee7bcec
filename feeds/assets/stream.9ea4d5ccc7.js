// Keeps the live page up to date. New entries never move the text that is being read.

import { connect } from "./connection.ad172093c6.js";
import { onResume, showPauseButton } from "./pause.b83a7c5d6c.js";
import { merge, updates } from "./updates.e114753152.js";
import { showIfAtNewest } from "./waiting.b9e7e52bb0.js";

onResume(showIfAtNewest);
showPauseButton();
connect(updates, merge);
