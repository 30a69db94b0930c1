// @ts-check
/** The last ten records with undo, and the rejected ones that a person must deal with. */

import { clockTime } from '../lib/moment.js';
import { find, make } from '../lib/dom.js';
import { canUndo, describe } from './undo.js';
import { verdictOf } from './verdict.js';
import { WORDS } from './words.js';

/** @typedef {import('./memory-store.js').Row} Row */

const SHOWN = 10;
const TONES = { good: 'admit', look: 'look', stop: 'stop', info: 'wait' };

export class RecordsView {
  /**
   * @param {HTMLElement} root
   * @param {{journal: import('./journal.js').Journal, onUndo: (id: string) => void, onDealtWith: (id: string, again: boolean) => void, now?: () => number}} options
   */
  constructor(root, { journal, onUndo, onDealtWith, now = Date.now }) {
    this.root = root;
    this.journal = journal;
    this.onUndo = onUndo;
    this.onDealtWith = onDealtWith;
    this.now = now;
  }

  /** @param {string} device @param {string} zone */
  refresh(device, zone) {
    const latest = this.journal.latest(device, SHOWN);
    find('[data-records]', this.root).replaceChildren(...latest.map((row) => this.line(row, zone)));
    find('[data-records-empty]', this.root).hidden = latest.length > 0;
    const rejected = this.journal.rejected();
    find('[data-rejected-box]', this.root).hidden = rejected.length === 0;
    find('[data-rejected-rows]', this.root).replaceChildren(...rejected.map((row) => this.rejectedLine(row, zone)));
  }

  /** @param {Row} row @param {string} zone */
  line(row, zone) {
    const undone = this.journal.isUndone(row.id);
    const verdict = row.result ? verdictOf(row.result) : null;
    const plain = row.record.type === 'tally' || row.record.type === 'undo';
    const says = undone ? WORDS.undone : row.state === 'queued' ? WORDS.waitingUpload : plain && row.state === 'kept' ? '' : verdict ? verdict.word : '';
    const tone = undone || row.state === 'queued' || plain ? 'wait' : TONES[verdict?.tone || 'info'];
    const line = make('li', { class: 'record', 'data-record': row.id, 'data-tone': tone, 'data-undone': undone, 'data-state': row.state }, make('time', {}, clockTime(row.record.at, zone)), make('span', { class: 'record-what' }, describe(row)), make('span', { class: 'record-says' }, says));
    if (canUndo(row, this.journal, this.now())) {
      const button = make('button', { class: 'btn btn-outline-secondary', type: 'button', 'data-hook': 'undo', 'data-record': row.id, 'aria-label': WORDS.undo(describe(row)) }, WORDS.minus);
      button.addEventListener('click', () => this.onUndo(row.id));
      line.append(button);
    }
    return line;
  }

  /** @param {Row} row @param {string} zone */
  rejectedLine(row, zone) {
    const again = make('button', { class: 'btn btn-outline-primary', type: 'button' }, WORDS.retry);
    const aside = make('button', { class: 'btn btn-outline-secondary', type: 'button', 'data-hook': 'set-aside' }, WORDS.setAside);
    again.addEventListener('click', () => this.onDealtWith(row.id, true));
    aside.addEventListener('click', () => this.onDealtWith(row.id, false));
    const why = row.result ? verdictOf(row.result).line : '';
    return make('li', { class: 'record', 'data-record': row.id, 'data-tone': 'stop' }, make('time', {}, clockTime(row.record.at, zone)), make('span', { class: 'record-what' }, `${describe(row)}${row.record.operator ? ` · ${row.record.operator}` : ''}`), make('span', { class: 'record-says' }, why), make('span', { class: 'record-acts' }, again, aside));
  }
}
