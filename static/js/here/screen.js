// @ts-check
/** The screen at the venue: the next code is put in place when this one ends; without network the old one is covered, since it opens nothing. */

const EARLY = 400; // ms after the change, so that the server has turned over
const AGAIN = 3000;

/** @param {Document} page */
function screenOf(page) {
  return /** @type {HTMLElement | null} */ (page.querySelector("[data-venue]"));
}

async function next() {
  try {
    const answer = await fetch(location.href, { cache: "no-store", signal: AbortSignal.timeout(8000) });
    const fresh = answer.ok ? screenOf(new DOMParser().parseFromString(await answer.text(), "text/html")) : null;
    if (answer.status === 404) return location.reload(); // the codes were exchanged: what this address says now
    if (!fresh) throw new Error(String(answer.status));
    screenOf(document)?.replaceWith(document.adoptNode(fresh));
    wait();
  } catch {
    const screen = screenOf(document);
    const lost = screen?.querySelector("[data-lost]");
    if (screen && lost instanceof HTMLElement) {
      lost.hidden = false;
      screen.dataset.stale = "1";
    }
    setTimeout(next, AGAIN);
  }
}

function wait() {
  setTimeout(next, Number(screenOf(document)?.dataset.left ?? 30) * 1000 + EARLY);
}

const lock = "wakeLock" in navigator ? navigator.wakeLock : null;
const stayAwake = () => lock?.request("screen").catch(() => undefined);
document.addEventListener("visibilitychange", () => {
  if (document.visibilityState === "visible") stayAwake();
});
stayAwake();
wait();
