// @ts-check
/** The phone's Back. An answer to a sent form becomes a plain page of the history, so that Back never asks whether to send it
 *  again; and the form that was sent already, still filled in, says so: the box with the ticket is fetched and brought into sight. */

/** @param {ParentNode} root */
export function bindCameBack(root) {
  if (root.querySelector("[data-answer]")) history.replaceState(history.state, "");
  const form = root.querySelector("form[data-register]");
  if (!form) return;
  const atTop = () => { history.scrollRestoration = "manual"; }; // else the browser scrolls back down, after us
  form.addEventListener("submit", atTop);
  addEventListener("pageshow", async (event) => {
    const [way] = performance.getEntriesByType("navigation");
    if (!event.persisted && !(way instanceof PerformanceNavigationTiming && way.type === "back_forward")) return;
    const box = document.querySelector("[data-mine]") ?? (await fetched());
    if (!(box instanceof HTMLElement)) return;
    if (!box.isConnected) form.before(box);
    atTop();
    box.scrollIntoView({ block: "center" });
    box.focus({ preventScroll: true });
  });
}

/** The box as the server shows it by now: the page itself may come out of the browser's memory.
 * @returns {Promise<Element | null>} */
async function fetched() {
  try {
    const answer = await fetch(location.pathname + location.search, { cache: "no-store" });
    return new DOMParser().parseFromString(await answer.text(), "text/html").querySelector("[data-mine]");
  } catch {
    return null; // no network: the form sent twice is the same registration anyway
  }
}
