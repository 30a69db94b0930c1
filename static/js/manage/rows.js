// @ts-check
/** Lists of rows in a form: one more row, one row less, without asking the server; without script the buttons submit. */

/** The number that no row of the list has yet. @param {Element} list @param {string} group @returns {number} */
export function nextNumber(list, group) {
  let highest = -1;
  for (const input of list.querySelectorAll(`[name^="${group}-"]`)) {
    const found = /-(\d+)-/.exec(input.getAttribute("name") ?? "");
    if (found) highest = Math.max(highest, Number(found[1]));
  }
  return highest + 1;
}

/** @param {DocumentFragment} copy @param {number} number */
function renumber(copy, number) {
  for (const element of copy.querySelectorAll("[name], [id], [for]")) {
    for (const attribute of ["name", "id", "for"]) {
      const value = element.getAttribute(attribute);
      if (value?.includes("__i__")) element.setAttribute(attribute, value.replace("__i__", String(number)));
    }
  }
}

/** @param {HTMLElement} box */
function bind(box) {
  const list = box.querySelector("[data-list]");
  const blank = box.querySelector("template[data-blank]");
  if (!list || !(blank instanceof HTMLTemplateElement)) return;
  box.addEventListener("click", (event) => {
    const button = event.target instanceof Element ? event.target.closest("button") : null;
    if (button?.hasAttribute("data-add")) {
      event.preventDefault();
      const copy = /** @type {DocumentFragment} */ (blank.content.cloneNode(true));
      renumber(copy, nextNumber(list, box.dataset.rows ?? ""));
      list.append(copy);
      const first = list.lastElementChild?.querySelector("input:not([type=hidden])");
      if (first instanceof HTMLInputElement) first.focus();
    }
    if (button?.hasAttribute("data-remove")) {
      event.preventDefault();
      button.closest("[data-row]")?.remove();
      const add = box.querySelector("[data-add]");
      if (add instanceof HTMLElement) add.focus();
    }
  });
}

for (const box of document.querySelectorAll("[data-rows]")) if (box instanceof HTMLElement) bind(box);
