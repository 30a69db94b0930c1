// @ts-check
/** What this phone has recorded lately, in memory and in step with the store: for the last ten, for undo, for the totals. */

/** @typedef {import('./memory-store.js').Row} Row */

const REMEMBERED = 400;

export class Journal {
  /** @param {import('./memory-store.js').Store} store */
  constructor(store) {
    this.store = store;
    /** @type {Map<string, Row>} */
    this.byId = new Map();
  }

  /** Reads the store again: at the start, and after another tab has written. */
  async load() {
    const rows = [...(await this.store.recent(REMEMBERED)), ...(await this.store.inState('queued')), ...(await this.store.inState('rejected'))];
    this.byId = new Map(rows.map((row) => [row.id, row]));
  }

  /** @param {Row} row */
  note(row) {
    this.byId.set(row.id, row);
  }

  /** @returns {Row[]} oldest first */
  rows() {
    return [...this.byId.values()].sort((a, b) => a.seq - b.seq);
  }

  /** @param {string} device @param {number} limit @returns {Row[]} newest first, without what a person has set aside */
  latest(device, limit) {
    return this.rows().filter((row) => row.device === device && row.state !== 'settled').reverse().slice(0, limit);
  }

  /** @returns {Row[]} */
  rejected() {
    return this.rows().filter((row) => row.state === 'rejected');
  }
}
