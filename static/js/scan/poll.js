// @ts-check
/** Asks for the figures while the page is visible, every ten seconds on a phone that counts; also how a quiet phone notices that the network is back.
 * The last ones are kept, so that without a network a reload shows what was known. */

import { waitAfter } from './backoff.js';

const AGAIN = 1500;
const FIGURES = 'figures';

export class Poll {
  /**
   * @param {{store: Pick<import('./memory-store.js').Store, 'setting' | 'keep'>, transport: import('./transport.js').Transport, slug: () => string, journal: import('./journal.js').Journal, report: (online: boolean) => void,
   *          onRevoked: (code: string) => void, onFigures: (counters: any[], asOf: string, askedAt: number) => void, every: () => number, mayAsk?: () => boolean}} options
   *   `every`: milliseconds; `mayAsk`: not switched off by hand
   */
  constructor({ store, transport, slug, journal, report, onRevoked, onFigures, every, mayAsk = () => true }) {
    this.store = store;
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

  /** Shows the figures that this phone was last told, until it hears others. */
  async recall() {
    const known = await this.store.setting(FIGURES);
    if (known?.slug === this.slug() && Array.isArray(known.counters)) this.onFigures(known.counters, known.asOf, known.askedAt);
  }

  /** @param {any[]} counters @param {string} asOf @param {number} askedAt */
  heard(counters, asOf, askedAt) {
    this.onFigures(counters, asOf, askedAt);
    void Promise.resolve(this.store.keep(FIGURES, { slug: this.slug(), counters, asOf, askedAt })).catch(() => undefined);
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
        if (!unclear || this.unclear > 3) this.heard(reply.body.counters, String(reply.body.as_of || ''), askedAt);
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
