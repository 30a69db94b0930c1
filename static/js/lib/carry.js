// @ts-check
/** Another language keeps what was typed: it waits in this tab alone, for the one page that comes next. */

const KEY = "typed";
const FORMS = "form[data-once]";
const KEPT_FOR = 60_000;

/** @typedef {HTMLInputElement | HTMLTextAreaElement | HTMLSelectElement} Input */

/** Fields that a person fills in; never a password, a token or a file. @param {ParentNode} root @returns {Input[]} */
function inputs(root) {
  const listed = /** @type {Input[]} */ ([...root.querySelectorAll(`${FORMS} :is(input, textarea, select)`)]);
  return listed.filter((one) => one.name && !["hidden", "password", "file", "submit"].includes(one.type));
}

/** @param {Input} one */
const ticks = (one) => one instanceof HTMLInputElement && (one.type === "checkbox" || one.type === "radio");

/** @param {ParentNode} root */
export function bindCarry(root) {
  restore(root);
  for (const form of root.querySelectorAll("form[data-hook=language]")) form.addEventListener("submit", () => keep(root));
}

/** @param {ParentNode} root */
function keep(root) {
  const typed = inputs(root).map((one) => [one.name, one.value, ticks(one) ? /** @type {HTMLInputElement} */ (one).checked : null]);
  if (!typed.length) return;
  try {
    sessionStorage.setItem(KEY, JSON.stringify({ path: location.pathname, at: Date.now(), typed }));
  } catch {
    // a browser that stores nothing asks for it again
  }
}

/** @param {ParentNode} root */
function restore(root) {
  try {
    const kept = JSON.parse(sessionStorage.getItem(KEY) ?? "null");
    sessionStorage.removeItem(KEY);
    if (kept?.path !== location.pathname || Date.now() - kept.at > KEPT_FOR) return;
    for (const one of inputs(root)) {
      const found = kept.typed.find((/** @type {any[]} */ [name, value, on]) => name === one.name && (on === null || value === one.value));
      if (found && ticks(one)) /** @type {HTMLInputElement} */ (one).checked = found[2];
      else if (found) one.value = found[1];
    }
  } catch {
    // nothing was kept
  }
}
