// @ts-check
/** Shows the passwords of a form as they are typed, for whoever copies one from a slip of paper; hidden again when it is sent. */

/** @param {ParentNode} root */
export function bindReveal(root) {
  for (const button of root.querySelectorAll("button[data-reveal]")) {
    const form = button.closest("form");
    if (!(button instanceof HTMLButtonElement) || !form) continue;
    const fields = [...form.querySelectorAll("input[type=password]")];
    const words = [button.textContent ?? "", button.dataset.reveal ?? ""];
    /** @param {boolean} open */
    const show = (open) => {
      for (const field of fields) field.setAttribute("type", open ? "text" : "password");
      button.textContent = words[Number(open)];
    };
    button.hidden = false;
    button.addEventListener("click", () => show(button.textContent === words[0]));
    form.addEventListener("submit", () => show(false));
  }
}
