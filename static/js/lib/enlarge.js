// @ts-check
/** The QR code as large as the screen allows, on white, for a camera at arm's length; without script the link opens the picture.
 *  It is a step of the history: the phone's Back closes it, and the ticket stays. */

/** @param {ParentNode} root */
export function bindEnlarge(root) {
  for (const link of root.querySelectorAll("a[data-enlarge]")) {
    const dialog = link instanceof HTMLAnchorElement ? document.querySelector(link.dataset.enlarge ?? "") : null;
    if (!(dialog instanceof HTMLDialogElement) || !dialog.showModal) continue;
    const follow = () => {
      if (!history.state?.enlarged) dialog.close();
      else if (!dialog.open) dialog.showModal();
    };
    link.addEventListener("click", (event) => {
      event.preventDefault();
      history.pushState({ enlarged: true }, "");
      follow();
    });
    addEventListener("popstate", follow);
    dialog.addEventListener("click", () => dialog.close());
    dialog.addEventListener("close", () => {
      if (history.state?.enlarged) history.back();
    });
    follow(); // loaded again while it was large
  }
}
