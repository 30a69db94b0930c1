// @ts-check
/** Makes field records as `POST /events/{slug}/records` wants them: one tap, one record, one id. */

import { rfc3339 } from '../lib/moment.js';
import { mintId } from '../lib/uuid.js';
import { WORDS } from './words.js';

/** @typedef {import('./memory-store.js').FieldRecord} FieldRecord */

export class RecordMaker {
  /** @param {{operator: () => string, now?: () => Date}} options */
  constructor({ operator, now = () => new Date() }) {
    this.operator = operator;
    this.now = now;
  }

  /**
   * @param {string} type
   * @param {FieldRecord} fields
   * @param {string} [id] where the tap has already minted one
   * @returns {FieldRecord}
   */
  make(type, fields, id = mintId()) {
    return { id, type, ...fields, at: rfc3339(this.now()), operator: this.operator() || null };
  }

  /**
   * @param {{checkpoint: string, ticket?: string | null, ref?: string | null, count: number, direction?: string, answers?: Record<string, any> | null}} scan
   * @param {string} [id]
   */
  checkin({ checkpoint, ticket = null, ref = null, count, direction = 'entry', answers = null }, id) {
    return this.make('checkin', { checkpoint, ticket, ref, count, direction, answers }, id);
  }

  /** @param {{counter: string, quantity: number, direction?: string, topic?: string | null, basis?: string, note?: string | null}} tap */
  tally({ counter, quantity, direction = 'in', topic = null, basis = 'tapped', note = null }) {
    return this.make('tally', { counter, quantity, direction, topic, basis, ticket: null, note });
  }

  /** @param {{checkpoint: string, count: number, name?: string | null, phone?: string | null, consent: boolean}} walkin @param {string} [id] */
  walkin({ checkpoint, count, name = null, phone = null, consent }, id) {
    return this.make('walkin', { checkpoint, count, name, phone, consent }, id);
  }

  /** @param {string} undoes @param {string} [reason] */
  undo(undoes, reason = WORDS.mistake) {
    return this.make('undo', { undoes, reason });
  }
}
