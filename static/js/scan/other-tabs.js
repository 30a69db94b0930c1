// @ts-check
/** The other tabs of this browser: tells them which rows have changed and hears from them, so that all show one queue. */

const NAME = 'eventsvc-scan';
const GATHER = 50;
/** Above so many it is quicker to read all. */
const MANY = 60;

export class OtherTabs {
  /**
   * @param {{store: import('./memory-store.js').Store, journal: import('./journal.js').Journal, offline: import('./offline.js').Offline,
   *          outbox: import('./outbox.js').Outbox, onHeard: () => void}} options
   */
  constructor({ store, journal, offline, outbox, onHeard }) {
    this.store = store;
    this.journal = journal;
    this.offline = offline;
    this.outbox = outbox;
    this.onHeard = onHeard;
    /** @type {Set<string>} */
    this.changed = new Set();
    this.manual = false;
    this.channel = 'BroadcastChannel' in globalThis ? new BroadcastChannel(NAME) : null;
    if (this.channel) this.channel.onmessage = ({ data }) => void this.heard(data || {});
  }

  /** @param {string} id of a row that has changed here */
  tell(id) {
    if (!this.channel) return;
    if (!this.changed.size) setTimeout(() => this.send(), GATHER);
    this.changed.add(id);
  }

  send() {
    this.channel?.postMessage({ rows: [...this.changed] });
    this.changed.clear();
  }

  /** @param {boolean} offline where the manual switch is now */
  tellManual(offline) {
    if (offline === this.manual) return;
    this.manual = offline;
    this.channel?.postMessage({ manual: offline });
  }

  /** @param {{rows?: string[], manual?: boolean}} message */
  async heard({ rows, manual }) {
    if (typeof manual === 'boolean') {
      this.manual = manual;
      this.outbox.reach.setManual(manual);
    } else if (rows && rows.length <= MANY) await this.heardRows(rows);
    else await this.readAll();
  }

  /** @param {string[]} ids */
  async heardRows(ids) {
    for (const row of await Promise.all(ids.map((id) => this.store.get(id)))) {
      if (!row) continue;
      this.journal.note(row);
      this.offline.note(row);
      this.outbox.heard(row);
    }
    await this.outbox.count();
    this.onHeard();
  }

  async readAll() {
    await this.journal.load();
    await this.offline.load(() => this.journal.rows());
    this.journal.rows().forEach((row) => this.outbox.heard(row));
    await this.outbox.count();
    this.onHeard();
  }
}
