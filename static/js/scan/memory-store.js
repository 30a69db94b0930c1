// @ts-check
/**
 * Keeps rows and settings in memory: for tests, and for browsers that refuse IndexedDB (the page then warns).
 *
 * A row is one record made on this phone, with what the server answered. States: `queued` (the server has not answered),
 * `rejected` (answered: not kept; waits for a person), `kept` (answered and kept), `settled` (a person has dealt with a rejected one).
 * `local` is what the phone itself decided where the server had not answered yet; `mark` names the ticket (see marks.js).
 *
 * @typedef {'queued' | 'rejected' | 'kept' | 'settled'} RowState
 * @typedef {Record<string, any>} FieldRecord
 * @typedef {{id: string, seq: number, device: string, state: RowState, record: FieldRecord, mark?: string, local?: Record<string, any> | null,
 *            label: string, result: Record<string, any> | null, answeredAt: number | null}} Row
 * @typedef {import('./roster-index.js').RosterPage} RosterPage
 * @typedef {{
 *   put(row: Row): Promise<void>, get(id: string): Promise<Row | undefined>, all(): Promise<Row[]>,
 *   change(ids: string[], work: (row: Row) => Row | null): Promise<Row[]>,
 *   inState(state: RowState, limit?: number): Promise<Row[]>, countState(state: RowState): Promise<number>,
 *   queuedOf(device: string, limit?: number): Promise<Row[]>, prune(keep: number, mayGo?: (row: Row) => boolean): Promise<void>,
 *   setting(name: string): Promise<any>, keep(name: string, value: any): Promise<boolean | void>, lasting: boolean,
 *   pages(slug: string, after: number, limit?: number): Promise<{seq: number, page: RosterPage}[]>, addPage(slug: string, page: RosterPage): Promise<number>,
 *   replacePages(slug: string, page: RosterPage): Promise<number>, dropPages(slug: string): Promise<void>
 * }} Store
 */

/** @implements {Store} */
export class MemoryStore {
  constructor() {
    /** @type {Map<string, Row>} */
    this.rows = new Map();
    /** @type {Map<string, any>} */
    this.settings = new Map();
    /** @type {{slug: string, seq: number, page: RosterPage}[]} */
    this.rosterPages = [];
    this.lastPage = 0;
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

  /** @returns {Promise<Row[]>} oldest first */
  async all() {
    return structuredClone(this.sorted());
  }

  /**
   * Reads, changes and writes rows in one step, so that nobody writes between.
   * @param {string[]} ids @param {(row: Row) => Row | null} work null leaves a row as it is
   * @returns {Promise<Row[]>} the rows as they are now
   */
  async change(ids, work) {
    const rows = ids.map((id) => this.rows.get(id)).filter((row) => row !== undefined);
    const next = rows.map((row) => work(structuredClone(row)) || row);
    next.forEach((row) => this.rows.set(row.id, structuredClone(row)));
    return structuredClone(next);
  }

  /** @param {string} device @param {number} [limit] oldest first */
  async queuedOf(device, limit = Infinity) {
    return structuredClone(this.sorted().filter((row) => row.state === 'queued' && row.device === device).slice(0, limit));
  }

  /**
   * @param {number} keep how many answered rows to keep; rows that wait for the server or a person always stay
   * @param {(row: Row) => boolean} [mayGo]
   */
  async prune(keep, mayGo = () => true) {
    const answered = this.sorted().filter((row) => row.state === 'kept' || row.state === 'settled');
    for (const row of answered.slice(0, Math.max(0, answered.length - keep))) if (mayGo(row)) this.rows.delete(row.id);
  }

  /** @param {string} slug @param {number} after pages that came later than this one, oldest first @param {number} [limit] */
  async pages(slug, after, limit = Infinity) {
    return structuredClone(this.rosterPages.filter((each) => each.slug === slug && each.seq > after).slice(0, limit));
  }

  /** @param {string} slug @param {RosterPage} page @returns {Promise<number>} its number */
  async addPage(slug, page) {
    this.lastPage += 1;
    this.rosterPages.push(structuredClone({ slug, seq: this.lastPage, page }));
    return this.lastPage;
  }

  /** @param {string} slug @param {RosterPage} page in place of all */
  async replacePages(slug, page) {
    await this.dropPages(slug);
    return this.addPage(slug, page);
  }

  /** @param {string} slug */
  async dropPages(slug) {
    this.rosterPages = this.rosterPages.filter((each) => each.slug !== slug);
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
