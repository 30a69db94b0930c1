// @ts-check
/** The QR code as large as the screen allows, on white, for a camera at arm's length; without script the link opens the picture. */

/** @param {ParentNode} root */
export function bindEnlarge(root) {
  for (const link of root.querySelectorAll("a[data-enlarge]")) {
    const dialog = link instanceof HTMLAnchorElement ? document.querySelector(link.dataset.enlarge ?? "") : null;
    if (!(dialog instanceof HTMLDialogElement) || !dialog.showModal) continue;
    link.addEventListener("click", (event) => {
      event.preventDefault();
      dialog.showModal();
    });
    dialog.addEventListener("click", () => dialog.close());
  }
}
