// @ts-check
/**
 * The event's tickets in memory, found at once by any of their marks; nothing here reads a store or the network.
 *
 * @typedef {{id: string, count: number, at: string, device?: string | null}} RosterEntry
 * @typedef {{ref: string, hash: string, pickup_hash?: string | null, name?: string, initials?: string[], phone_tail?: string | null,
 *            party_size?: number, status?: string, sessions?: string[], used?: Record<string, number>, note?: string | null,
 *            blocked?: boolean, answered?: string[], valid_from?: string | null, valid_until?: string | null,
 *            entries?: Record<string, RosterEntry[]>, undone?: string[], aliases?: string[], retired?: string[]}} RosterTicket
 * @typedef {{tickets: RosterTicket[], removed?: string[], spare?: string[], cursor: string, reset?: boolean, salt?: string, event?: any,
 *            askedAt?: number, has_more?: boolean}} RosterPage
 */

/** @typedef {{byTail: Map<string, RosterTicket[]>, byInitials: Map<string, RosterTicket[]>}} Spread what a search needs and a decision does not */

/** Adds to one of the lists of a map. @template T @param {Map<string, T[]>} map @param {string} key @param {T} value */
function addTo(map, key, value) {
  const list = map.get(key);
  if (list) list.push(value);
  else map.set(key, [value]);
}

/** @template T @param {Map<string, T[]>} map @param {string} key @param {T} value */
function takeFrom(map, key, value) {
  const left = (map.get(key) || []).filter((each) => each !== value);
  if (left.length) map.set(key, left);
  else map.delete(key);
}

export class RosterIndex {
  constructor() {
    this.clear();
  }

  clear() {
    /** @type {Map<string, RosterTicket>} */
    this.byRef = new Map();
    /** @type {Map<string, RosterTicket>} the ticket's own code and the older ones that still open it */
    this.byHash = new Map();
    /** @type {Map<string, RosterTicket>} codes that were replaced */
    this.byRetired = new Map();
    /** @type {Map<string, RosterTicket>} */
    this.byPickup = new Map();
    /** @type {Spread | null} made when somebody is first searched for: at the start a scan waits for the rest of this */
    this.spread = null;
    /** @type {Set<string>} */
    this.spares = new Set();
    this.salt = '';
    this.cursor = '';
    /** @type {any} the event's document, as it came with the last page */
    this.event = null;
  }

  /** @returns {Map<string, RosterTicket[]>} */
  get byTail() {
    return this.spreadOut().byTail;
  }

  /** @returns {Map<string, RosterTicket[]>} by the first two letters of any reading */
  get byInitials() {
    return this.spreadOut().byInitials;
  }

  /** @returns {Spread} */
  spreadOut() {
    if (this.spread) return this.spread;
    this.spread = { byTail: new Map(), byInitials: new Map() };
    for (const ticket of this.byRef.values()) spreadIn(this.spread, ticket);
    return this.spread;
  }

  /**
   * Takes one page in: tickets replace what was known of them.
   * @param {RosterPage} page
   */
  apply(page) {
    if (page.reset) this.clear();
    for (const hash of page.spare || []) if (!this.byHash.has(hash) && !this.byRetired.has(hash)) this.spares.add(hash);
    for (const ref of page.removed || []) this.drop(this.byRef.get(ref));
    for (const ticket of page.tickets) this.take(ticket);
    this.cursor = page.cursor;
    if (page.salt) this.salt = page.salt;
    if (page.event) this.event = page.event;
  }

  /** @param {RosterTicket} ticket */
  take(ticket) {
    this.drop(this.byRef.get(ticket.ref));
    this.byRef.set(ticket.ref, ticket);
    this.opens(ticket.hash, ticket);
    for (const hash of ticket.aliases || []) this.opens(hash, ticket);
    for (const hash of ticket.retired || []) {
      this.byRetired.set(hash, ticket);
      this.spares.delete(hash); // drawn and replaced between two downloads
    }
    if (ticket.pickup_hash) this.byPickup.set(ticket.pickup_hash, ticket);
    if (this.spread) spreadIn(this.spread, ticket);
  }

  /** @param {string} hash @param {RosterTicket} ticket */
  opens(hash, ticket) {
    this.byHash.set(hash, ticket);
    this.spares.delete(hash);
  }

  /** @param {RosterTicket | undefined} ticket */
  drop(ticket) {
    if (!ticket) return;
    this.byRef.delete(ticket.ref);
    for (const hash of [ticket.hash, ...(ticket.aliases || [])]) if (this.byHash.get(hash) === ticket) this.byHash.delete(hash);
    for (const hash of ticket.retired || []) if (this.byRetired.get(hash) === ticket) this.byRetired.delete(hash);
    if (ticket.pickup_hash && this.byPickup.get(ticket.pickup_hash) === ticket) this.byPickup.delete(ticket.pickup_hash);
    if (!this.spread) return;
    if (ticket.phone_tail) takeFrom(this.spread.byTail, ticket.phone_tail, ticket);
    for (const start of starts(ticket)) takeFrom(this.spread.byInitials, start, ticket);
  }

  /** @returns {RosterPage} all of it as one page */
  whole() {
    return { reset: true, tickets: [...this.byRef.values()], spare: [...this.spares], cursor: this.cursor, salt: this.salt, event: this.event };
  }
}

/** @param {Spread} spread @param {RosterTicket} ticket */
function spreadIn(spread, ticket) {
  if (ticket.phone_tail) addTo(spread.byTail, ticket.phone_tail, ticket);
  for (const start of starts(ticket)) addTo(spread.byInitials, start, ticket);
}

/** @param {RosterTicket} ticket @returns {Set<string>} */
function starts(ticket) {
  return new Set((ticket.initials || []).map((reading) => reading.slice(0, 2)));
}
