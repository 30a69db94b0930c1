// @ts-check
/**
 * One record on its way to an answer: the server's where it comes in time, else this phone's own.
 *
 * While the network is known to be away, and where this phone knows of entries that the server has not got yet, the phone
 * decides at once and keeps record and decision in one write. Else the record is sent; after two seconds the phone decides
 * the same record, under the same id.
 *
 * @typedef {Record<string, any>} Result
 * @typedef {{kind: 'unkept'} | {kind: 'answer', result: Result, later: Promise<Result> | null} | {kind: 'waiting', answer: Promise<Result>}} Delivered
 *   `unkept`: the phone could not keep the record, so it was not sent either; `later`: the server's answer, where the phone has decided;
 *   `waiting`: neither the server nor this phone can say yet
 */

/** A request slower than this is decided on the phone, where it has a roster. */
export const DECIDE_AFTER = 2000;
/** Without a roster: after so long the screen says that there is no answer; the record stays under way with its id. */
export const ANSWER_WITHIN = 8000;

/** @param {Result} local @param {Record<string, any>} record @returns {'admitted' | 'refused' | null} what the record says the phone did */
export function decidedBy(local, record) {
  if (record.type !== 'checkin' && record.type !== 'walkin') return null;
  return local.outcome === 'admitted' ? 'admitted' : 'refused';
}

export class Delivery {
  /**
   * @param {{outbox: import('./outbox.js').Outbox, device: () => string, judge?: import('./judge.js').Judge | null,
   *          wait?: (work: () => void, milliseconds: number) => any}} options
   */
  constructor({ outbox, device, judge = null, wait = (work, milliseconds) => setTimeout(work, milliseconds) }) {
    this.outbox = outbox;
    this.device = device;
    this.judge = judge;
    this.wait = wait;
  }

  /**
   * @param {Record<string, any>} record
   * @param {string} label
   * @param {string} [device] whose record it is
   * @returns {Promise<Delivered>}
   */
  async carry(record, label, device = this.device()) {
    const away = this.outbox.online === false;
    const local = away || record.decided || this.judge?.knowsMore(record) ? this.judge?.answer(record) || null : null;
    const decided = local && !record.decided ? decidedBy(local, record) : null;
    const kept = await this.outbox.add(decided ? { ...record, decided } : record, device, label, local).catch(() => null);
    if (!kept) return { kind: 'unkept' };
    const { answer } = kept;
    if (local) return { kind: 'answer', result: local, later: answer };
    const late = Symbol('late');
    const patience = this.judge?.answer(record) || away ? DECIDE_AFTER : ANSWER_WITHIN;
    const result = await Promise.race([answer, new Promise((resolve) => this.wait(() => resolve(late), patience))]);
    if (result !== late) return { kind: 'answer', result, later: null };
    return this.decideLate(record, answer);
  }

  /** Whether it is certain that a record will be refused. @param {Record<string, any>} record */
  barred(record) {
    return this.judge?.barred(record) === true;
  }

  /** The server has said in time what this phone could not verify: its answer stands, the phone's refusal does not. @param {string} id */
  withdraw(id) {
    return this.outbox.withdraw(id);
  }

  /** @param {Record<string, any>} record @param {Promise<Result>} answer @returns {Promise<Delivered>} */
  async decideLate(record, answer) {
    this.outbox.report(false);
    const local = this.judge?.answer(record);
    if (!local) return { kind: 'waiting', answer };
    const row = await this.outbox.decide(record.id, decidedBy(local, record), local).catch(() => null);
    if (!row) return { kind: 'waiting', answer };
    return row.result ? { kind: 'answer', result: row.result, later: null } : { kind: 'answer', result: local, later: answer };
  }
}
