// @ts-check
/**
 * Keeps rows and settings in memory: for tests, and for browsers that refuse IndexedDB (the page then warns).
 *
 * A row is one record made on this phone, with what the server answered. States: `queued` (the server has not answered),
 * `rejected` (answered: not kept; waits for a person), `kept` (answered and kept), `settled` (a person has dealt with a rejected one).
 *
 * @typedef {'queued' | 'rejected' | 'kept' | 'settled'} RowState
 * @typedef {Record<string, any>} FieldRecord
 * @typedef {{id: string, seq: number, device: string, state: RowState, record: FieldRecord,
 *            label: string, result: Record<string, any> | null, answeredAt: number | null}} Row
 * @typedef {{
 *   put(row: Row): Promise<void>, get(id: string): Promise<Row | undefined>,
 *   inState(state: RowState, limit?: number): Promise<Row[]>, countState(state: RowState): Promise<number>,
 *   recent(limit: number): Promise<Row[]>, prune(keep: number): Promise<void>,
 *   setting(name: string): Promise<any>, keep(name: string, value: any): Promise<void>, lasting: boolean
 * }} Store
 */

/** @implements {Store} */
export class MemoryStore {
  constructor() {
    /** @type {Map<string, Row>} */
    this.rows = new Map();
    /** @type {Map<string, any>} */
    this.settings = new Map();
    this.lasting = false;
  }

  /** @param {Row} row */
  async put(row) {
    this.rows.set(row.id, structuredClone(row));
  }

  /** @param {string} id */
  async get(id) {
    const row = this.rows.get(id);
    return row && structuredClone(row);
  }

  /** @param {RowState} state @param {number} [limit] oldest first */
  async inState(state, limit = Infinity) {
    return structuredClone(this.sorted().filter((row) => row.state === state).slice(0, limit));
  }

  /** @param {RowState} state */
  async countState(state) {
    return this.sorted().filter((row) => row.state === state).length;
  }

  /** @param {number} limit newest first */
  async recent(limit) {
    return structuredClone(this.sorted().reverse().slice(0, limit));
  }

  /** @param {number} keep how many answered rows to keep; rows that wait for the server or a person always stay */
  async prune(keep) {
    const answered = this.sorted().filter((row) => row.state === 'kept' || row.state === 'settled');
    for (const row of answered.slice(0, Math.max(0, answered.length - keep))) this.rows.delete(row.id);
  }

  /** @param {string} name */
  async setting(name) {
    return structuredClone(this.settings.get(name));
  }

  /** @param {string} name @param {any} value */
  async keep(name, value) {
    this.settings.set(name, structuredClone(value));
  }

  sorted() {
    return [...this.rows.values()].sort((a, b) => a.seq - b.seq);
  }
}
