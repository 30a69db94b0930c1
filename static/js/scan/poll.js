// @ts-check
/** Asks for the figures while the page is visible, every ten seconds on a phone that counts; also how a quiet phone notices that the network is back. */

const AGAIN = 1500;

export class Poll {
  /**
   * @param {{transport: import('./transport.js').Transport, slug: () => string, journal: import('./journal.js').Journal, report: (online: boolean) => void,
   *          onRevoked: () => void, onFigures: (counters: any[], asOf: string, askedAt: number) => void, every: () => number}} options `every`: milliseconds
   */
  constructor({ transport, slug, journal, report, onRevoked, onFigures, every }) {
    this.transport = transport;
    this.slug = slug;
    this.journal = journal;
    this.report = report;
    this.onRevoked = onRevoked;
    this.onFigures = onFigures;
    this.every = every;
    /** @type {any} */
    this.timer = null;
    this.stopped = false;
    this.asking = false;
    this.unclear = 0;
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
    if (document.visibilityState === 'visible') {
      const askedAt = Date.now();
      const reply = await this.transport.send('GET', `/events/${encodeURIComponent(this.slug())}/stats`);
      if (reply.kind !== 'unreached') this.report(true);
      else if (reply.retryAfter === null) this.report(false);
      if (reply.kind === 'refused' && reply.status === 401) this.onRevoked();
      if (reply.kind === 'answer' && Array.isArray(reply.body?.counters)) {
        // a tap answered meanwhile may or may not be in these figures: ask again rather than show it twice
        const unclear = this.journal.rows().some((row) => (row.answeredAt || 0) >= askedAt && (row.record.type === 'tally' || row.record.type === 'undo'));
        this.unclear = unclear ? this.unclear + 1 : 0;
        if (!unclear || this.unclear > 3) this.onFigures(reply.body.counters, String(reply.body.as_of || ''), askedAt);
        else wait = AGAIN;
      }
    }
    this.asking = false;
    if (!this.stopped) this.timer = setTimeout(() => void this.ask(), wait);
  }
}
