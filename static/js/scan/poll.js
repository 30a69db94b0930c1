// @ts-check
/** Asks for the figures while the page is visible, every ten seconds on a phone that counts; also how a quiet phone notices that the network is back. */

import { waitAfter } from './backoff.js';

const AGAIN = 1500;

export class Poll {
  /**
   * @param {{transport: import('./transport.js').Transport, slug: () => string, journal: import('./journal.js').Journal, report: (online: boolean) => void,
   *          onRevoked: (code: string) => void, onFigures: (counters: any[], asOf: string, askedAt: number) => void, every: () => number, mayAsk?: () => boolean}} options
   *   `every`: milliseconds; `mayAsk`: not switched off by hand
   */
  constructor({ transport, slug, journal, report, onRevoked, onFigures, every, mayAsk = () => true }) {
    this.transport = transport;
    this.slug = slug;
    this.journal = journal;
    this.report = report;
    this.onRevoked = onRevoked;
    this.onFigures = onFigures;
    this.every = every;
    this.mayAsk = mayAsk;
    /** @type {any} */
    this.timer = null;
    this.stopped = false;
    this.asking = false;
    this.unclear = 0;
    this.failures = 0;
  }

  start() {
    document.addEventListener('visibilitychange', () => {
      if (document.visibilityState === 'visible') void this.ask();
    });
    addEventListener('online', () => void this.ask());
    void this.ask();
  }

  stop() {
    this.stopped = true;
    clearTimeout(this.timer);
  }

  async ask() {
    if (this.stopped || this.asking) return;
    clearTimeout(this.timer);
    this.asking = true;
    let wait = this.every();
    if (document.visibilityState === 'visible' && this.mayAsk()) {
      const askedAt = Date.now();
      const reply = await this.transport.send('GET', `/events/${encodeURIComponent(this.slug())}/stats`);
      if (reply.kind !== 'unreached') this.report(true);
      else if (reply.retryAfter === null) this.report(false);
      this.failures = reply.kind === 'unreached' ? this.failures + 1 : 0;
      if (this.failures) wait = Math.min(wait, waitAfter(this.failures, reply.kind === 'unreached' ? reply.retryAfter : null));
      if (reply.kind === 'refused' && reply.status === 401) this.onRevoked(reply.code);
      if (reply.kind === 'answer' && Array.isArray(reply.body?.counters)) {
        // a tap answered meanwhile may or may not be in these figures: ask again rather than show it twice
        const unclear = this.answeredSince(askedAt);
        this.unclear = unclear ? this.unclear + 1 : 0;
        if (!unclear || this.unclear > 3) this.onFigures(reply.body.counters, String(reply.body.as_of || ''), askedAt);
        else wait = AGAIN;
      }
    }
    this.asking = false;
    if (!this.stopped) this.timer = setTimeout(() => void this.ask(), wait);
  }

  /** @param {number} askedAt @returns {boolean} whether a tap or its undo was answered after that */
  answeredSince(askedAt) {
    for (const { record, answeredAt } of this.journal.newest()) {
      if ((answeredAt || 0) >= askedAt && (record.type === 'tally' || record.type === 'undo')) return true;
    }
    return false;
  }
}
