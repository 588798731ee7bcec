// Keeps the live page up to date. New entries never move the text that is being read.

import { connect } from "./connection.cbdc2f849f.js";
import { onResume, showPauseButton } from "./pause.15c0833cb1.js";
import { merge, updates } from "./updates.1ef2309566.js";
import { showIfAtNewest } from "./waiting.d5c6814ca6.js";

onResume(showIfAtNewest);
showPauseButton();
connect(updates, merge);
