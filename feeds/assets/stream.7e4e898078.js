// Keeps the live page up to date. New entries never move the text that is being read.

import { connect } from "./connection.80dc8c892b.js";
import { onResume, showPauseButton } from "./pause.f6b70e6dab.js";
import { merge, updates } from "./updates.6ee84a485f.js";
import { showIfAtNewest } from "./waiting.b57480cb63.js";

onResume(showIfAtNewest);
showPauseButton();
connect(updates, merge);
