// @ts-check
/**
 * Finds whose ticket a code is: in the roster, else in what this phone has learnt in the last minutes, else by the server's look-up.
 *
 * What the roster knows costs no request. Where the network is known to be away none is made.
 *
 * @typedef {import('./plan.js').Person} Person
 * @typedef {import('./plan.js').Found} Found
 * @typedef {import('./roster-index.js').RosterTicket} RosterTicket
 */

import { shortHash } from '../lib/short-hash.js';
import { searchRoster } from './roster-search.js';
import { parseTicketText } from './ticket-text.js';

const REMEMBER = 10 * 60 * 1000;
const PATIENCE = 2000;
/** After so many unknown 签到码 without a network this phone takes its time: six digits can be guessed. */
export const UNKNOWN_FREE = 20;
export const UNKNOWN_PAUSE = 3000;
const PICKUP = /^\d{6}$/;

export class Finder {
  /**
   * @param {{transport: import('./transport.js').Transport, slug: () => string, report?: (online: boolean) => void, onRevoked?: (code: string) => void,
   *          allowed?: () => boolean, loaded?: () => Promise<void>, online?: () => boolean, now?: () => number, roster?: () => (import('./roster-index.js').RosterIndex | null),
   *          used?: (ticket: RosterTicket) => Record<string, number>}} options
   *   `allowed`: whether this phone may look people up at all; `online`: what the last request found; `used`: what this phone knows of a ticket
   */
  constructor({ transport, slug, report = () => {}, onRevoked = () => {}, allowed = () => true, loaded = async () => {}, online = () => true, now = Date.now, roster = () => null, used = (ticket) => ticket.used || {} }) {
    this.transport = transport;
    this.slug = slug;
    this.report = report;
    this.onRevoked = onRevoked;
    this.allowed = allowed;
    this.loaded = loaded;
    this.online = online;
    this.now = now;
    this.roster = roster;
    this.used = used;
    this.unknown = 0;
    /** @type {Map<string, {person: Person, at: number}>} by code or 签到码 */
    this.known = new Map();
  }

  /** @param {string} code a ticket's code or 签到码 @returns {Promise<Found>} */
  async byCode(code) {
    const listed = this.listed(code);
    if (listed) return listed;
    if (!this.allowed()) return { kind: 'denied' };
    const known = this.known.get(code);
    if (known && this.now() - known.at < REMEMBER) return { kind: 'found', rows: [known.person] };
    const { found, slow } = await this.ask(code);
    if (slow) return { kind: 'denied' };
    if (found.kind === 'unreached') return this.unlisted(code) || found;
    if (found.kind === 'found' && found.rows.length === 1) this.known.set(code, { person: found.rows[0], at: this.now() });
    return found;
  }

  /** What the roster alone says. @param {string} code @returns {Found | null} null where the server has to be asked */
  listed(code) {
    const index = this.roster();
    if (!index) return null;
    const typed = PICKUP.test(code);
    const hash = shortHash(typed ? `${index.salt}:${code}` : code);
    const ticket = typed ? index.byPickup.get(hash) : index.byHash.get(hash);
    if (ticket) return { kind: 'found', rows: [this.person(ticket)] };
    if (!typed && index.byRetired.has(hash)) return { kind: 'none' };
    return this.online() ? null : this.unlisted(code);
  }

  /** Not in the roster and not to be asked about. @param {string} code @returns {Found | null} */
  unlisted(code) {
    const index = this.roster();
    if (!index) return null;
    if (PICKUP.test(code)) this.unknown += 1;
    else if (index.spares.has(shortHash(code))) return { kind: 'spare' };
    return { kind: 'none' };
  }

  /** How long a typed 签到码 has to wait before this phone says whose it is. @returns {number} milliseconds */
  pause() {
    return this.unknown >= UNKNOWN_FREE && !this.online() ? UNKNOWN_PAUSE : 0;
  }

  /** @param {RosterTicket} ticket @returns {Person} */
  person(ticket) {
    const { ref, name, phone_tail: tail, party_size: party, status, blocked, note } = ticket;
    return { ref, name, phone_tail: tail || undefined, party_size: party || 1, status: blocked ? 'blocked' : status || 'confirmed', used: this.used(ticket), note: note || undefined };
  }

  /**
   * @param {string} q name, initials, phone tail, 签到码 or code; travels in the body, never in an address
   * @returns {Promise<{found: Found, slow: boolean}>} `slow`: patience is asked for
   */
  async search(q) {
    await this.loaded();
    const asked = this.online() ? await this.ask(q) : null;
    const index = this.roster();
    if ((asked && asked.found.kind !== 'unreached') || asked?.slow || !index) return asked || this.ask(q);
    const pickup = parseTicketText(q).kind === 'pickup';
    if (pickup && this.pause()) return { found: { kind: 'none' }, slow: true };
    const rows = searchRoster(index, q).map((ticket) => this.person(ticket));
    if (pickup && !rows.length) this.unknown += 1;
    return { found: rows.length ? { kind: 'found', rows } : { kind: 'none' }, slow: false };
  }

  /** @param {string} q @returns {Promise<{found: Found, slow: boolean}>} */
  async ask(q) {
    const reply = await this.transport.send('POST', `/events/${encodeURIComponent(this.slug())}/lookup`, { q }, { timeout: PATIENCE });
    if (reply.kind === 'unreached') {
      if (reply.retryAfter === null) this.report(false);
      return { found: { kind: 'unreached' }, slow: reply.retryAfter !== null };
    }
    this.report(true);
    if (reply.kind === 'refused' && reply.status === 401) this.onRevoked(reply.code);
    if (reply.kind === 'refused') return { found: { kind: 'denied' }, slow: false };
    const rows = Array.isArray(reply.body) ? reply.body : reply.body?.items || [];
    return { found: rows.length ? { kind: 'found', rows } : { kind: 'none' }, slow: false };
  }

  /**
   * What an answer to a check-in tells of its ticket.
   * @param {string | null} code
   * @param {string} place the checkpoint's key
   * @param {Record<string, any>} result
   */
  learn(code, place, result) {
    const known = code ? this.known.get(code) : null;
    if (!known || typeof result.used !== 'number') return;
    const used = typeof known.person.used === 'object' && known.person.used ? known.person.used : {};
    known.person = { ...known.person, used: { ...used, [place]: result.used } };
  }

  /** After an undo, or when the roster brings something new, nothing remembered is sure any more. */
  forget() {
    this.known.clear();
  }
}
