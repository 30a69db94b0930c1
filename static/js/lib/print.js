// @ts-check
/** A button that opens the browser's print dialogue; without script the menu's own does. */

/** @param {ParentNode} root */
export function bindPrint(root) {
  for (const button of root.querySelectorAll("[data-print]")) {
    if (!(button instanceof HTMLElement)) continue;
    button.hidden = false;
    button.addEventListener("click", () => print());
  }
}
