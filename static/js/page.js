// @ts-check
/** What every page gains where script runs: each part binds itself to its data attributes; nothing depends on it. */
import { bindCameBack } from "./lib/came-back.js";
import { bindCarry } from "./lib/carry.js";
import { bindCopy } from "./lib/copy.js";
import { bindDisplay } from "./lib/display.js";
import { bindEnlarge } from "./lib/enlarge.js";
import { bindGoesOn } from "./lib/goes-on.js";
import { bindJump } from "./lib/jump.js";
import { bindPrint } from "./lib/print.js";
import { bindReveal } from "./lib/reveal.js";
import { bindShare } from "./lib/share.js";
import { bindStepper } from "./lib/stepper.js";
import { bindSubmit } from "./lib/submit.js";

for (const bind of [bindCameBack, bindCarry, bindCopy, bindDisplay, bindEnlarge, bindGoesOn, bindJump, bindPrint, bindReveal, bindShare, bindStepper, bindSubmit]) bind(document);
