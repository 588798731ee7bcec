// Keeps the live page up to date. New entries never move the text that is being read.

import { connect } from "./connection.ad172093c6.js";
import { onResume, showPauseButton } from "./pause.b83a7c5d6c.js";
import { merge, updates } from "./updates.18c51b43cd.js";
import { showIfAtNewest } from "./waiting.88cd2adcaf.js";

onResume(showIfAtNewest);
showPauseButton();
connect(updates, merge);
