// @ts-check
/**
 * What this phone says of a record by itself: the decision of `lib/admission.js` over the roster and the phone's own records,
 * in the shape of the server's answers, so that the screen does not notice who decided. Pure reading: nothing is kept here.
 *
 * @typedef {import('./roster-index.js').RosterTicket} RosterTicket
 * @typedef {Record<string, any>} Answer as one of the server's results, with `status` `local`
 */

import { decide, window as openHours } from '../lib/admission.js';
import { doorSays, letIn } from '../lib/door-words.js';
import { clockTime, dayOf } from '../lib/moment.js';
import { markOf, marksOfTicket } from './marks.js';

/** @type {Answer} */
const EMPTY = {
  id: null, status: 'local', outcome: null, code: null, message: '', ref: null, name: null, party_size: null, admitted: 0, used: null,
  remaining: null, questions: null, first_at: null, first_checkpoint: null, first_device: null, note: null, flags: [],
};

/** What no answer of the volunteer can change. */
const BARRED = new Set(['cancelled', 'blocked', 'reissued', 'awaiting_approval', 'waitlisted', 'not_yet_open', 'closed', 'wrong_session']);
/** Milliseconds by which a phone's clock may be off without being put right: so near to an opening only the server can say. */
const UNSURE = 5 * 60 * 1000;

/**
 * A time of day in the event's zone, with its date where that is another day than `now`.
 * @param {string | number} at @param {string} zone @param {number | null} [now]
 * @returns {string} 19:02, 8月14日19:02
 */
function sayMoment(at, zone, now = null) {
  const clock = clockTime(at, zone);
  if (now === null) return clock;
  const [there, here] = [dayOf(at, zone), dayOf(now, zone)];
  return there.month === here.month && there.day === here.day ? clock : `${there.month}月${there.day}日${clock}`;
}

export class Judge {
  /**
   * @param {{index: () => (import('./roster-index.js').RosterIndex | null), own: import('./own-entries.js').OwnEntries, event: () => any,
   *          device?: () => string, skew?: () => number, clock?: () => number}} options
   *   `index`: null while there is no roster; `device`: this phone's name; `skew`: milliseconds by which its clock is known to be behind
   */
  constructor({ index, own, event, device = () => '', skew = () => 0, clock = Date.now }) {
    this.index = index;
    this.own = own;
    this.event = event;
    this.device = device;
    this.skew = skew;
    this.clock = clock;
  }

  now() {
    return this.clock() + this.skew();
  }

  /**
   * @param {Record<string, any>} record
   * @returns {Answer | null} null where this phone cannot say: no roster, or a checkpoint that it does not know
   */
  answer(record) {
    if (record.type === 'undo') return this.said(record, 'undone');
    if (record.type === 'walkin') return this.walkin(record);
    return record.type === 'checkin' ? this.checkin(record) : null;
  }

  /** @param {Record<string, any>} record @param {number} [now] */
  checkin(record, now = this.now()) {
    const index = this.index();
    const place = this.place(record.checkpoint);
    if (!index || !place) return null;
    const mark = markOf(record, index.salt);
    const { ticket, replaced, spare } = this.find(mark);
    if (record.decided === 'admitted') return this.letIn(record, ticket);
    if (!ticket && !spare) return this.said(record, 'unknown_ticket', { unverified: true, message: doorSays('unknown_ticket') });
    const known = ticket ? { ...ticket, reissued: replaced } : this.stranger(place);
    const entries = this.entries(ticket, mark, place.key);
    const answers = Object.keys(record.answers || {}).filter((key) => ![null, undefined, ''].includes(record.answers[key]) && record.answers[key]?.length !== 0);
    const verdict = decide(this.door(place), known, entries, { count: record.count, direction: record.direction || 'entry', now: new Date(now).toISOString(), answers });
    return this.told(record, verdict, ticket, entries);
  }

  /**
   * Whether a check-in will be refused however many go in, so that nobody need be asked: not open, over, cancelled, another session.
   * @param {Record<string, any>} record
   * @returns {boolean} false too where this phone's clock or list cannot tell
   */
  barred(record) {
    const now = this.now();
    const certain = (/** @type {(at: number) => Answer | null} */ ask) => {
      const outcomes = [-UNSURE, 0, UNSURE].map((off) => ask(now + off)?.outcome);
      return BARRED.has(outcomes[0]) && outcomes.every((outcome) => outcome === outcomes[0]);
    };
    if (record.direction === 'exit') return false;
    return certain((at) => this.checkin(record, at)) || certain((at) => this.walkin(record, at)); // the door's times bind who is not in the list too
  }

  /** When a checkpoint opens by the event's times; null where it has none. @param {string} key @returns {number | null} */
  opensAt(key) {
    const place = this.place(key);
    return place ? openHours(this.door(place))[0] : null;
  }

  /** A party without a ticket: only the door's own times can refuse it. @param {Record<string, any>} record @param {number} [now] */
  walkin(record, now = this.now()) {
    const place = this.place(record.checkpoint);
    if (!place) return null;
    const door = this.door(place);
    const verdict = decide(door, { party_size: record.count, sessions: door.sessions, answered: door.required }, [], { count: record.count, direction: 'entry', now: new Date(now).toISOString() });
    const opens = verdict.opens_at ? sayMoment(verdict.opens_at, this.event().timezone, this.now()) : '';
    const message = doorSays(verdict.outcome === 'admitted' ? 'walkin' : verdict.outcome, { admitted: record.count, opens });
    return this.said(record, verdict.outcome, { message, admitted: verdict.admitted, party_size: record.count });
  }

  /**
   * @param {string} mark
   * @returns {{ticket: RosterTicket | null, replaced: boolean, spare: boolean}}
   */
  find(mark) {
    const index = this.index();
    const hash = mark.slice(1);
    if (!index || !mark) return { ticket: null, replaced: false, spare: false };
    if (mark[0] === '~') return { ticket: index.byPickup.get(hash) || null, replaced: false, spare: false };
    if (mark[0] !== '#') return { ticket: index.byRef.get(mark) || null, replaced: false, spare: false };
    const ticket = index.byHash.get(hash);
    const retired = ticket ? undefined : index.byRetired.get(hash);
    return { ticket: ticket || retired || null, replaced: Boolean(retired), spare: index.spares.has(hash) };
  }

  /**
   * Who of a ticket has gone in here: the roster's entries and this phone's own, each record once, taken-back ones left out.
   * @param {RosterTicket | null} ticket @param {string} mark @param {string} checkpoint
   * @returns {import('./roster-index.js').RosterEntry[]}
   */
  entries(ticket, mark, checkpoint) {
    const theirs = (ticket?.entries?.[checkpoint] || []).filter((entry) => !this.own.isUndone(entry.id));
    const ids = new Set(theirs.map((entry) => entry.id));
    for (const id of ticket?.undone || []) ids.add(id); // by an organizer: this phone's own memory of it is out of date
    const ours = this.own.passedAt(ticket ? marksOfTicket(ticket) : [mark], checkpoint).filter((entry) => !ids.has(entry.id));
    const skew = this.skew();
    return [...theirs, ...ours.map(({ id, count, at }) => ({ id, count, at: skew ? new Date(Date.parse(at) + skew).toISOString() : at, device: this.device() }))];
  }

  /**
   * Whether a ticket was used here by records that the server has not got yet: then this phone knows more than the server.
   * @param {Record<string, any>} record
   */
  knowsMore(record) {
    const index = this.index();
    if (record.type !== 'checkin' || !index) return false;
    const mark = markOf(record, index.salt);
    const { ticket } = this.find(mark);
    return this.own.passedAt(ticket ? marksOfTicket(ticket) : [mark], record.checkpoint).some((entry) => entry.queued);
  }

  /**
   * How many of a ticket have gone in, by checkpoint, as this phone knows it.
   * @param {RosterTicket} ticket
   * @returns {Record<string, number>}
   */
  used(ticket) {
    const places = (this.event().checkpoints || []).map((/** @type {any} */ each) => each.key);
    return Object.fromEntries(places.map((/** @type {string} */ key) => [key, this.entries(ticket, ticket.ref, key).reduce((sum, entry) => sum + entry.count, 0)]));
  }

  /** A ticket that was issued after the last download: good for a party as large as the event allows. @param {any} place */
  stranger(place) {
    return { party_size: this.event().registration?.max_party || 5, sessions: place.sessions || [] };
  }

  /** A volunteer lets somebody in against what the phone says. @param {Record<string, any>} record @param {RosterTicket | null} ticket */
  letIn(record, ticket) {
    const flags = ticket ? ['conflict'] : ['conflict', 'unidentified'];
    return this.said(record, 'admitted', { message: letIn(doorSays('unknown_ticket')), admitted: record.count, name: ticket?.name || null, flags });
  }

  /** @param {Record<string, any>} record @param {import('../lib/admission.js').Verdict} verdict @param {RosterTicket | null} ticket @param {import('./roster-index.js').RosterEntry[]} entries */
  told(record, verdict, ticket, entries) {
    const event = this.event();
    const zone = event.timezone;
    const first = verdict.first && entries.find((entry) => entry.id === verdict.first?.id);
    const answered = new Set(ticket?.answered || []); // what may stay unanswered is asked with what may not, never alone
    const questions = (event.registration?.questions || []).filter((/** @type {any} */ each) => verdict.questions.includes(each.key) || (each.ask === 'desk' && !each.required && !answered.has(each.key)));
    const message = doorSays(verdict.outcome, {
      admitted: record.count,
      direction: record.direction,
      remaining: verdict.remaining,
      party_size: ticket?.party_size || 1,
      first: first ? sayMoment(first.at, zone, this.now()) : '',
      place: first ? this.place(record.checkpoint)?.name : '',
      device: first?.device || '',
      sessions: ticket ? this.sessionTimes(ticket) : '',
      opens: verdict.opens_at ? sayMoment(verdict.opens_at, zone, this.now()) : '',
      questions: verdict.questions.length,
    });
    return this.said(record, verdict.outcome, {
      message,
      ref: ticket?.ref || null,
      name: ticket?.name || null,
      party_size: ticket ? ticket.party_size || 1 : null,
      note: ticket?.note || null,
      admitted: verdict.admitted,
      used: verdict.used,
      remaining: ticket || verdict.outcome !== 'admitted' ? verdict.remaining : null,
      questions: verdict.questions.length ? questions : null,
      first_at: first?.at || null,
      first_checkpoint: first ? record.checkpoint : null,
      first_device: first?.device || null,
      unlisted: !ticket,
    });
  }

  /** @param {Record<string, any>} record @param {string} outcome @param {Answer} [more] @returns {Answer} */
  said(record, outcome, more = {}) {
    return { ...EMPTY, flags: [], id: record.id, outcome, message: doorSays(outcome, { admitted: record.count }), ...more };
  }

  /** @param {string} key */
  place(key) {
    return (this.event().checkpoints || []).find((/** @type {any} */ each) => each.key === key) || null;
  }

  /** @param {any} place @returns {import('../lib/admission.js').Door} */
  door(place) {
    const event = this.event();
    return {
      zone: event.timezone,
      status: event.status,
      rule: place.rule,
      starts_at: event.starts_at,
      ends_at: event.ends_at,
      closed_at: event.closed_at,
      opens_at: place.opens_at,
      closes_at: place.closes_at,
      sessions: place.sessions || [],
      required: (event.registration?.questions || []).filter((/** @type {any} */ each) => each.required && each.ask === 'desk').map((/** @type {any} */ each) => each.key),
      rehearsal: Boolean(event.rehearsal),
    };
  }

  /** @param {RosterTicket} ticket */
  sessionTimes(ticket) {
    const own = (this.event().sessions || []).filter((/** @type {any} */ each) => (ticket.sessions || []).includes(each.key));
    return own.map((/** @type {any} */ each) => (each.starts_at ? sayMoment(each.starts_at, this.event().timezone) : each.name)).join('、');
  }
}
