// Keeps the live page up to date. New entries never move the text that is being read.

import { connect } from "./connection.07f7582aae.js";
import { onResume, showPauseButton } from "./pause.795518d393.js";
import { merge, updates } from "./updates.e0cd39efd8.js";
import { showIfAtNewest } from "./waiting.e039a296bb.js";

onResume(showIfAtNewest);
showPauseButton();
connect(updates, merge);
