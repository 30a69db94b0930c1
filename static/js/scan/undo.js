// @ts-check
/** Which of this phone's records can be undone, which one is next, and how to say what would be undone. */

import { WORDS } from './words.js';

/**
 * @typedef {import('./memory-store.js').Row} Row
 * @typedef {import('./journal.js').Journal} Journal
 */

/** A phone may undo its own records for so long; organizers any time. */
export const UNDO_WITHIN = 15 * 60 * 1000;

/** @param {Row} row whether the server has kept it, or may yet */
const stands = (row) => row.state === 'queued' || row.state === 'kept';

/** @param {Row} row @param {number} now */
const isLate = (row, now) => now - Date.parse(row.record.at) > UNDO_WITHIN;

/**
 * @param {Row} row
 * @param {Journal} journal
 * @param {number} now
 */
export function canUndo(row, journal, now) {
  if (!stands(row) || isLate(row, now) || journal.isUndone(row.id)) return false;
  if (row.record.type === 'tally') return true;
  if (row.record.type === 'walkin') return row.record.decided ? row.record.decided === 'admitted' : row.state === 'queued' || row.result?.outcome === 'admitted';
  return row.record.type === 'checkin' && (row.record.decided === 'admitted' || row.result?.outcome === 'admitted');
}

/**
 * The latest tap of this phone on a counter that minus would take back.
 * @param {Journal} journal
 * @param {string} counter
 * @param {number} now
 * @param {string} [device] whose taps; rows that a colleague handed over are the colleague's
 * @returns {Row | null}
 */
export function latestTap(journal, counter, now, device) {
  for (const row of journal.newest()) {
    if (isLate(row, now - UNDO_WITHIN)) return null; // what is older still is too late as well
    const { type, counter: key, basis } = row.record;
    if (device && row.device !== device) continue;
    if (type === 'tally' && key === counter && basis === 'tapped' && canUndo(row, journal, now)) return row;
  }
  return null;
}

/**
 * Whether the people of a check-in or walk-in were let pass, as far as this phone knows; null where nobody has said yet.
 * @param {Row} row
 * @returns {boolean | null}
 */
export function passed({ record, result, local }) {
  if (record.decided) return record.decided === 'admitted';
  const outcome = (result?.outcome ? result : local)?.outcome;
  return outcome ? outcome === 'admitted' : null;
}

/**
 * @param {Row} row
 * @returns {string} such as `王*芳 2位`, `宣传册 +10`; of who was not let in only the name: nobody was counted
 */
export function describe(row) {
  const { record, result, label } = row;
  if (record.type === 'tally') {
    const what = record.basis === 'stocktake' ? WORDS.stocktakeOf(record.quantity) : WORDS.tapped(record.quantity, record.direction === 'out');
    return `${label} ${what}${record.topic ? WORDS.topic(record.topic) : ''}`;
  }
  if (record.type === 'checkin' && (result || row.local)?.outcome === 'unknown_ticket' && record.decided !== 'admitted') return WORDS.unknownCode(String(record.ticket || '').slice(-4));
  if (record.type === 'checkin' && passed(row) === false) return result?.name || row.local?.name || label || WORDS.ticket;
  if (record.type === 'checkin') return `${result?.name || label || WORDS.ticket} ${WORDS.people(result?.admitted || record.count, record.direction === 'exit')}`;
  if (record.type === 'walkin') return passed(row) === false ? WORDS.walkin : WORDS.walkinOf(record.count);
  return WORDS.undoneOf(label);
}
