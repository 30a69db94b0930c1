// @ts-check
/** What becomes of a row when the server has answered for it. */

/** @typedef {import('./memory-store.js').Row} Row */

/** @type {Record<string, import('./memory-store.js').RowState>} */
const STATES = { recorded: 'kept', replayed: 'kept', quarantined: 'kept', rejected: 'rejected' };

/** @param {any} result @returns {boolean} whether it is an answer at all */
export const isAnswer = (result) => String(result?.status) in STATES;

/**
 * Where the phone has decided otherwise since the row was sent, the row stays in the queue: the server has not heard of it yet.
 * @param {Row} row as it is now
 * @param {Row} sent
 * @param {any} result
 * @param {number} now
 * @returns {Row | null} null where there is nothing to change
 */
export function settled(row, sent, result, now) {
  if (row.state !== 'queued') return null;
  const state = STATES[String(result.status)];
  const unheard = state === 'kept' && row.record.decided && row.record.decided !== sent.record.decided;
  if (unheard && (row.record.decided === 'admitted') !== (result.outcome === 'admitted')) return { ...row, result };
  return { ...row, state, result, answeredAt: now };
}

/** @param {Row} row a rejected one that a person has dealt with @param {boolean} again whether it is to be sent once more @returns {Row | null} */
export function dealtWith(row, again) {
  if (row.state !== 'rejected') return null;
  return again ? { ...row, state: 'queued', result: null, answeredAt: null } : { ...row, state: 'settled' };
}

/** @param {Row} row @param {number} now @returns {Row | null} the row with the server's answer instead of the phone's decision */
export function withdrawn(row, now) {
  if (row.state !== 'queued' || !row.result) return null;
  return { ...row, state: 'kept', local: null, record: { ...row.record, decided: null }, answeredAt: now };
}
