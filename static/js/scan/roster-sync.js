// @ts-check
/** Keeps the roster current: at the start, when the network or the page comes back, about every twenty seconds while it is in view. */

import { waitAfter } from './backoff.js';

export const EVERY = 20000;
/** Where the server has no roster for this phone it is asked again, seldom. */
const SELDOM = 120000;
/** A page of thousands over a poor network takes its time. */
const PATIENCE = 25000;

/** @typedef {'current' | 'unreached' | 'denied' | 'idle'} Outcome of one round; `idle`: not asked, or another tab does it */

export class RosterSync {
  /**
   * @param {{roster: import('./roster.js').Roster, transport: import('./transport.js').Transport, report?: (online: boolean) => void,
   *          upload?: () => Promise<void>, onRevoked?: (code: string) => void, onServerTime?: (time: string) => void, mayAsk?: () => boolean,
   *          now?: () => number, random?: () => number, locks?: LockManager | null,
   *          wait?: (work: () => void, milliseconds: number) => any, unwait?: (timer: any) => void}} options
   *   `upload` goes first, whatever becomes of it; `mayAsk`: in view, and not switched off by hand
   */
  constructor({ roster, transport, report = () => {}, upload = async () => {}, onRevoked = () => {}, onServerTime = () => {}, mayAsk = () => true, now = Date.now, random = Math.random, locks = globalThis.navigator?.locks ?? null, wait = (work, milliseconds) => setTimeout(work, milliseconds), unwait = (timer) => clearTimeout(timer) }) {
    this.roster = roster;
    this.transport = transport;
    this.report = report;
    this.upload = upload;
    this.onRevoked = onRevoked;
    this.onServerTime = onServerTime;
    this.mayAsk = mayAsk;
    this.now = now;
    this.random = random;
    this.locks = locks;
    this.wait = wait;
    this.unwait = unwait;
    this.failures = 0;
    /** @type {number | null} milliseconds that the server asked for */
    this.askedWait = null;
    this.stopped = false;
    this.asking = false;
    /** @type {any} */
    this.timer = null;
  }

  stop() {
    this.stopped = true;
    this.unwait(this.timer);
  }

  /** Something has changed for the better, or the time has come: one round now, then the next is set. */
  async nudge() {
    if (this.stopped || this.asking) return;
    this.unwait(this.timer);
    this.asking = true;
    let outcome = /** @type {Outcome} */ ('idle');
    try {
      if (this.mayAsk()) {
        await this.upload().catch(() => undefined);
        outcome = await this.alone();
      }
    } catch {
      outcome = 'unreached'; // the store may be gone for a moment; what was got stays
    } finally {
      this.asking = false;
    }
    this.failures = outcome === 'unreached' ? this.failures + 1 : 0;
    if (!this.stopped) this.timer = this.wait(() => void this.nudge(), this.delay(outcome));
  }

  /** @param {Outcome} outcome @returns {number} milliseconds to the next round */
  delay(outcome) {
    if (outcome === 'unreached') return waitAfter(this.failures, this.askedWait, this.random);
    return (outcome === 'denied' ? SELDOM : EVERY) * (0.8 + 0.4 * this.random());
  }

  /** One tab downloads; the others read what it stored. @returns {Promise<Outcome>} */
  async alone() {
    if (!this.locks) return this.download();
    return this.locks.request('eventsvc-roster', { ifAvailable: true }, async (lock) => {
      await this.roster.load();
      return lock ? this.download() : 'idle';
    });
  }

  /** @param {string} cursor */
  ask(cursor) {
    const query = cursor ? `?cursor=${encodeURIComponent(cursor)}` : '';
    return this.transport.send('GET', `/events/${encodeURIComponent(this.roster.slug)}/roster${query}`, undefined, { timeout: PATIENCE });
  }

  /** Page by page from where it stopped; the next one is under way while this one is taken in. @returns {Promise<Outcome>} */
  async download() {
    let askedAt = this.now();
    let asked = this.ask(this.roster.index.cursor);
    for (;;) {
      const reply = await asked;
      if (this.stopped) return 'idle';
      const began = askedAt;
      if (reply.kind === 'refused') {
        this.report(true);
        if (reply.status === 401) this.onRevoked(reply.code);
        return 'denied';
      }
      const page = reply.kind === 'answer' ? reply.body : null;
      if (!page || !Array.isArray(page.tickets) || typeof page.cursor !== 'string') {
        this.askedWait = reply.kind === 'unreached' ? reply.retryAfter : null;
        if (this.askedWait === null) this.report(false);
        return 'unreached';
      }
      this.report(true);
      if (page.server_time) this.onServerTime(page.server_time);
      const ends = !page.has_more;
      askedAt = this.now();
      if (!ends) asked = this.ask(page.cursor);
      await this.roster.take(page, began);
      if (ends) return 'current';
    }
  }
}
