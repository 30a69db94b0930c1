// @ts-check
/**
 * What this phone has recorded lately, in memory and in step with the store: for the last ten, for undo, for the totals.
 * Kept in order as it comes, so that a tap costs the same with five thousand rows in the queue as with none.
 */

/** @typedef {import('./memory-store.js').Row} Row */

export class Journal {
  /** @param {import('./memory-store.js').Store} store */
  constructor(store) {
    this.store = store;
    this.take([]);
  }

  /** Reads the store again: at the start, and after another tab has written much. */
  async load() {
    this.take(await this.store.all());
  }

  /** @param {Row[]} rows oldest first */
  take(rows) {
    /** @type {Map<string, Row>} */
    this.byId = new Map();
    /** @type {string[]} oldest first */
    this.order = [];
    /** @type {Map<string, Set<string>>} undos that stand, by what they take back */
    this.undos = new Map();
    /** @type {Map<string, Row>} */
    this.refused = new Map();
    rows.forEach((row) => this.note(row));
  }

  /** @param {Row} row */
  note(row) {
    if (!this.byId.has(row.id)) this.place(row);
    this.byId.set(row.id, row);
    if (row.state === 'rejected') this.refused.set(row.id, row);
    else this.refused.delete(row.id);
    if (row.record.type !== 'undo') return;
    const { undoes } = row.record;
    const standing = this.undos.get(undoes) || new Set();
    if (row.state === 'queued' || row.state === 'kept') standing.add(row.id);
    else standing.delete(row.id);
    this.undos.set(undoes, standing);
  }

  /** New rows come last, but for those of another phone or tab. @param {Row} row */
  place(row) {
    let at = this.order.length;
    while (at > 0 && /** @type {Row} */ (this.byId.get(this.order[at - 1])).seq > row.seq) at -= 1;
    this.order.splice(at, 0, row.id);
  }

  /** @returns {Generator<Row>} */
  *newest() {
    for (let at = this.order.length - 1; at >= 0; at -= 1) yield /** @type {Row} */ (this.byId.get(this.order[at]));
  }

  /** @returns {Row[]} oldest first */
  rows() {
    return this.order.map((id) => /** @type {Row} */ (this.byId.get(id)));
  }

  /** @param {string} id */
  isUndone(id) {
    return Boolean(this.undos.get(id)?.size);
  }

  /** @param {string} device @param {number} limit @returns {Row[]} newest first, without what a person has set aside */
  latest(device, limit) {
    const found = [];
    for (const row of this.newest()) {
      if (found.length >= limit) break;
      if (row.device === device && row.state !== 'settled') found.push(row);
    }
    return found;
  }

  /** @returns {Row[]} oldest first */
  rejected() {
    return [...this.refused.values()].sort((a, b) => a.seq - b.seq);
  }
}
