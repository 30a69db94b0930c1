// @ts-check
/**
 * One check-in at a time, from the scan to the answer; after any error the next scan works. Knows no page: it tells a view.
 *
 * @typedef {import('./plan.js').Person} Person
 * @typedef {{code: string | null, ref: string | null, typedPickup: boolean}} Subject
 * @typedef {'rest' | 'finding' | 'which' | 'choosing' | 'deciding' | 'waiting' | 'asking' | 'holding' | 'done'} Phase
 * @typedef {{phase: Phase, id: string, tone: import('./verdict.js').Tone, word: string, line: string, name: string, detail: string,
 *            outcome: string, remaining: number | null, most?: number, value?: number, people?: Person[],
 *            questions?: any[], direction?: string, unverified?: boolean, pending: boolean}} Screen
 * @typedef {{show(screen: Screen): void, signal(tone: import('./verdict.js').Tone): void}} View
 */

import { mintId } from '../lib/uuid.js';
import { alreadyIn, planFor } from './plan.js';
import { parseTicketText } from './ticket-text.js';
import { verdictOf } from './verdict.js';
import { WORDS } from './words.js';

/** After so long without an answer the screen says so; the record stays under way with its id. */
export const ANSWER_WITHIN = 8000;
/** The same while the network is known to be away: nobody at a gate waits eight seconds each. */
export const ANSWER_WITHIN_OFFLINE = 2000;
/** How long a result fills the screen before it shrinks, by tone; a party's stays longer. */
const SHOWN = { good: 2500, party: 4000, look: 7000, stop: 7000, info: 2000, foreign: 2500 };
/** The camera may not replace a result sooner. */
const READ_FIRST = { good: 600, look: 1800, stop: 1800, info: 300 };

/** @type {Screen} */
const BLANK = { phase: 'done', id: '', tone: 'info', word: '', line: '', name: '', detail: '', outcome: '', remaining: null, pending: false };

export class Door {
  /**
   * @param {{finder: import('./finder.js').Finder, outbox: import('./outbox.js').Outbox, maker: import('./records.js').RecordMaker, view: View,
   *          device: () => string, place: () => (import('./plan.js').Place | null), direction: () => string, maxParty: () => number,
   *          holds: () => boolean, now?: () => number, wait?: (work: () => void, milliseconds: number) => any,
   *          decideLocally?: ((record: Record<string, any>) => Promise<Record<string, any> | null>) | null}} options
   *   `decideLocally` answers from the phone's roster when the server does not; without one the screen says that it cannot verify
   */
  constructor({ finder, outbox, maker, view, device, place, direction, maxParty, holds, now = Date.now, wait = (work, milliseconds) => setTimeout(work, milliseconds), decideLocally = null }) {
    this.finder = finder;
    this.outbox = outbox;
    this.maker = maker;
    this.view = view;
    this.device = device;
    this.place = place;
    this.direction = direction;
    this.maxParty = maxParty;
    this.holds = holds;
    this.now = now;
    this.wait = wait;
    this.decideLocally = decideLocally;
    /** @type {Screen} */
    this.screen = { ...BLANK, phase: 'rest' };
    this.shownAt = -Infinity;
    this.turn = 0;
    /** @type {{subject: Subject, id: string, person: Person | null, blind: boolean, count: number, direction: string, place: import('./plan.js').Place | null} | null} */
    this.current = null;
    /** @type {Subject[]} typed while another was being decided */
    this.line = [];
  }

  /**
   * @param {string} text
   * @param {'camera' | 'typed' | 'photo'} source
   * @returns {boolean} whether the scan was taken up
   */
  scan(text, source) {
    const fromCamera = source === 'camera';
    if (fromCamera && !this.ready()) return false;
    const parsed = parseTicketText(text);
    if (parsed.kind === 'foreign') {
      if (this.blocked()) return false;
      this.turn += 1;
      this.current = null;
      this.finish({ tone: 'look', word: WORDS.foreign, line: WORDS.foreignLine, outcome: 'foreign' });
      return true;
    }
    const subject = { code: parsed.code, ref: null, typedPickup: parsed.kind === 'pickup' };
    if (this.blocked()) this.line.push(subject);
    else void this.begin(subject);
    return true;
  }

  /** A row of the look-up was tapped. @param {Person} person */
  person(person) {
    if (!this.blocked()) void this.begin({ code: null, ref: person.ref, typedPickup: false }, person);
  }

  /** Whether the camera may deliver: nothing is open, and the last result could be read. */
  ready() {
    const { phase, tone } = this.screen;
    if (phase === 'rest' || phase === 'waiting') return true;
    return phase === 'done' && this.now() - this.shownAt >= READ_FIRST[tone];
  }

  busy() {
    return this.screen.phase === 'finding' || this.screen.phase === 'deciding';
  }

  /** Whether a new scan has to wait: one is being decided, or what it earned has not been handed over. */
  blocked() {
    return this.busy() || this.screen.phase === 'holding';
  }

  /** @param {Subject} subject @param {Person | null} [person] */
  async begin(subject, person = null) {
    const turn = ++this.turn;
    const place = this.place();
    const id = mintId();
    if (!place) return this.finish({ tone: 'look', word: WORDS.noCheckpoint, line: WORDS.noCheckpointLine });
    const direction = place.rule === 'each_time' ? this.direction() : 'entry';
    this.current = { subject, id, person, blind: false, count: 1, direction, place };
    this.show({ phase: 'finding', id, tone: 'info', word: WORDS.finding });
    /** @type {import('./plan.js').Found} */
    const found = person ? { kind: 'found', rows: [person] } : await this.finder.byCode(String(subject.code));
    if (turn !== this.turn) return;
    this.current.blind = found.kind === 'denied';
    const mustConfirm = subject.typedPickup || subject.ref !== null;
    this.follow(planFor(found, { place, direction, mustConfirm, maxParty: this.maxParty() }), found.kind === 'unreached');
  }

  /** @param {import('./plan.js').Plan} plan @param {boolean} unverified */
  follow(plan, unverified) {
    const current = this.current;
    if (!current) return;
    if (plan.step === 'which') {
      this.show({ phase: 'which', id: current.id, tone: 'info', word: WORDS.which, people: plan.people });
      return;
    }
    current.person = plan.person;
    if (plan.step === 'send') {
      current.count = plan.count;
      void this.submit(null);
      return;
    }
    const out = current.direction === 'exit';
    const ask = unverified ? WORDS.unreachedParty : plan.most > 1 ? (out ? WORDS.howManyOut : WORDS.howMany) : WORDS.confirmName;
    this.show({ phase: 'choosing', id: current.id, tone: unverified ? 'look' : 'info', word: ask, ...this.personLines(plan.person), most: plan.most, value: plan.value, direction: current.direction, unverified });
  }

  /** One of several people was tapped. @param {Person} person */
  choose(person) {
    const place = this.current?.place;
    if (this.screen.phase !== 'which' || !this.current || !place) return;
    this.current.subject = { code: null, ref: person.ref, typedPickup: false };
    const { direction } = this.current;
    this.follow(planFor({ kind: 'found', rows: [person] }, { place, direction, mustConfirm: true, maxParty: this.maxParty() }), false);
  }

  /** The volunteer says how many. @param {number} count */
  confirm(count) {
    if (this.screen.phase !== 'choosing' || !this.current) return;
    this.current.count = Math.min(99, Math.max(1, Math.trunc(count) || 1));
    void this.submit(null);
  }

  /** The desk's questions are answered: a new record brings the answers. @param {Record<string, any>} answers */
  answer(answers) {
    if (this.screen.phase !== 'asking' || !this.current) return;
    this.current.id = mintId();
    void this.submit(answers);
  }

  /** @param {Record<string, any> | null} answers */
  async submit(answers) {
    const current = this.current;
    if (!current?.place) return;
    const { subject, id, person, count, direction, place } = current;
    const record = this.maker.checkin({ checkpoint: place.key, ticket: subject.ref ? null : subject.code, ref: subject.ref, count, direction, answers }, id);
    await this.deliver(record, person?.name || '', this.personLines(person));
  }

  /**
   * A walk-in, or the undo of an admission: the answer is shown like a scan's.
   * @param {Record<string, any>} record
   * @param {string} label
   */
  async carry(record, label) {
    if (this.blocked()) {
      await this.outbox.add(record, this.device(), label).catch(() => undefined);
      return;
    }
    this.turn += 1;
    this.current = { subject: { code: null, ref: null, typedPickup: false }, id: record.id, person: null, blind: false, count: record.count || 1, direction: 'entry', place: null };
    await this.deliver(record, label, { name: record.type === 'undo' ? label : '', detail: '' });
  }

  /**
   * @param {Record<string, any>} record
   * @param {string} label
   * @param {{name: string, detail: string}} lines
   */
  async deliver(record, label, lines) {
    const turn = this.turn;
    this.show({ phase: 'deciding', id: record.id, tone: 'info', word: WORDS.deciding, ...lines });
    const kept = await this.outbox.add(record, this.device(), label).catch(() => null);
    if (!kept) return this.notSaved(turn, record.id);
    const { answer } = kept;
    const late = Symbol('late');
    const result = await Promise.race([answer, new Promise((resolve) => this.wait(() => resolve(late), this.outbox.online === false ? ANSWER_WITHIN_OFFLINE : ANSWER_WITHIN))]);
    if (result !== late) return this.conclude(result, turn, lines.name);
    const local = this.decideLocally ? await this.decideLocally(record) : null;
    if (local) return this.conclude(local, turn, lines.name);
    if (turn === this.turn) {
      this.show({ phase: 'waiting', id: record.id, tone: 'look', word: WORDS.noNetwork, line: record.type === 'checkin' ? WORDS.noNetworkLine : '', name: lines.name, detail: [lines.detail, WORDS.keptForLater].filter(Boolean).join(' · ') });
      this.view.signal('look');
      this.serveLine();
    }
    return this.conclude(await answer, turn, lines.name);
  }

  /** The phone could not keep the record, so it was not sent either. @param {number} turn @param {string} id */
  notSaved(turn, id) {
    if (turn === this.turn) this.finish({ id, tone: 'stop', word: WORDS.notKept, line: WORDS.notSaved });
  }

  /** @param {Record<string, any>} result @param {number} turn @param {string} known the name as far as the phone knows it */
  conclude(result, turn, known) {
    const current = this.current;
    if (current?.place && current.id === result.id) this.finder.learn(current.subject.code, current.place.key, result);
    if (turn !== this.turn || !current || current.id !== result.id) return;
    const verdict = verdictOf(result);
    const name = result.name || known;
    const left = typeof result.remaining === 'number' && result.remaining > 0 ? WORDS.left(result.remaining) : '';
    const shared = { id: current.id, ...verdict, name, outcome: result.outcome || '', remaining: result.remaining ?? null };
    if (result.outcome === 'answers_needed' && result.questions?.length) {
      this.show({ ...shared, phase: 'asking', detail: '', questions: result.questions });
      this.view.signal('look');
    } else if (result.remaining > 0 && (result.outcome === 'too_many' || (result.outcome === 'admitted' && current.blind))) {
      this.offer(result.remaining, { ...shared, detail: '' });
    } else {
      const hold = this.holds() && result.outcome === 'admitted' && current.direction !== 'exit';
      const registered = current.place !== null; // not a walk-in: its sentence says how many
      const party = registered && typeof result.party_size === 'number' && result.party_size > 1 ? WORDS.party(result.party_size) : '';
      this.finish({ ...shared, detail: [party, left, result.note].filter(Boolean).join(' · ') }, hold);
    }
  }

  /** Fewer may still pass: the same ticket again, as a new record. @param {number} most @param {Partial<Screen>} screen */
  offer(most, screen) {
    if (!this.current) return;
    const shown = screen.id || '';
    this.current.id = mintId();
    this.show({ ...screen, id: shown, phase: 'choosing', most, value: most, direction: this.current.direction });
    this.view.signal('look');
  }

  /** @param {Person | null} person */
  personLines(person) {
    const party = person?.party_size && person.party_size > 1 ? WORDS.party(person.party_size) : '';
    const place = this.current?.place;
    const before = person && place ? alreadyIn(person, place) : 0;
    const tail = person?.phone_tail ? WORDS.tail(person.phone_tail) : '';
    return { name: person?.name || '', detail: [party, before ? WORDS.wasIn(before) : '', tail, person?.note].filter(Boolean).join(' · ') };
  }

  /** @param {Partial<Screen>} screen @param {boolean} [hold] until 已发放 is tapped */
  finish(screen, hold = false) {
    this.show({ ...screen, phase: hold ? 'holding' : 'done' });
    this.view.signal(this.screen.tone);
    const turn = this.turn;
    const many = (this.current?.count || 1) > 1;
    const kind = this.screen.outcome === 'foreign' ? 'foreign' : this.screen.tone === 'good' && many ? 'party' : this.screen.tone;
    if (!hold) this.wait(() => turn === this.turn && this.screen.phase === 'done' && this.dismiss(), SHOWN[kind]);
    this.serveLine();
  }

  /** Takes up what was typed meanwhile, once the result could be read. */
  serveLine() {
    if (!this.line.length) return;
    this.wait(() => {
      if (!this.blocked() && !this.isOpen() && this.line.length) void this.begin(/** @type {Subject} */ (this.line.shift()));
    }, READ_FIRST[this.screen.tone]);
  }

  /** The result shrinks to a strip; an open question is dropped, and nothing is recorded for it. */
  dismiss() {
    if (this.busy()) return;
    const open = this.isOpen();
    if (open) this.turn += 1;
    this.show(open ? { phase: 'rest' } : { ...this.screen, phase: 'rest' });
    this.serveLine();
  }

  /** Whether the volunteer has been asked something. */
  isOpen() {
    return this.screen.phase === 'choosing' || this.screen.phase === 'which' || this.screen.phase === 'asking';
  }

  /** Something else worth a glance, such as a photo without a code. @param {Partial<Screen>} screen */
  announce(screen) {
    if (this.blocked()) return;
    this.turn += 1;
    this.current = null;
    this.finish(screen);
  }

  /** @param {Partial<Screen>} screen */
  show(screen) {
    const pending = screen.phase === 'finding' || screen.phase === 'deciding' || screen.phase === 'waiting';
    this.screen = { ...BLANK, pending, ...screen };
    this.shownAt = this.now();
    this.view.show(this.screen);
  }
}
