// @ts-check
/** Copying the text of an element to the clipboard, also where the page is not served over HTTPS. */

/** @param {string} text @returns {Promise<boolean>} whether it is on the clipboard */
export async function copyText(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return copyBySelection(text);
  }
}

/** @param {string} text */
function copyBySelection(text) {
  const area = document.createElement("textarea");
  area.value = text;
  area.readOnly = true;
  area.className = "visually-hidden";
  document.body.append(area);
  area.select();
  const done = document.execCommand("copy");
  area.remove();
  return done;
}

/** @param {string} selector @returns {string} */
export function textOf(selector) {
  const source = document.querySelector(selector);
  if (!(source instanceof HTMLElement)) return "";
  return source instanceof HTMLTextAreaElement || source instanceof HTMLInputElement ? source.value : source.innerText.trim();
}

/** Says on the button what happened, then gives its own words back. @param {HTMLElement} button @param {string} said */
export function sayOn(button, said) {
  const label = button.querySelector("[data-label]") ?? button;
  const before = button.dataset.before ?? label.textContent ?? "";
  button.dataset.before = before;
  label.textContent = said;
  setTimeout(() => (label.textContent = before), 2500);
}

/** @param {ParentNode} root */
export function bindCopy(root) {
  for (const button of root.querySelectorAll("[data-copy]")) {
    if (!(button instanceof HTMLElement)) continue;
    button.hidden = false;
    button.addEventListener("click", async () => {
      if (await copyText(textOf(button.dataset.copy ?? ""))) sayOn(button, button.dataset.done ?? "✓");
    });
  }
}
