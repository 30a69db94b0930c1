// @ts-check
/**
 * The last ten records with undo, the rejected ones that a person must deal with, whom this phone let in although the server knew
 * better, and whom it turned away although the server did.
 */

import { clockTime } from '../lib/moment.js';
import { find, make } from '../lib/dom.js';
import { canUndo, describe, passed } from './undo.js';
import { verdictOf } from './verdict.js';
import { WORDS } from './words.js';

/** @typedef {import('./memory-store.js').Row} Row */

const SHOWN = 10;
const REMEMBERED = 200;
const SEEN = 'seen-conflicts';
const TONES = { good: 'admit', look: 'look', stop: 'stop', info: 'wait' };

/** @param {Row} row whether it let somebody in where the rules would have refused */
const isConflict = (row) => row.state === 'kept' && row.record.type === 'checkin' && (row.result?.flags || []).includes('conflict');

/** @param {Row} row whether it turned somebody away whom it could not verify, and whom the server would have let in */
const wasValid = (row) => row.state === 'kept' && row.record.type === 'checkin' && row.record.decided === 'refused' && row.local?.unverified === true && ['refused', 'admitted'].includes(row.result?.outcome);

/**
 * What became of a record, apart from whether it has been uploaded: the same words with and without a network.
 * @param {Row} row
 * @returns {{tone: string, says: string}}
 */
export function became(row) {
  const { type, direction } = row.record;
  const answer = row.result || row.local;
  if (type === 'tally' || type === 'undo' || !answer) return { tone: 'wait', says: '' };
  const { tone, word } = verdictOf(answer);
  if (row.state === 'rejected') return { tone: TONES[tone], says: word };
  if (passed(row)) return { tone: tone === 'look' ? 'look' : 'admit', says: direction === 'exit' ? word : WORDS.wasLetIn };
  const why = ['refused', 'admitted'].includes(answer.outcome) || (answer.outcome === 'unknown_ticket' && !answer.unverified) ? '' : word;
  return { tone: tone === 'look' ? 'look' : 'stop', says: answer.outcome === 'already_used' ? WORDS.repeated : WORDS.notLetIn(why) };
}

/** @param {Row} row */
const wentIn = (row) => row.record.type === 'checkin' && row.record.direction !== 'exit' && (row.record.decided === 'admitted' || (row.record.decided !== 'refused' && row.result?.outcome === 'admitted'));

/**
 * Those of this phone who were turned away for want of a network, whose code is valid, and who have not been let in since.
 * @param {Iterable<Row>} newest newest first
 * @param {(row: Row) => boolean} wanted
 * @returns {Row[]}
 */
export function validAfterAll(newest, wanted) {
  const since = new Set();
  const found = [];
  for (const row of newest) {
    const marks = [row.mark, row.result?.ref].filter(Boolean);
    if (wentIn(row)) marks.forEach((mark) => since.add(mark));
    else if (wasValid(row) && wanted(row) && !marks.some((mark) => since.has(mark))) found.push(row);
  }
  return found;
}

export class RecordsView {
  /**
   * @param {HTMLElement} root
   * @param {{journal: import('./journal.js').Journal, onUndo: (id: string) => void, onDealtWith: (id: string, again: boolean) => void, operator?: () => string, now?: () => number}} options
   *   `operator`: who is on duty; whose record it is, is said where it was somebody else
   */
  constructor(root, { journal, onUndo, onDealtWith, operator = () => '', now = Date.now }) {
    this.root = root;
    this.journal = journal;
    this.onUndo = onUndo;
    this.onDealtWith = onDealtWith;
    this.operator = operator;
    this.now = now;
    /** @type {Set<string>} conflicts that the volunteer has read */
    this.seen = new Set();
    /** @type {Map<string, {says: string, line: HTMLElement}>} the lines as they stand: most stay as they are at the next tap */
    this.lines = new Map();
    void journal.store.setting(SEEN).then((ids) => (this.seen = new Set([...(ids || []), ...this.seen])));
  }

  /** @param {string} device @param {string} zone */
  refresh(device, zone) {
    const latest = this.journal.latest(device, SHOWN);
    this.list(find('[data-records]', this.root), latest, zone);
    find('[data-records-empty]', this.root).hidden = latest.length > 0;
    const rejected = this.journal.rejected();
    find('[data-rejected-box]', this.root).hidden = rejected.length === 0;
    find('[data-rejected-rows]', this.root).replaceChildren(...rejected.map((row) => this.rejectedLine(row, zone)));
    const conflicts = [...this.journal.newest()].filter((row) => isConflict(row) && row.device === device && !this.seen.has(row.id) && !this.journal.isUndone(row.id));
    find('[data-conflict-box]', this.root).hidden = conflicts.length === 0;
    find('[data-conflict-rows]', this.root).replaceChildren(...conflicts.map((row) => this.conflictLine(row, device, zone)));
    const valid = validAfterAll(this.journal.newest(), (row) => row.device === device && !this.seen.has(row.id));
    find('[data-valid-box]', this.root).hidden = valid.length === 0;
    find('[data-valid-rows]', this.root).replaceChildren(...valid.map((row) => this.noticedLine(row, device, zone, [WORDS.validAfterAll(row.result?.name || '')])));
  }

  /** The last records, those lines left alone that would say the same. @param {HTMLElement} box @param {Row[]} latest @param {string} zone */
  list(box, latest, zone) {
    const lines = new Map();
    for (const row of latest) {
      const says = JSON.stringify([row.state, row.result?.outcome, row.result?.message, row.label, zone, row.record.decided, row.local?.outcome, this.by(row), this.journal.isUndone(row.id), canUndo(row, this.journal, this.now())]);
      const known = this.lines.get(row.id);
      lines.set(row.id, known?.says === says ? known : { says, line: this.line(row, zone) });
    }
    this.lines = lines;
    const wanted = latest.map((row) => lines.get(row.id).line);
    for (const child of [...box.children]) if (!wanted.includes(/** @type {HTMLElement} */ (child))) child.remove();
    wanted.forEach((line, place) => line !== box.children[place] && box.insertBefore(line, box.children[place] || null));
  }

  /** @param {Row} row @param {string} zone */
  line(row, zone) {
    const undone = this.journal.isUndone(row.id);
    const { tone, says } = undone ? { tone: 'wait', says: WORDS.undone } : became(row);
    const waits = row.state === 'queued' ? make('span', { class: 'record-waits' }, WORDS.waitingUpload) : '';
    const line = make('li', { class: 'record', 'data-record': row.id, 'data-tone': tone, 'data-undone': undone, 'data-state': row.state }, make('time', {}, clockTime(row.record.at, zone)), make('span', { class: 'record-what' }, describe(row)), make('span', { class: 'record-says' }, says && make('b', {}, says), waits, this.by(row)));
    if (canUndo(row, this.journal, this.now())) {
      const button = make('button', { class: 'btn btn-outline-secondary', type: 'button', 'data-hook': 'undo', 'data-record': row.id, 'aria-label': WORDS.undo(describe(row)) }, WORDS.minus);
      button.addEventListener('click', () => this.onUndo(row.id));
      line.append(button);
    }
    return line;
  }

  /** @param {Row} row @returns {string} whose record it is, where it is not of who is on duty now */
  by(row) {
    const { operator } = row.record;
    return operator && operator !== this.operator() ? operator : '';
  }

  /** @param {Row} row @param {string} zone */
  rejectedLine(row, zone) {
    const again = make('button', { class: 'btn btn-outline-primary', type: 'button' }, WORDS.retry);
    const aside = make('button', { class: 'btn btn-outline-secondary', type: 'button', 'data-hook': 'set-aside' }, WORDS.setAside);
    again.addEventListener('click', () => this.onDealtWith(row.id, true));
    aside.addEventListener('click', () => this.onDealtWith(row.id, false));
    const why = row.result ? verdictOf(row.result).line : '';
    const todo = WORDS.advice[row.result?.code] || WORDS.advice.otherwise;
    return this.told(row, zone, 'stop', [why, todo].filter(Boolean), again, aside);
  }

  /** @param {Row} row @param {string} device @param {string} zone */
  conflictLine(row, device, zone) {
    const { word, line } = verdictOf(row.result || {});
    return this.noticedLine(row, device, zone, [[word, line].filter(Boolean).join(' · ')]);
  }

  /** @param {Row} row @param {string} device @param {string} zone @param {string[]} says */
  noticedLine(row, device, zone, says) {
    const seen = make('button', { class: 'btn btn-outline-secondary', type: 'button', 'data-hook': 'conflict-seen' }, WORDS.setAside);
    seen.addEventListener('click', () => {
      this.seen.add(row.id);
      void this.journal.store.keep(SEEN, [...this.seen].slice(-REMEMBERED));
      this.refresh(device, zone);
    });
    return this.told(row, zone, 'look', says, seen);
  }

  /** @param {Row} row @param {string} zone @param {string} tone @param {string[]} says @param {...HTMLElement} buttons */
  told(row, zone, tone, says, ...buttons) {
    const what = `${describe(row)}${row.record.operator ? ` · ${row.record.operator}` : ''}`;
    const lines = says.map((text) => make('span', { class: 'record-says' }, text));
    return make('li', { class: 'record', 'data-record': row.id, 'data-tone': tone }, make('time', {}, clockTime(row.record.at, zone)), make('span', { class: 'record-what' }, what), ...lines, make('span', { class: 'record-acts' }, ...buttons));
  }
}
