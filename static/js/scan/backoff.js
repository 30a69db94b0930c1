// @ts-check
/** How long to wait before the next attempt: 1, 2, 4, 8 … at most 15 seconds, with jitter so that phones do not march in step. */

export const LONGEST_WAIT = 15000;

/**
 * @param {number} failures so many attempts in a row have failed (1 or more)
 * @param {number | null} [asked] milliseconds that the server asked for
 * @param {() => number} [random] from 0 to 1
 * @returns {number} milliseconds
 */
export function waitAfter(failures, asked = null, random = Math.random) {
  const step = Math.min(LONGEST_WAIT, 1000 * 2 ** Math.min(failures - 1, 10));
  const jittered = step * (0.75 + 0.25 * random());
  return Math.min(LONGEST_WAIT, Math.max(jittered, asked ?? 0));
}
