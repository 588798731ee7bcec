// Keeps the live page up to date. New entries never move the text that is being read.

import { connect } from "./connection.1223315122.js";
import { onResume, showPauseButton } from "./pause.0a4921bf45.js";
import { merge, updates } from "./updates.9113868608.js";
import { showIfAtNewest } from "./waiting.fa3808219d.js";

onResume(showIfAtNewest);
showPauseButton();
connect(updates, merge);
