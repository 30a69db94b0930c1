// @ts-check
/** Which of this phone's records can be undone, which one is next, and how to say what would be undone. */

import { WORDS } from './words.js';

/** @typedef {import('./memory-store.js').Row} Row */

/** A phone may undo its own records for so long; organizers any time. */
export const UNDO_WITHIN = 15 * 60 * 1000;

/** @param {Row} row whether the server has kept it, or may yet */
const stands = (row) => row.state === 'queued' || row.state === 'kept';

/**
 * @param {Row} row
 * @param {Row[]} rows all that this phone remembers
 */
export function isUndone(row, rows) {
  return rows.some((other) => other.record.type === 'undo' && other.record.undoes === row.id && stands(other));
}

/**
 * @param {Row} row
 * @param {Row[]} rows
 * @param {number} now
 */
export function canUndo(row, rows, now) {
  if (!stands(row) || now - Date.parse(row.record.at) > UNDO_WITHIN || isUndone(row, rows)) return false;
  if (row.record.type === 'tally') return true;
  if (row.record.type === 'walkin') return row.state === 'queued' || row.result?.outcome === 'admitted';
  return row.record.type === 'checkin' && (row.record.decided === 'admitted' || row.result?.outcome === 'admitted');
}

/**
 * The latest tap of this phone on a counter that minus would take back.
 * @param {Row[]} rows
 * @param {string} counter
 * @param {number} now
 * @returns {Row | null}
 */
export function latestTap(rows, counter, now) {
  const taps = rows.filter((row) => row.record.type === 'tally' && row.record.counter === counter && row.record.basis === 'tapped' && canUndo(row, rows, now));
  return taps.reduce((/** @type {Row | null} */ latest, row) => (latest && latest.seq > row.seq ? latest : row), null);
}

/**
 * @param {Row} row
 * @returns {string} such as `王*芳 2位`, `宣传册 +10`
 */
export function describe(row) {
  const { record, result, label } = row;
  if (record.type === 'tally') {
    const what = record.basis === 'stocktake' ? WORDS.stocktakeOf(record.quantity) : WORDS.tapped(record.quantity, record.direction === 'out');
    return `${label} ${what}${record.topic ? WORDS.topic(record.topic) : ''}`;
  }
  if (record.type === 'checkin') return `${result?.name || label || WORDS.ticket} ${WORDS.people(result?.admitted || record.count, record.direction === 'exit')}`;
  if (record.type === 'walkin') return WORDS.walkinOf(record.count);
  return WORDS.undoneOf(label);
}
