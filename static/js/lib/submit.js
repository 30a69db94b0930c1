// @ts-check
/** Shows that a form is being sent, and takes the reader to the list of faults after an error. */

/** @param {ParentNode} root */
export function bindSubmit(root) {
  for (const form of root.querySelectorAll("form[data-once]")) form.addEventListener("submit", () => busy(form, true));
  addEventListener("pageshow", () => root.querySelectorAll("form[data-once]").forEach((form) => busy(form, false)));
  const faults = root.querySelector("[data-focus]");
  if (faults instanceof HTMLElement) faults.focus({ preventScroll: false });
}

/** The button stays enabled: a second tap is harmless, the form's nonce makes it the same registration.
 * @param {Element} form @param {boolean} on */
function busy(form, on) {
  for (const button of form.querySelectorAll("button[type=submit]")) {
    if (on) button.setAttribute("aria-busy", "true");
    else button.removeAttribute("aria-busy");
  }
}
