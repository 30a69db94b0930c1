// @ts-check
/**
 * Who has gone in and been taken back by this phone's own records, as far as the roster cannot know of it yet.
 *
 * A row in the store is the mark that its ticket is used: there is no second place that could disagree. A row that the
 * server has answered for counts here until the roster has been current since; from then on the roster alone speaks.
 *
 * @typedef {import('./memory-store.js').Row} Row
 * @typedef {{id: string, checkpoint: string, count: number, at: string, queued: boolean, answeredAt: number | null}} OwnEntry
 */

/** The roster's difference may lag behind an answer for so long. */
export const LAG = 100000;

/** @param {Row} row @returns {boolean} whether its people went in: by the phone's decision or by the server's */
function wentIn(row) {
  if (row.record.type !== 'checkin' || row.record.direction === 'exit') return false;
  if (row.state === 'rejected') return row.record.decided === 'admitted';
  if (row.state !== 'queued' && row.state !== 'kept') return false;
  return row.record.decided === 'admitted' || (row.record.decided !== 'refused' && row.result?.outcome === 'admitted');
}

export class OwnEntries {
  constructor() {
    this.clear();
  }

  clear() {
    /** @type {Map<string, Map<string, OwnEntry>>} by mark, then by record */
    this.byMark = new Map();
    /** @type {Map<string, string[]>} the marks under which a record stands */
    this.marks = new Map();
    /** @type {Map<string, {id: string, answeredAt: number | null}>} undos of this phone by what they take back */
    this.undos = new Map();
    /** @type {number | null} when the roster was last current */
    this.at = null;
  }

  /** @param {Row} row fresh, or changed */
  note(row) {
    if (row.record.type === 'undo') return this.noteUndo(row);
    this.forget(row.id);
    if (!wentIn(row) || this.isOld(row)) return;
    const marks = [...new Set([row.mark, row.record.ref, row.local?.ref, row.result?.ref])].filter(Boolean);
    const entry = { id: row.id, checkpoint: row.record.checkpoint, count: row.record.count, at: row.record.at, queued: row.state === 'queued', answeredAt: row.answeredAt };
    this.marks.set(row.id, marks);
    for (const mark of marks) {
      const entries = this.byMark.get(mark);
      if (entries) entries.set(row.id, entry);
      else this.byMark.set(mark, new Map([[row.id, entry]]));
    }
  }

  /** @param {Row} row */
  noteUndo(row) {
    const target = row.record.undoes;
    if ((row.state === 'queued' || row.state === 'kept') && !this.isOld(row)) this.undos.set(target, { id: row.id, answeredAt: row.answeredAt });
    else if (this.undos.get(target)?.id === row.id) this.undos.delete(target);
  }

  /** @param {string} id */
  forget(id) {
    for (const mark of this.marks.get(id) || []) {
      const entries = this.byMark.get(mark);
      entries?.delete(id);
      if (!entries?.size) this.byMark.delete(mark);
    }
    this.marks.delete(id);
  }

  /**
   * @param {string[]} marks of one ticket
   * @param {string} checkpoint
   * @returns {OwnEntry[]} each record once, undone ones left out
   */
  passedAt(marks, checkpoint) {
    /** @type {Map<string, OwnEntry>} */
    const found = new Map();
    for (const mark of marks) {
      for (const entry of this.byMark.get(mark)?.values() || []) {
        if (entry.checkpoint === checkpoint && !this.undos.has(entry.id)) found.set(entry.id, entry);
      }
    }
    return [...found.values()];
  }

  /** @param {string} id a record's @returns {boolean} whether this phone has taken it back */
  isUndone(id) {
    return this.undos.has(id);
  }

  /** @param {Row} row @returns {boolean} whether the row must stay in the store as the mark */
  needs(row) {
    return this.marks.has(row.id) || (row.record.type === 'undo' && this.undos.get(row.record.undoes)?.id === row.id);
  }

  /** @param {Pick<Row, 'answeredAt'> & {state?: string}} row */
  isOld(row) {
    return row.answeredAt !== null && row.state !== 'queued' && row.state !== 'rejected' && this.at !== null && this.at > row.answeredAt + LAG;
  }

  /**
   * The roster was asked for at this time and is current: what was answered well before is in it, or was taken back.
   * @param {number} at
   */
  rosterAt(at) {
    this.at = at;
    /** @type {Set<string>} */
    const old = new Set();
    for (const entries of this.byMark.values()) for (const entry of entries.values()) if (!entry.queued && this.isOld(entry)) old.add(entry.id);
    old.forEach((id) => this.forget(id));
    for (const [target, undo] of this.undos) if (this.isOld(undo)) this.undos.delete(target);
  }

  /** A new epoch has begun: what the server has answered for was of the one before. */
  newEpoch() {
    for (const entries of [...this.byMark.values()]) for (const entry of [...entries.values()]) if (!entry.queued) this.forget(entry.id);
    for (const [target, undo] of this.undos) if (undo.answeredAt !== null) this.undos.delete(target);
  }
}
