// @ts-check
/**
 * One check-in at a time, from the scan to the answer; after any error the next scan works. Knows no page: it tells a view.
 *
 * @typedef {import('./plan.js').Person} Person
 * @typedef {{code: string | null, ref: string | null, typedPickup: boolean}} Subject
 * @typedef {import('./screen.js').Screen} Screen
 * @typedef {{show(screen: Screen): void, signal(tone: import('./verdict.js').Tone): void}} View
 */

import { mintId } from '../lib/uuid.js';
import { alreadyIn, planFor } from './plan.js';
import { BLANK, READ_FIRST, shownFor } from './screen.js';
import { parseTicketText } from './ticket-text.js';
import { verdictOf } from './verdict.js';
import { WORDS } from './words.js';

export class Door {
  /**
   * @param {{finder: import('./finder.js').Finder, delivery: import('./delivery.js').Delivery, maker: import('./records.js').RecordMaker, view: View,
   *          place: () => (import('./plan.js').Place | null), direction: () => string, maxParty: () => number,
   *          early?: () => string, holds: () => boolean, loaded?: () => Promise<void>, now?: () => number, wait?: (work: () => void, milliseconds: number) => any}} options
   */
  constructor({ finder, delivery, maker, view, place, direction, maxParty, early = () => '', holds, loaded = async () => {}, now = Date.now, wait = (work, milliseconds) => setTimeout(work, milliseconds) }) {
    this.finder = finder;
    this.delivery = delivery;
    this.maker = maker;
    this.view = view;
    this.place = place;
    this.direction = direction;
    this.maxParty = maxParty;
    /** What is to be said of the time while the door is not open yet. */
    this.early = early;
    this.holds = holds;
    this.loaded = loaded;
    this.now = now;
    this.wait = wait;
    /** @type {Screen} */
    this.screen = { ...BLANK, phase: 'rest' };
    this.shownAt = -Infinity;
    this.turn = 0;
    /** @type {{subject: Subject, id: string, person: Person | null, blind: boolean, count: number, direction: string, place: import('./plan.js').Place | null} | null} */
    this.current = null;
    this.unsure = '';
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
    const { phase, tone, mayLetIn } = this.screen;
    if (phase === 'rest' || phase === 'waiting') return true;
    return (phase === 'done' || mayLetIn === true) && this.now() - this.shownAt >= READ_FIRST[tone];
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
    const pause = subject.typedPickup ? this.finder.pause() : 0;
    this.show({ phase: 'finding', id, tone: 'info', word: pause ? WORDS.slowDown : WORDS.finding });
    if (pause) await new Promise((resolve) => this.wait(() => resolve(undefined), pause));
    await this.loaded();
    if (turn !== this.turn) return;
    /** @type {import('./plan.js').Found} */
    const found = person ? { kind: 'found', rows: [person] } : await this.finder.byCode(String(subject.code));
    if (turn !== this.turn) return;
    this.current.blind = found.kind === 'denied';
    const mustConfirm = subject.typedPickup || subject.ref !== null;
    this.follow(planFor(found, { place, direction, mustConfirm, maxParty: this.maxParty() }), found.kind);
  }

  /** @param {import('./plan.js').Plan} plan @param {string} found what kind of answer the finder gave */
  follow(plan, found) {
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
    if (this.delivery.barred(this.record(current))) {
      // where the name would have had to be confirmed first, the phone itself says no: nobody gets in by a mistyped number
      const mustConfirm = current.subject.typedPickup || current.subject.ref !== null;
      current.blind = true; // should the server know better, the rest of the party is asked for afterwards
      void this.submit(null, mustConfirm ? { decided: 'refused' } : {});
      return;
    }
    const out = current.direction === 'exit';
    const unverified = found === 'unreached' || found === 'spare';
    const ask = found === 'unreached' ? WORDS.unreachedParty : found === 'spare' ? WORDS.spareParty : plan.most > 1 ? (out ? WORDS.howManyOut : WORDS.howMany) : WORDS.confirmName;
    this.show({ phase: 'choosing', id: current.id, tone: unverified ? 'look' : 'info', word: ask, ...this.personLines(plan.person), most: plan.most, value: plan.value, direction: current.direction, unverified });
  }

  /** One of several people was tapped. @param {Person} person */
  choose(person) {
    const place = this.current?.place;
    if (this.screen.phase !== 'which' || !this.current || !place) return;
    this.current.subject = { code: null, ref: person.ref, typedPickup: false };
    const { direction } = this.current;
    this.follow(planFor({ kind: 'found', rows: [person] }, { place, direction, mustConfirm: true, maxParty: this.maxParty() }), 'found');
  }

  /** The volunteer says how many. @param {number} count */
  confirm(count) {
    if (this.screen.phase !== 'choosing' || !this.current) return;
    this.current.count = Math.min(99, Math.max(1, Math.trunc(count) || 1));
    void this.submit(null, this.screen.mayLetIn ? { decided: 'admitted', reason: WORDS.letInReason } : {});
  }

  /** The desk's questions are answered: a new record brings the answers. @param {Record<string, any>} answers */
  answer(answers) {
    if (this.screen.phase !== 'asking' || !this.current) return;
    this.current.id = mintId();
    void this.submit(answers);
  }

  /** @param {Record<string, any> | null} answers @param {Record<string, any>} [more] members of the record */
  async submit(answers, more = {}) {
    const current = this.current;
    if (!current?.place) return;
    const { person } = current;
    await this.deliver({ ...this.record(current, answers), ...more }, person?.name || '', this.personLines(person));
  }

  /** @param {NonNullable<Door['current']>} current @param {Record<string, any> | null} [answers] */
  record({ subject, id, count, direction, place }, answers = null) {
    return this.maker.checkin({ checkpoint: place?.key || '', ticket: subject.ref ? null : subject.code, ref: subject.ref, count, direction, answers }, id);
  }

  /**
   * A walk-in, or the undo of an admission: the answer is shown like a scan's.
   * @param {Record<string, any>} record
   * @param {string} label
   * @param {string} [device] whose record it is
   */
  async carry(record, label, device = this.delivery.device()) {
    await this.loaded();
    if (this.blocked()) {
      await this.delivery.carry(record, label, device);
      return;
    }
    this.turn += 1;
    this.current = { subject: { code: null, ref: null, typedPickup: false }, id: record.id, person: null, blind: false, count: record.count || 1, direction: 'entry', place: null };
    await this.deliver(record, label, { name: record.type === 'undo' ? label : '', detail: '' }, device);
  }

  /**
   * @param {Record<string, any>} record
   * @param {string} label
   * @param {{name: string, detail: string}} lines
   * @param {string} [device]
   */
  async deliver(record, label, lines, device = this.delivery.device()) {
    const turn = this.turn;
    this.show({ phase: 'deciding', id: record.id, tone: 'info', word: WORDS.deciding, ...lines });
    const done = await this.delivery.carry(record, label, device);
    if (done.kind === 'unkept') return this.notSaved(turn, record.id);
    if (done.kind === 'answer') {
      this.conclude(done.result, turn, lines.name);
      done.later?.then((result) => this.corrected(result, turn, lines.name));
      return;
    }
    if (turn === this.turn) {
      this.show({ phase: 'waiting', id: record.id, tone: 'look', word: WORDS.noNetwork, line: record.type === 'checkin' ? WORDS.noNetworkLine : '', name: lines.name, detail: [lines.detail, WORDS.keptForLater].filter(Boolean).join(' · ') });
      this.view.signal('look');
      this.serveLine();
    }
    this.conclude(await done.answer, turn, lines.name);
  }

  /**
   * The server's answer to what this phone could not verify, while the volunteer still looks at it; whatever else differs is told in the list.
   * @param {Record<string, any>} result @param {number} turn @param {string} known
   */
  corrected(result, turn, known) {
    const open = turn === this.turn && this.screen.mayLetIn && this.unsure === result.id;
    if (!open || result.status === 'rejected' || result.outcome === 'refused') return;
    if (this.current) this.current.id = result.id;
    if (result.outcome === 'admitted') void this.delivery.withdraw(result.id);
    this.conclude(result, turn, known);
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
    if (result.outcome === 'not_yet_open') verdict.line ||= this.early();
    const name = result.name || known;
    const left = result.outcome === 'admitted' && result.remaining > 0 ? WORDS.left(result.remaining) : '';
    const shared = { id: current.id, ...verdict, name, outcome: result.outcome || '', remaining: result.remaining ?? null };
    if (result.outcome === 'answers_needed' && result.questions?.length) {
      this.show({ ...shared, phase: 'asking', detail: '', questions: result.questions });
      this.view.signal('look');
    } else if (result.unverified) {
      this.unsure = result.id;
      this.offer(this.maxParty(), { ...shared, detail: '', mayLetIn: true }, 1);
    } else if (result.remaining > 0 && (result.outcome === 'too_many' || (result.outcome === 'admitted' && current.blind))) {
      this.offer(result.remaining, { ...shared, detail: '' });
    } else {
      const hold = this.holds() && result.outcome === 'admitted' && current.direction !== 'exit';
      const registered = current.place !== null; // not a walk-in: its sentence says how many
      const party = registered && typeof result.party_size === 'number' && result.party_size > 1 ? WORDS.party(result.party_size) : '';
      this.finish({ ...shared, detail: [party, left, result.unlisted ? WORDS.unlisted : '', result.note].filter(Boolean).join(' · ') }, hold);
    }
  }

  /** Fewer may still pass, or the volunteer decides: the same ticket again, as a new record. @param {number} most @param {Partial<Screen>} screen @param {number} [value] */
  offer(most, screen, value = most) {
    if (!this.current) return;
    const shown = screen.id || '';
    this.current.id = mintId();
    this.show({ ...screen, id: shown, phase: 'choosing', most, value, direction: this.current.direction });
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
    if (!hold) this.wait(() => turn === this.turn && this.screen.phase === 'done' && this.dismiss(), shownFor(this.screen, this.current?.count || 1));
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

  /** Nobody is shown any more. */
  forget() {
    this.turn += 1;
    this.current = null;
    this.line = [];
    this.show({ phase: 'rest' });
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
