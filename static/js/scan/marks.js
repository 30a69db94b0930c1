// @ts-check
/**
 * By what a record and a ticket know each other: the reference, the hash of the code, the hash of the 签到码.
 *
 * Marks are plain texts, so that one map holds them all: `ref`, `#hash`, `~pickup hash`.
 *
 * @typedef {import('./roster-index.js').RosterTicket} RosterTicket
 */

import { shortHash } from '../lib/short-hash.js';
import { parseTicketText } from './ticket-text.js';

/**
 * @param {Record<string, any>} record a check-in
 * @param {string} salt the event's, for a 签到码; without one such a code has no mark
 * @returns {string} of what was scanned, typed or tapped; empty where there is none
 */
export function markOf(record, salt) {
  if (record.ref) return record.ref;
  const text = record.ticket ? parseTicketText(record.ticket) : null;
  if (text?.kind === 'code') return `#${shortHash(text.code)}`;
  return text?.kind === 'pickup' && salt ? `~${shortHash(`${salt}:${text.code}`)}` : '';
}

/** @param {RosterTicket} ticket @returns {string[]} */
export function marksOfTicket(ticket) {
  const hashes = [ticket.hash, ...(ticket.aliases || [])].map((hash) => `#${hash}`);
  return ticket.pickup_hash ? [ticket.ref, ...hashes, `~${ticket.pickup_hash}`] : [ticket.ref, ...hashes];
}
