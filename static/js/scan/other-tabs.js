// @ts-check
/** Tells the other tabs of this browser which rows have changed, and hears from them, so that all show one queue. */

const NAME = 'eventsvc-scan';
const GATHER = 50;
/** Above so many it is quicker to read all. */
const MANY = 60;

export class OtherTabs {
  /** @param {{onRows: (ids: string[]) => void, onAll: () => void, onManual: (offline: boolean) => void}} listeners */
  constructor({ onRows, onAll, onManual }) {
    /** @type {Set<string>} */
    this.changed = new Set();
    this.channel = 'BroadcastChannel' in globalThis ? new BroadcastChannel(NAME) : null;
    if (!this.channel) return;
    this.channel.onmessage = ({ data }) => {
      if (typeof data?.manual === 'boolean') onManual(data.manual);
      else if (Array.isArray(data?.rows) && data.rows.length <= MANY) onRows(data.rows);
      else onAll();
    };
  }

  /** @param {string} id of a row */
  tell(id) {
    if (!this.channel) return;
    if (!this.changed.size) setTimeout(() => this.send(), GATHER);
    this.changed.add(id);
  }

  send() {
    this.channel?.postMessage({ rows: [...this.changed] });
    this.changed.clear();
  }

  /** @param {boolean} offline the switch was moved here */
  tellManual(offline) {
    this.channel?.postMessage({ manual: offline });
  }
}
