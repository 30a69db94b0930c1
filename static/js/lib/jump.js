// @ts-check
/** A link of the bottom bar that leads to a part of the page cannot be seen while that part is on the screen.
 *  Its place stays empty: were the telephone beside it to grow, a second tap would dial. */

/** @param {ParentNode} root */
export function bindJump(root) {
  if (!("IntersectionObserver" in window)) return;
  for (const link of root.querySelectorAll("a[data-jump]")) {
    const target = link instanceof HTMLAnchorElement && link.hash ? document.querySelector(link.hash) : null;
    if (!target || !(link instanceof HTMLElement)) continue;
    new IntersectionObserver(([entry]) => link.toggleAttribute("data-away", entry.isIntersecting), { rootMargin: "0px 0px -45% 0px" }).observe(target);
  }
}
