// @ts-check
/** Sending a text to the family: the phone's share sheet, or the clipboard where there is none (WeChat). */
import { copyText, sayOn, textOf } from "./copy.js";

/** @param {ParentNode} root */
export function bindShare(root) {
  for (const button of root.querySelectorAll("[data-share]")) {
    if (!(button instanceof HTMLElement)) continue;
    button.hidden = false;
    button.addEventListener("click", async () => {
      const text = textOf(button.dataset.share ?? "");
      try {
        if (!navigator.share) throw new TypeError("no share sheet");
        await navigator.share({ title: button.dataset.title, text });
      } catch (reason) {
        if (reason instanceof DOMException && reason.name === "AbortError") return;
        if (await copyText(text)) sayOn(button, button.dataset.done ?? "✓");
      }
    });
  }
}
