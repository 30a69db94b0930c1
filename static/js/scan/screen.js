// @ts-check
/**
 * What the result area shows at one moment, and for how long.
 *
 * @typedef {'rest' | 'finding' | 'which' | 'choosing' | 'deciding' | 'waiting' | 'asking' | 'holding' | 'done'} Phase
 * @typedef {{phase: Phase, id: string, tone: import('./verdict.js').Tone, word: string, line: string, name: string, detail: string,
 *            outcome: string, remaining: number | null, most?: number, value?: number, people?: Person[],
 *            questions?: any[], direction?: string, unverified?: boolean, mayLetIn?: boolean, pending: boolean}} Screen
 *   `mayLetIn`: cannot be verified here, so that the volunteer may decide
 */

/** How long a result fills the screen before it shrinks, by tone; a party's stays longer. */
const SHOWN = { good: 2500, party: 4000, look: 7000, stop: 7000, info: 2000, foreign: 2500 };
/** The camera may not replace a result sooner. */
export const READ_FIRST = { good: 600, look: 1800, stop: 1800, info: 300 };

/** @type {Screen} */
export const BLANK = { phase: 'done', id: '', tone: 'info', word: '', line: '', name: '', detail: '', outcome: '', remaining: null, pending: false };

/** @param {Screen} screen @param {number} count of people @returns {number} milliseconds */
export function shownFor({ outcome, tone }, count) {
  if (outcome === 'foreign') return SHOWN.foreign;
  return tone === 'good' && count > 1 ? SHOWN.party : SHOWN[tone];
}
