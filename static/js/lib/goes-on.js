// @ts-check
/** A form that goes on by itself where script runs; without script its button does the same. */

/** @param {ParentNode} root */
export function bindGoesOn(root) {
  const form = root.querySelector("form[data-goes-on]");
  if (form instanceof HTMLFormElement) setTimeout(() => form.requestSubmit(), 300);
}
