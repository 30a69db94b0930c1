"""What is measured inside a page: text that is cut off, controls that are too small, and where the Tab key goes."""

from __future__ import annotations

# What is wider than the window, and what is clipped in its own box: (zoom) => sentences.
CUT_OFF = """zoom => {
  const root = document.documentElement, found = [];
  root.style.fontSize = "";
  if (zoom !== 1) root.style.fontSize = `${parseFloat(getComputedStyle(root).fontSize) * zoom}px`;
  const say = one => `${one.tagName.toLowerCase()}.${[...one.classList].join(".")} ${one.textContent.trim().slice(0, 30)}`;
  const wide = innerWidth;
  if (root.scrollWidth > wide) {
    found.push(`the page is ${root.scrollWidth} wide`);
    const held = one => { for (let up = one.parentElement; up; up = up.parentElement) if (/auto|scroll|hidden|clip/.test(getComputedStyle(up).overflowX)) return true; };
    for (const one of document.body.querySelectorAll("*")) {
      if (one.getBoundingClientRect().right > wide + 0.5 && one.checkVisibility() && !held(one)) found.push(say(one));
    }
  }
  for (const one of document.body.querySelectorAll("*")) {
    const style = getComputedStyle(one);
    if (!/hidden|clip/.test(style.overflowX) || !one.checkVisibility({ visibilityProperty: true }) || style.clipPath !== "none" || style.clip !== "auto") continue;
    if (one.matches("svg, svg *, progress, input, textarea, select, video") || style.textOverflow === "ellipsis") continue;  // an ellipsis: said in full elsewhere
    if (one.scrollWidth > one.clientWidth + 1 && one.clientWidth > 1) found.push(`clipped: ${say(one)}`);
  }
  root.style.fontSize = "";
  return found.slice(0, 6);
}"""

# Controls below the least height or width; main ones (buttons, fields, choices) below theirs: ({least, main}) => sentences.
# Left out as WCAG 2.5.8 does: links within a sentence, a box with a label around it (the label is measured), and what a
# card's own link covers.
SMALL = """({ least, main }) => {
  const found = [];
  const controls = "a[href], button, input:not([type=hidden]), select, textarea, summary, [role=button], [role=tab]";
  const mains = ".btn, .form-control, .form-select, .choice:not(.choice-plain), .pill, .masthead-switch, .chip, .tool, .step, .counter-step";
  for (const one of document.querySelectorAll(controls)) {
    if (!one.checkVisibility({ visibilityProperty: true, opacityProperty: false }) || one.matches(".skip, .visually-hidden, :disabled")) continue;
    const style = getComputedStyle(one), boxes = [one, ...(one.labels ?? []), one.matches("input") ? one.closest(".choice") : null].filter(Boolean).map(part => part.getBoundingClientRect());
    const edge = (side, pick) => pick(...boxes.map(box => box[side]));
    const box = { width: edge("right", Math.max) - edge("left", Math.min), height: edge("bottom", Math.max) - edge("top", Math.min) };
    if (style.display === "inline" && one.matches("a")) continue;
    if (one.matches("a") && getComputedStyle(one, "::after").position === "absolute") continue;
    if (box.width < 2 || box.height < 2) continue;
    const needed = one.matches(mains) ? Math.max(least, main) : least;
    if (box.height < needed - 0.5 || box.width < least - 0.5) found.push(`below ${needed}: ${Math.round(box.width)}x${Math.round(box.height)} ${one.outerHTML.slice(0, 110)}`);
  }
  return found.slice(0, 6);
}"""

# Remember how everything looks without focus, listen to where the focus goes, and say how often to press Tab.
KEYBOARD_READY = """() => {
  document.activeElement?.blur();
  scrollTo(0, 0);
  const controls = "a[href], button, input:not([type=hidden]), select, textarea, summary, [tabindex='0']";
  const all = [...document.querySelectorAll(controls)].filter(one => one.checkVisibility({ visibilityProperty: true }) && !one.matches(":disabled, [tabindex='-1']") && !one.closest("[inert]"));
  const around = one => { const found = []; for (let up = one; up && found.length < 4; up = up.parentElement) found.push(up); return found; };
  const look = one => around(one).map(up => { const style = getComputedStyle(up); return [style.outlineStyle === "none" ? "" : style.outline, style.boxShadow, style.borderColor, style.top].join("|"); });
  const before = new Map(all.map(one => [one, look(one)]));
  const state = window.keyboardState = { all, reached: new Set(), dull: [] };
  state.listener = event => {
    const one = event.target;
    state.reached.add(one);
    const then = before.get(one);
    if (then && !look(one).some((now, place) => now !== then[place])) state.dull.push(one);
  };
  document.addEventListener("focusin", state.listener);
  const start = document.createElement("span");
  start.tabIndex = -1;
  document.body.prepend(start);
  start.focus();
  state.start = start;
  const parts = { "datetime-local": 7, date: 4, time: 4 };  // day, month and year are stops of their own
  return all.reduce((sum, one) => sum + (parts[one.type] ?? 1), 2);
}"""

KEYBOARD_SAID = """() => {
  const { all, reached, dull, listener, start } = window.keyboardState;
  document.removeEventListener("focusin", listener);
  start.remove();
  const chosen = one => one.type === "radio" && all.some(other => other.type === "radio" && other.name === one.name && other.form === one.form && reached.has(other));
  const missed = all.filter(one => one.checkVisibility({ visibilityProperty: true }) && !reached.has(one) && !chosen(one));
  const say = one => one.outerHTML.slice(0, 140);
  return [...missed.slice(0, 4).map(one => ["never reached", say(one)]), ...dull.slice(0, 4).map(one => ["no sign of focus", say(one)])];
}"""
