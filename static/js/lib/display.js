// @ts-check
/** 长辈版 / 标准版 at once and in place, so that nothing typed is lost; without script the form is simply sent. */

/** @param {ParentNode} root */
export function bindDisplay(root) {
  for (const form of root.querySelectorAll("form[data-display-switch]")) {
    if (form instanceof HTMLFormElement) form.addEventListener("submit", (event) => switchInPlace(event, form));
  }
}

/** @param {SubmitEvent} event @param {HTMLFormElement} form */
function switchInPlace(event, form) {
  const button = event.submitter ?? form.querySelector("button");
  if (!(button instanceof HTMLButtonElement)) return;
  event.preventDefault();
  const mode = button.value;
  const body = new FormData(form);
  body.set("mode", mode);
  fetch(form.action, { method: "POST", body: new URLSearchParams(/** @type {any} */ (body)), redirect: "manual" });
  document.documentElement.dataset.display = mode;
  button.value = mode === "elder" ? "standard" : "elder";
  const label = button.querySelector("[data-label]");
  if (label) label.textContent = (mode === "elder" ? button.dataset.elder : button.dataset.standard) ?? "";
}
