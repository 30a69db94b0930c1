// @ts-check
/**
 * Carries records to the server: kept before it is sent, sent until it is answered, never dropped silently.
 *
 * A row stays `queued` until the server has answered for it by its id; what the server will not keep becomes `rejected`
 * and waits for a person. A retry has the same id and content, so the server keeps it once however often it arrives.
 *
 * @typedef {import('./memory-store.js').Row} Row
 * @typedef {import('./memory-store.js').FieldRecord} FieldRecord
 * @typedef {import('./transport.js').Reply} Reply
 * @typedef {{token: string, slug: string}} Sender of one device
 * @typedef {import('./reach.js').Network} Network
 * @typedef {{onRow?: (row: Row) => void, onCounts?: (counts: {pending: number, rejected: number}) => void,
 *            onPending?: (counts: {pending: number, rejected: number}) => void,
 *            onNetwork?: (online: boolean, network: Network) => void, onRevoked?: (device: string, code: string) => void,
 *            onServerTime?: (time: string) => void}} Listeners
 */

import { rfc3339 } from '../lib/moment.js';
import { waitAfter } from './backoff.js';
import { Reach } from './reach.js';
import { dealtWith, isAnswer, settled, withdrawn } from './settling.js';

export const BATCH = 500;
const SMALLEST = 20;
const AT_ONCE = 3;
const KEPT = 400;
const OTHER_TAB = 3000;
/** Milliseconds that a request may take: more for a long batch, never above the longest wait between two attempts. */
const PATIENCE = 8000;
const PATIENCE_EACH = 14;

export class Outbox {
  /**
   * @param {{store: import('./memory-store.js').Store, transport: import('./transport.js').Transport,
   *          sender: (device: string) => Sender | null, senders?: () => string[], remember?: (device: string, sender: Sender) => Promise<void>,
   *          envelope?: () => Record<string, any>, mark?: (record: FieldRecord) => string, mayGo?: (row: Row) => boolean,
   *          listeners?: Listeners, now?: () => number, locks?: LockManager | null, wait?: (work: () => void, milliseconds: number) => any}} options
   *   `senders`: every device that this browser sends for; `envelope`: more members of a batch; `mark`: names a record's ticket;
   *   `mayGo`: whether an answered row is not needed any more
   */
  constructor({ store, transport, sender, senders = () => [], remember = async () => {}, envelope = () => ({}), mark = () => '', mayGo = () => true, listeners = {}, now = Date.now, locks = globalThis.navigator?.locks ?? null, wait = (work, milliseconds) => setTimeout(work, milliseconds) }) {
    this.store = store;
    this.transport = transport;
    this.sender = sender;
    this.senders = senders;
    this.remember = remember;
    this.envelope = envelope;
    this.mark = mark;
    this.mayGo = mayGo;
    this.listeners = listeners;
    this.now = now;
    this.locks = locks;
    this.wait = wait;
    this.reach = new Reach({ now, onTurn: (network) => this.turned(network), keep: (since) => void Promise.resolve(this.store.keep('offline-since', since)).catch(() => undefined) });
    this.failures = 0;
    /** @type {number | null} milliseconds that the server asked for */
    this.askedWait = null;
    this.batch = BATCH;
    this.lastSeq = 0;
    /** @type {any} */
    this.timer = null;
    this.flushing = false;
    /** @type {Set<string>} ids under way on their own */
    this.underway = new Set();
    /** @type {Set<string>} devices that the server does not know any more */
    this.revoked = new Set();
    /** @type {Set<string>} devices of which the server may believe that they hold more than they do */
    this.overstated = new Set();
    /** Requests under way, and so far. */
    this.flights = this.flown = 0;
    /** @type {any} */
    this.counting = null;
    this.counts = { pending: 0, rejected: 0 };
    /** @type {Map<string, (result: Record<string, any>) => void>} */
    this.waiting = new Map();
  }

  get online() {
    return this.reach.online;
  }

  /**
   * Keeps a record and starts sending it.
   * @param {FieldRecord} record
   * @param {string} device
   * @param {string} label what a person calls it, without full names
   * @param {Record<string, any> | null} [local] what this phone has decided already
   * @returns {Promise<{row: Row, answer: Promise<Record<string, any>>}>} `answer` settles when the server has answered
   */
  async add(record, device, label, local = null) {
    this.lastSeq = Math.max(this.now() * 1000, this.lastSeq + 1);
    /** @type {Row} */
    const row = { id: record.id, seq: this.lastSeq, device, state: 'queued', record, mark: this.mark(record), local, label, result: null, answeredAt: null };
    await this.store.put(row);
    this.counts = { ...this.counts, pending: this.counts.pending + 1 }; // at once: the store is asked when the answer has been shown
    this.listeners.onPending?.(this.counts);
    this.countSoon();
    /** @type {Promise<Record<string, any>>} */
    const answer = new Promise((resolve) => this.waiting.set(row.id, resolve));
    this.listeners.onRow?.(row);
    const alone = this.underway.size < AT_ONCE && !this.revoked.has(device) && (this.failures === 0 && this.online ? true : record.type !== 'tally' && !local);
    if (alone && !this.reach.manual) void this.sendOne(row);
    else this.schedule();
    return { row, answer };
  }

  /**
   * What this phone has decided of a record that is under way; id and content stay.
   * @param {string} id
   * @param {'admitted' | 'refused' | null} decided
   * @param {Record<string, any>} local
   * @returns {Promise<Row | null>} the row as it is now: with a `result` where the server was quicker
   */
  async decide(id, decided, local) {
    const [row] = await this.store.change([id], (row) => (row.state === 'queued' ? { ...row, local, record: decided ? { ...row.record, decided } : row.record } : null));
    if (row?.state === 'queued') void this.told([row]);
    return row || null;
  }

  /** The phone's decision is taken back in favour of the server's answer, while it has not been sent. @param {string} id */
  async withdraw(id) {
    await this.told(await this.store.change([id], (row) => withdrawn(row, this.now())));
  }

  /** @param {Row} row */
  async sendOne(row) {
    this.underway.add(row.id);
    try {
      await this.send([row]);
    } finally {
      this.underway.delete(row.id);
    }
    if (await this.store.countState('queued')) this.schedule();
    else await this.sayEmpty();
  }

  /** Sends all that waits, oldest first; in one tab at a time. */
  async flush() {
    if (this.flushing || this.reach.manual) return;
    this.flushing = true;
    clearTimeout(this.timer);
    this.timer = null;
    try {
      if (this.locks) await this.locks.request('eventsvc-outbox', { ifAvailable: true }, async (lock) => (lock ? this.drain() : this.yieldToOtherTab()));
      else await this.drain();
    } finally {
      this.flushing = false;
    }
    if ((await this.unsent(1)).length) this.schedule();
    else await this.sayEmpty();
  }

  async drain() {
    for (;;) {
      const rows = await this.unsent(this.batch);
      if (!rows.length || this.reach.manual || !(await this.send(rows))) break;
    }
    await this.store.prune(KEPT, this.mayGo);
  }

  /**
   * Rows of one device that wait and are not under way, oldest first.
   * @param {number} limit
   * @returns {Promise<Row[]>}
   */
  async unsent(limit) {
    for (const device of this.senders()) {
      if (this.revoked.has(device) || !this.sender(device)) continue;
      const rows = (await this.store.queuedOf(device, limit + this.underway.size)).filter((row) => !this.underway.has(row.id));
      if (rows.length) return rows.slice(0, limit);
    }
    return [];
  }

  /** The next attempt: soon after the first failure, at most 15 seconds apart. */
  schedule() {
    if (this.timer !== null || this.reach.manual) return;
    const delay = this.failures ? waitAfter(this.failures, this.askedWait) : 200;
    this.later(delay);
  }

  /** Another tab is sending; look again later, in case it dies. */
  yieldToOtherTab() {
    if (this.timer === null) this.later(OTHER_TAB);
  }

  /** @param {number} delay */
  later(delay) {
    this.timer = this.wait(() => {
      this.timer = null;
      void this.flush();
    }, delay);
  }

  /** The network may be back, the page visible again, a person asks: try at once. */
  nudge() {
    clearTimeout(this.timer);
    this.timer = null;
    return this.flush();
  }

  /**
   * @param {Row[]} rows of one device; none = a sign of life
   * @param {string} [device]
   * @returns {Promise<boolean>} whether going on at once makes sense
   */
  async send(rows, device = rows[0].device) {
    const sender = this.sender(device);
    if (!sender) return false;
    const queued = Math.max(0, (await this.store.countState('queued')) - rows.length);
    const before = this.flights;
    const body = { ...this.envelope(), sent_at: rfc3339(new Date(this.now())), queued, records: rows.map((row) => row.record) };
    if (queued) this.overstated.add(device);
    this.flights += 1;
    this.flown += 1;
    const number = this.flown;
    const reply = await this.transport.send('POST', `/events/${encodeURIComponent(sender.slug)}/records`, body, { token: sender.token, timeout: PATIENCE + rows.length * PATIENCE_EACH });
    this.flights -= 1;
    if (!before && number === this.flown && !queued && reply.kind === 'answer') this.overstated.delete(device);
    return this.take(reply, rows, device);
  }

  /** Tells the server that this phone lives and how much it still holds. @param {string} device */
  async beat(device) {
    if (this.reach.manual || this.revoked.has(device)) return;
    await this.send([], device);
    await this.sayEmpty();
  }

  /** Requests overtake one another, and the last to arrive may have said that rows wait: when none does any more, the server is told once. */
  async sayEmpty() {
    if (this.flights || this.flushing || (await this.store.countState('queued'))) return;
    for (const device of this.overstated) {
      this.overstated.delete(device);
      await this.beat(device);
    }
  }

  /** @param {Reply} reply @param {Row[]} rows @param {string} device @returns {Promise<boolean>} */
  async take(reply, rows, device) {
    if (reply.kind === 'answer' && Array.isArray(reply.body?.results)) {
      if (reply.body.server_time) this.listeners.onServerTime?.(String(reply.body.server_time));
      const answered = await this.settle(rows, reply.body.results).catch(() => null);
      if (answered === null) {
        this.failures += 1; // the phone cannot write it down, being full: asked again later, under the same ids
        return false;
      }
      if (answered || !rows.length) {
        this.batch = Math.min(BATCH, this.batch * 2);
        return this.reached();
      }
    } else if (reply.kind === 'refused') {
      this.reached();
      if (reply.status === 401) {
        this.revoked.add(device);
        this.listeners.onRevoked?.(device, reply.code);
        return true;
      }
      if (rows.length > 1) {
        this.batch = Math.max(1, Math.floor(Math.min(this.batch, rows.length) / 2));
        return true;
      }
      if (!rows.length) return false;
      await this.settle(rows, [{ id: rows[0].id, status: 'rejected', code: reply.code, message: reply.message }]);
      this.batch = Math.min(BATCH, this.batch * 2);
      return true;
    }
    this.failures += 1;
    if (rows.length > SMALLEST) this.batch = Math.max(SMALLEST, Math.floor(rows.length / 2));
    this.askedWait = reply.kind === 'unreached' ? reply.retryAfter : null;
    this.report(false);
    return false;
  }

  /**
   * Takes the server's answers down, each by its id.
   * @param {Row[]} rows as they were sent
   * @param {any[]} results
   * @returns {Promise<number>} for how many rows the server has answered
   */
  async settle(rows, results) {
    const sent = new Map(rows.map((row) => [row.id, row]));
    const answers = new Map(results.filter((each) => isAnswer(each) && sent.has(each.id)).map((each) => [each.id, each]));
    if (!answers.size) return 0;
    const changed = await this.store.change([...answers.keys()], (row) => settled(row, /** @type {Row} */ (sent.get(row.id)), answers.get(row.id), this.now()));
    for (const [id, result] of answers) {
      this.waiting.get(id)?.(result);
      this.waiting.delete(id);
    }
    await this.told(changed);
    return answers.size;
  }

  /** A person has dealt with a rejected row: it is kept aside, or sent once more under the same id. @param {string} id @param {boolean} again */
  async dealtWith(id, again) {
    const changed = await this.store.change([id], (row) => dealtWith(row, again));
    await this.told(changed);
    if (again) void this.nudge();
  }

  reached() {
    this.failures = 0;
    this.askedWait = null;
    this.report(true);
    return true;
  }

  /** What another request has found out about the network. @param {boolean} online */
  report(online) {
    if (online && this.failures && !this.reach.manual) {
      this.failures = 0;
      void this.nudge();
    }
    this.reach.report(online);
  }

  /** @param {Network} network */
  turned(network) {
    this.listeners.onNetwork?.(network.online, network);
  }

  /** The manual switch: while it is off nothing is sent. @param {boolean} offline */
  async setManual(offline) {
    this.reach.setManual(offline);
    await this.store.keep('manual-offline', offline);
    if (!offline) void this.nudge();
  }

  /**
   * Takes the queue of another phone over: its rows keep their id, device and operator, and go with that phone's own token.
   * @param {Row[]} rows
   * @param {{device: string, token: string, slug: string}} sender
   * @returns {Promise<number>} how many were new
   */
  async adopt(rows, { device, token, slug }) {
    if (!this.sender(device)) await this.remember(device, { token, slug });
    const fresh = [];
    for (const row of rows) {
      if (row.device !== device || (await this.store.get(row.id))) continue;
      const queued = /** @type {Row} */ ({ ...row, state: 'queued', mark: this.mark(row.record), result: null, answeredAt: null });
      await this.store.put(queued);
      fresh.push(queued);
    }
    await this.told(fresh);
    if (fresh.length) void this.nudge();
    return fresh.length;
  }

  /** What still waits, oldest first, to be shown to a colleague's phone. @param {number} limit */
  handOver(limit) {
    return this.store.inState('queued', limit);
  }

  /** Another tab has got an answer. @param {Row} row */
  heard(row) {
    if (!row.result) return;
    this.waiting.get(row.id)?.(row.result);
    this.waiting.delete(row.id);
  }

  /** @param {Row[]} rows */
  told(rows) {
    rows.forEach((row) => this.listeners.onRow?.(row));
    return this.count();
  }

  /** What hangs on the counts is brought up to date after an answer that somebody waits for; `onPending` has said the number already. */
  countSoon() {
    this.counting ??= setTimeout(() => {
      this.counting = null;
      void this.count();
    });
  }

  async count() {
    const [pending, rejected] = await Promise.all([this.store.countState('queued'), this.store.countState('rejected')]);
    this.counts = { pending, rejected };
    this.listeners.onCounts?.(this.counts);
  }
}
