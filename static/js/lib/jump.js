// @ts-check
/** A link of the bottom bar that leads to a part of the page goes away while that part is on the screen. */

/** @param {ParentNode} root */
export function bindJump(root) {
  if (!("IntersectionObserver" in window)) return;
  for (const link of root.querySelectorAll("a[data-jump]")) {
    const target = link instanceof HTMLAnchorElement && link.hash ? document.querySelector(link.hash) : null;
    if (!target || !(link instanceof HTMLElement)) continue;
    new IntersectionObserver(([entry]) => (link.hidden = entry.isIntersecting), { rootMargin: "0px 0px -45% 0px" }).observe(target);
  }
}
