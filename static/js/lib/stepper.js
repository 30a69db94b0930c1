// @ts-check
/** − and + beside a number field, kept within its min and max. */

/** @param {number} value @param {number} step @param {number} least @param {number} most */
export function stepped(value, step, least, most) {
  return Math.min(most, Math.max(least, (Number.isFinite(value) ? value : least) + step));
}

/** @param {ParentNode} root */
export function bindStepper(root) {
  for (const group of root.querySelectorAll("[data-stepper]")) {
    const input = group.querySelector("input");
    if (!input) continue;
    for (const button of group.querySelectorAll("button[data-step]")) {
      if (!(button instanceof HTMLButtonElement)) continue;
      button.hidden = false;
      button.addEventListener("click", () => {
        const most = input.max === "" ? Infinity : Number(input.max);
        input.value = String(stepped(input.valueAsNumber, Number(button.dataset.step), Number(input.min || 0), most));
        input.dispatchEvent(new Event("change", { bubbles: true }));
      });
    }
  }
}
