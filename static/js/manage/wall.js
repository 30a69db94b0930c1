// @ts-check
/** The page on a projector: all of it on the screen at once, and the way out there whenever somebody is. */

const QUIET = 5000; // ms without a hand on mouse, screen or keys
const SMALLEST = 0.5;

/** @param {HTMLElement} body */
export function bindWall(body) {
  let timer = 0;
  const wake = () => {
    delete body.dataset.quiet;
    clearTimeout(timer);
    timer = setTimeout(() => (body.dataset.quiet = ""), QUIET);
  };
  for (const sign of ["pointermove", "pointerdown", "touchstart", "keydown", "focusin"]) addEventListener(sign, wake, { passive: true });
  wake();
  addEventListener("resize", () => fit(body));
  fit(body);
}

/** Makes the figures smaller until none is cut; on a phone, which is no projector, the page scrolls. @param {HTMLElement} body */
export function fit(body) {
  const main = body.querySelector("main");
  if (!main) return;
  main.style.removeProperty("zoom");
  if (innerWidth < 960) return;
  for (let size = 0.95; main.getBoundingClientRect().bottom + scrollY > innerHeight && size >= SMALLEST; size -= 0.05) main.style.setProperty("zoom", size.toFixed(2));
}
