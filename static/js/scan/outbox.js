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
 * @typedef {{online: boolean, since: number | null, manual: boolean}} Network `since`: when it went, null while it is there
 * @typedef {{onRow?: (row: Row) => void, onCounts?: (counts: {pending: number, rejected: number}) => void,
 *            onNetwork?: (online: boolean, network: Network) => void, onRevoked?: (device: string, code: string) => void}} Listeners
 */

import { rfc3339 } from '../lib/moment.js';
import { waitAfter } from './backoff.js';

const BATCH = 50;
const AT_ONCE = 3;
const KEPT = 400;
const OTHER_TAB = 3000;

export class Outbox {
  /**
   * @param {{store: import('./memory-store.js').Store, transport: import('./transport.js').Transport,
   *          sender: (device: string) => Sender | null, remember?: (device: string, sender: Sender) => Promise<void>,
   *          listeners?: Listeners, now?: () => number,
   *          locks?: LockManager | null, wait?: (work: () => void, milliseconds: number) => any}} options
   */
  constructor({ store, transport, sender, remember = async () => {}, listeners = {}, now = Date.now, locks = globalThis.navigator?.locks ?? null, wait = (work, milliseconds) => setTimeout(work, milliseconds) }) {
    this.store = store;
    this.transport = transport;
    this.sender = sender;
    this.remember = remember;
    this.listeners = listeners;
    this.now = now;
    this.locks = locks;
    this.wait = wait;
    this.failures = 0;
    /** @type {number | null} milliseconds that the server asked for */
    this.askedWait = null;
    this.online = true;
    this.manual = false;
    /** @type {number | null} */
    this.since = null;
    this.batch = BATCH;
    this.lastSeq = 0;
    /** @type {any} */
    this.timer = null;
    this.flushing = false;
    /** @type {Set<string>} ids under way on their own */
    this.underway = new Set();
    /** @type {Set<string>} devices that the server does not know any more */
    this.revoked = new Set();
    /** @type {Map<string, (result: Record<string, any>) => void>} */
    this.waiting = new Map();
  }

  /**
   * Keeps a record and starts sending it.
   * @param {FieldRecord} record
   * @param {string} device
   * @param {string} label what a person calls it, without full names
   * @returns {Promise<{row: Row, answer: Promise<Record<string, any>>}>} `answer` settles when the server has answered
   */
  async add(record, device, label) {
    this.lastSeq = Math.max(this.now() * 1000, this.lastSeq + 1);
    /** @type {Row} */
    const row = { id: record.id, seq: this.lastSeq, device, state: 'queued', record, label, result: null, answeredAt: null };
    /** @type {Promise<Record<string, any>>} */
    const answer = new Promise((resolve) => this.waiting.set(row.id, resolve));
    await this.store.put(row);
    this.listeners.onRow?.(row);
    await this.count();
    if (!this.manual && this.underway.size < AT_ONCE && (this.failures === 0 || record.type !== 'tally')) void this.sendOne(row);
    else this.schedule();
    return { row, answer };
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
  }

  /** Sends all that waits, oldest first; in one tab at a time. */
  async flush() {
    if (this.flushing || this.manual) return;
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
  }

  async drain() {
    for (;;) {
      const rows = await this.unsent(this.batch);
      if (!rows.length || !(await this.send(rows))) return;
    }
  }

  /**
   * Rows of one device that wait and are not under way.
   * @param {number} limit
   */
  async unsent(limit) {
    const rows = (await this.store.inState('queued')).filter((row) => !this.underway.has(row.id) && !this.revoked.has(row.device) && this.sender(row.device));
    return rows.filter((row) => row.device === rows[0].device).slice(0, limit);
  }

  /** The next attempt: soon after the first failure, at most 15 seconds apart. */
  schedule() {
    if (this.timer !== null) return;
    const delay = this.failures ? waitAfter(this.failures, this.askedWait) : 200;
    this.timer = this.wait(() => {
      this.timer = null;
      void this.flush();
    }, delay);
  }

  /** Another tab is sending; look again later, in case it dies. */
  async yieldToOtherTab() {
    this.timer ??= this.wait(() => {
      this.timer = null;
      void this.flush();
    }, OTHER_TAB);
  }

  /** The network may be back, the page visible again, a person asks: try at once. */
  nudge() {
    clearTimeout(this.timer);
    this.timer = null;
    void this.flush();
  }

  /**
   * @param {Row[]} rows of one device
   * @returns {Promise<boolean>} whether going on at once makes sense
   */
  async send(rows) {
    const sender = this.sender(rows[0].device);
    if (!sender) return false;
    const queued = Math.max(0, (await this.store.countState('queued')) - rows.length);
    const body = { sent_at: rfc3339(new Date(this.now())), queued, records: rows.map((row) => row.record) };
    const reply = await this.transport.send('POST', `/events/${encodeURIComponent(sender.slug)}/records`, body, { token: sender.token });
    return this.take(reply, rows);
  }

  /** @param {Reply} reply @param {Row[]} rows @returns {Promise<boolean>} */
  async take(reply, rows) {
    if (reply.kind === 'answer' && Array.isArray(reply.body?.results)) {
      let answered = 0;
      for (const row of rows) {
        const result = reply.body.results.find((/** @type {any} */ each) => each && each.id === row.id);
        if (result && (await this.settle(row, result))) answered += 1;
      }
      if (answered) return this.reached();
    } else if (reply.kind === 'refused') {
      this.reached();
      if (reply.status === 401) {
        this.revoked.add(rows[0].device);
        this.listeners.onRevoked?.(rows[0].device, reply.code);
        return true;
      }
      if (rows.length > 1) {
        this.batch = Math.max(1, Math.floor(Math.min(this.batch, rows.length) / 2));
        return true;
      }
      await this.settle(rows[0], { id: rows[0].id, status: 'rejected', code: reply.code, message: reply.message });
      this.batch = Math.min(BATCH, this.batch * 2);
      return true;
    }
    this.failures += 1;
    this.askedWait = reply.kind === 'unreached' ? reply.retryAfter : null;
    this.report(false);
    return false;
  }

  /**
   * @param {Row} row
   * @param {Record<string, any>} result
   * @returns {Promise<boolean>} whether the server has answered for it
   */
  async settle(row, result) {
    const state = { recorded: 'kept', replayed: 'kept', rejected: 'rejected' }[String(result.status)];
    if (!state) return false;
    const answered = /** @type {Row} */ ({ ...row, state, result, answeredAt: this.now() });
    await this.store.put(answered);
    this.listeners.onRow?.(answered);
    this.waiting.get(row.id)?.(result);
    this.waiting.delete(row.id);
    await this.count();
    void this.store.prune(KEPT);
    return true;
  }

  /** A person has dealt with a rejected row: it is kept aside, or sent once more under the same id. @param {string} id @param {boolean} again */
  async dealtWith(id, again) {
    const row = await this.store.get(id);
    if (!row || row.state !== 'rejected') return;
    const next = /** @type {Row} */ ({ ...row, state: again ? 'queued' : 'settled', result: again ? null : row.result });
    await this.store.put(next);
    this.listeners.onRow?.(next);
    await this.count();
    if (again) this.nudge();
  }

  reached() {
    this.failures = 0;
    this.askedWait = null;
    this.report(true);
    return true;
  }

  /** What another request has found out about the network. @param {boolean} online */
  report(online) {
    if (this.manual) return;
    if (online && this.failures) {
      this.failures = 0;
      this.nudge();
    }
    if (online !== this.online) this.turn(online);
  }

  /** @param {boolean} online */
  turn(online) {
    this.online = online;
    this.since = online ? null : (this.since ?? this.now());
    this.listeners.onNetwork?.(online, this.network());
  }

  /** @returns {Network} */
  network() {
    return { online: this.online, since: this.since, manual: this.manual };
  }

  /** The manual switch: while it is off nothing is sent. @param {boolean} offline */
  async setManual(offline) {
    this.manual = offline;
    this.turn(!offline);
    await this.store.keep('manual-offline', offline);
    if (!offline) this.nudge();
  }

  /**
   * Takes the queue of another phone over: its rows keep their id, device and operator, and go with that phone's own token.
   * @param {Row[]} rows
   * @param {{device: string, token: string, slug: string}} sender
   * @returns {Promise<number>} how many were new
   */
  async adopt(rows, { device, token, slug }) {
    if (!this.sender(device)) await this.remember(device, { token, slug });
    let fresh = 0;
    for (const row of rows) {
      if (row.device !== device || (await this.store.get(row.id))) continue;
      const queued = /** @type {Row} */ ({ ...row, state: 'queued', result: null, answeredAt: null });
      await this.store.put(queued);
      this.listeners.onRow?.(queued);
      fresh += 1;
    }
    await this.count();
    if (fresh) this.nudge();
    return fresh;
  }

  /** What still waits, oldest first, to be shown to a colleague's phone. @param {number} limit */
  handOver(limit) {
    return this.store.inState('queued', limit);
  }

  async count() {
    const [pending, rejected] = await Promise.all([this.store.countState('queued'), this.store.countState('rejected')]);
    this.listeners.onCounts?.({ pending, rejected });
  }
}
