// @ts-check
/**
 * Looks people up in the roster by what a volunteer may know of them: masked name, initials, phone tail, 签到码, code.
 * Search first, never a list: at most eight rows, as the server gives.
 *
 * @typedef {import('./roster-index.js').RosterTicket} RosterTicket
 * @typedef {import('./roster-index.js').RosterIndex} RosterIndex
 */

import { shortHash } from '../lib/short-hash.js';
import { parseTicketText } from './ticket-text.js';

export const MOST_FOUND = 8;

/**
 * How well a typed name fits a masked one: a star stands for any character, but one character must be the same.
 * @param {string} typed @param {string} masked such as 王*芳
 * @returns {number} the same characters at the best place; 0 = does not fit
 */
export function fits(typed, masked) {
  let best = 0;
  const last = typed.length === 1 ? 0 : masked.length - typed.length;
  for (let offset = 0; offset <= last; offset += 1) {
    let same = 0;
    let at = 0;
    for (; at < typed.length; at += 1) {
      if (masked[offset + at] === typed[at] && typed[at] !== '*') same += 1;
      else if (masked[offset + at] !== '*') break;
    }
    if (at === typed.length) best = Math.max(best, same + (offset === 0 ? 0.5 : 0) * Math.sign(same));
  }
  return best;
}

/** @param {RosterIndex} index @param {string} typed @returns {RosterTicket[]} */
function byName(index, typed) {
  /** @type {{ticket: RosterTicket, fit: number}[]} */
  const found = [];
  for (const ticket of index.byRef.values()) {
    const fit = ticket.name ? fits(typed, ticket.name) : 0;
    if (fit) found.push({ ticket, fit });
  }
  return found.sort((a, b) => b.fit - a.fit).slice(0, MOST_FOUND).map(({ ticket }) => ticket);
}

/**
 * @param {RosterIndex} index
 * @param {string} q
 * @returns {RosterTicket[]} at most eight
 */
export function searchRoster(index, q) {
  const text = parseTicketText(q);
  /** @param {(RosterTicket | undefined)[]} found */
  const few = (found) => /** @type {RosterTicket[]} */ (found.filter(Boolean)).slice(0, MOST_FOUND);
  if (text.kind === 'code') return few([index.byHash.get(shortHash(text.code))]);
  const flat = q.normalize('NFKC').trim().replace(/\s+/g, ' ');
  const digits = flat.replace(/\D/g, '');
  if (digits && !/\p{L}/u.test(flat)) {
    if (text.kind === 'pickup') return few([index.byPickup.get(shortHash(`${index.salt}:${text.code}`))]);
    return digits.length === 4 || digits.length >= 7 ? few(index.byTail.get(digits.slice(-4)) || []) : [];
  }
  if (/^[\x20-\x7e]*$/.test(flat)) {
    const letters = flat.toLowerCase().replace(/[^a-z0-9]/g, '');
    if (letters.length < 2) return [];
    return few((index.byInitials.get(letters.slice(0, 2)) || []).filter((ticket) => (ticket.initials || []).some((reading) => reading.startsWith(letters))));
  }
  return byName(index, flat);
}
