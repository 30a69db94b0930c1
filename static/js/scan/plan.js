// @ts-check
/**
 * What to do with a scan once the phone knows whose ticket it is: send it at once, or ask the volunteer first.
 *
 * The phone asks the server for the ticket before it sends the record, since only the volunteer sees how many of a party stand
 * at the gate. A party of one is sent without a question; so is every ticket that the server will refuse anyway.
 *
 * @typedef {{ref: string, name?: string, phone_tail?: string, party_size?: number, status?: string,
 *            used?: Record<string, number> | number | null, note?: string}} Person a row of the look-up
 * @typedef {{kind: 'found', rows: Person[]} | {kind: 'none'} | {kind: 'denied'} | {kind: 'unreached'} | {kind: 'spare'}} Found
 *   `denied`: this phone may not look people up, or not so fast; `spare`: a ticket that was issued after the roster's last download
 * @typedef {{key: string, name: string, rule?: string}} Place
 * @typedef {{step: 'send', count: number, person: Person | null}
 *         | {step: 'which', people: Person[]}
 *         | {step: 'choose', most: number, value: number, person: Person | null}} Plan
 */

/**
 * @param {Person} person
 * @param {Place} place
 * @param {string} direction `entry` or `exit`
 * @returns {number} how many may pass; 0 where the server will say no
 */
export function mayPass(person, place, direction) {
  const party = person.party_size || 1;
  return direction === 'exit' ? party : Math.max(0, party - alreadyIn(person, place));
}

/**
 * @param {Person} person
 * @param {Place} place
 * @returns {number} how many of the party went in here before; 0 where that does not bind who passes now
 */
export function alreadyIn(person, place) {
  if (place.rule === 'each_time' || place.rule === 'daily') return 0; // what was used may be another day's
  return typeof person.used === 'object' && person.used ? person.used[place.key] || 0 : 0;
}

/**
 * @param {Found} found
 * @param {{place: Place, direction: string, mustConfirm: boolean, maxParty: number}} scan `mustConfirm`: a typed 签到码, or a row of the look-up
 * @returns {Plan}
 */
export function planFor(found, { place, direction, mustConfirm, maxParty }) {
  if (found.kind === 'spare' && maxParty === 1 && !mustConfirm) return { step: 'send', count: 1, person: null };
  if (found.kind === 'unreached' || found.kind === 'spare') return { step: 'choose', most: maxParty, value: 1, person: null };
  if (found.kind !== 'found' || !found.rows.length) return { step: 'send', count: 1, person: null };
  if (found.rows.length > 1) return { step: 'which', people: found.rows };
  const person = found.rows[0];
  const most = mayPass(person, place, direction);
  const stands = (person.status || 'confirmed') === 'confirmed';
  if (stands && most === 0) return { step: 'send', count: 1, person }; // all in already: nothing to ask, the refusal is kept
  if (!mustConfirm && (!stands || most <= 1)) return { step: 'send', count: 1, person };
  return { step: 'choose', most: Math.max(1, stands ? most : 1), value: Math.max(1, stands ? most : 1), person };
}
