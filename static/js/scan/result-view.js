// @ts-check
/**
 * The answer on the screen: full, in one colour, with an icon and one big word; at rest a strip that keeps the last answer.
 *
 * Its data attributes are hooks that others rely on: data-record, data-pending, data-outcome, data-remaining.
 */

import { find, findInput, make } from '../lib/dom.js';
import { questionFields, readAnswers } from './questions.js';
import { WORDS } from './words.js';

/** @typedef {import('./door.js').Screen} Screen */

const TONES = { good: 'admit', look: 'look', stop: 'stop', info: 'wait' };
const MANY = 6;
/** Milliseconds after which the screen says that it is still deciding: an answer that comes sooner is all that anybody sees, and two layouts of the page are saved. */
const SOON = 100;

export class ResultView {
  /**
   * @param {HTMLElement} root
   * @param {{onConfirm: (count: number) => void, onAnswers: (answers: Record<string, any>) => void, onChoose: (person: any) => void,
   *          onClose: () => void, onUndo: (id: string) => void, undoLabel: (id: string) => string | null,
   *          onSearch?: () => void, maySearch?: () => boolean}} listeners
   */
  constructor(root, { onConfirm, onAnswers, onChoose, onClose, onUndo, undoLabel, onSearch = () => {}, maySearch = () => false }) {
    this.root = root;
    /** @type {Map<string, HTMLElement>} */
    this.parts = new Map();
    /** @type {any} */
    this.soon = null;
    this.onChoose = onChoose;
    this.undoLabel = undoLabel;
    this.maySearch = maySearch;
    this.party = findInput('[data-hook=party]', root);
    this.confirm = find('[data-hook=confirm]', root);
    this.choice = this.part('choice');
    this.questions = /** @type {HTMLFormElement} */ (this.part('questions'));
    /** @type {Screen | null} */
    this.screen = null;
    /** @type {any[]} */
    this.asked = [];
    this.choice.addEventListener('submit', (event) => {
      event.preventDefault();
      onConfirm(Number(this.party.value));
    });
    this.party.addEventListener('input', () => this.sayConfirm());
    this.choice.addEventListener('click', (event) => this.press(event));
    this.questions.addEventListener('submit', (event) => {
      event.preventDefault();
      onAnswers(readAnswers(new FormData(this.questions), this.asked));
    });
    this.part('given').addEventListener('click', onClose);
    this.part('close').addEventListener('click', onClose);
    this.part('search').addEventListener('click', onSearch);
    this.part('undo').addEventListener('click', () => this.screen && onUndo(this.screen.id));
    root.addEventListener('click', (event) => {
      const target = /** @type {HTMLElement} */ (event.target);
      if ((root.dataset.phase === 'done' || root.dataset.phase === 'waiting') && !target.closest('button, input, form')) onClose();
    });
  }

  /** @param {string} name */
  part(name) {
    const known = this.parts.get(name) || find(`[data-part=${name}]`, this.root);
    this.parts.set(name, known);
    return known;
  }

  /** The hooks say at once how things are; that it is being decided is drawn only where it lasts. @param {Screen} screen */
  show(screen) {
    this.screen = screen;
    const { root } = this;
    root.dataset.record = screen.id;
    root.dataset.outcome = screen.outcome;
    root.dataset.remaining = screen.remaining === null ? '' : String(screen.remaining);
    root.dataset.pending = screen.pending ? '1' : '0';
    const passing = screen.phase === 'finding' || screen.phase === 'deciding';
    if (!passing || root.dataset.phase === 'finding' || root.dataset.phase === 'deciding') this.draw(screen);
    else this.soon ??= setTimeout(() => this.screen && this.draw(this.screen), SOON);
  }

  /** @param {Screen} screen */
  draw(screen) {
    clearTimeout(this.soon);
    this.soon = null;
    const { root } = this;
    root.dataset.tone = TONES[screen.tone];
    root.dataset.empty = screen.word ? '' : '1';
    root.dataset.long = screen.word.length > 10 ? '2' : screen.word.length > 5 ? '1' : '';
    for (const name of /** @type {const} */ (['word', 'line', 'name', 'detail'])) {
      const element = this.part(name);
      if (element.textContent !== screen[name]) element.textContent = screen[name];
      element.hidden = !screen[name];
    }
    this.showPeople(screen);
    this.showChoice(screen);
    this.showQuestions(screen);
    this.part('given').hidden = screen.phase !== 'holding';
    this.part('close').hidden = ['finding', 'deciding', 'holding', 'rest'].includes(screen.phase);
    this.part('close').textContent = screen.mayLetIn ? WORDS.turnAway : ['choosing', 'which', 'asking'].includes(screen.phase) ? WORDS.cancel : WORDS.next;
    this.part('search').hidden = !(screen.outcome === 'unknown_ticket' && ['done', 'choosing'].includes(screen.phase) && this.maySearch());
    delete root.dataset.past;
    const undo = screen.outcome === 'admitted' && (screen.phase === 'done' || screen.phase === 'holding') ? this.undoLabel(screen.id) : null;
    this.part('undo').hidden = undo === null;
    this.part('undo').textContent = undo || '';
    root.dataset.phase = screen.phase;
    root.parentElement?.classList.toggle('is-answering', screen.phase !== 'rest');
    if (screen.phase === 'choosing' && !screen.mayLetIn) this.confirm.focus({ preventScroll: true });
  }

  /** What was last said is put away: something else is being said now. */
  past() {
    this.root.dataset.past = '1';
  }

  /** @param {Screen} screen */
  showPeople(screen) {
    const box = this.part('people');
    box.hidden = screen.phase !== 'which';
    if (!screen.people?.length && !box.firstChild) return;
    box.replaceChildren(
      ...(screen.people || []).map((person) => {
        const button = make('button', { class: 'btn', type: 'button' }, [person.name, person.phone_tail && WORDS.tail(person.phone_tail)].filter(Boolean).join(' · '));
        button.addEventListener('click', () => this.onChoose(person));
        return button;
      }),
    );
  }

  /** @param {Screen} screen */
  showChoice(screen) {
    this.choice.hidden = screen.phase !== 'choosing';
    if (screen.phase !== 'choosing') return;
    const most = screen.most || 1;
    const buttons = most > 1 && most <= MANY ? Array.from({ length: most }, (_, index) => make('button', { class: 'number', type: 'button', 'data-count': index + 1 }, String(index + 1))) : [];
    this.part('numbers').replaceChildren(...buttons);
    this.choice.dataset.single = most === 1 ? '1' : '';
    this.party.value = String(screen.value || 1);
    this.sayConfirm();
  }

  /** @param {Event} event */
  press(event) {
    const button = /** @type {HTMLElement} */ (event.target).closest('button');
    if (!button || button.type === 'submit') return;
    const { count, step } = button.dataset;
    if (count) this.party.value = count;
    if (step) this.party.value = String(Math.min(99, Math.max(1, Number(this.party.value) + Number(step))));
    this.sayConfirm();
  }

  sayConfirm() {
    const count = Number(this.party.value) || 1;
    this.confirm.textContent = this.screen?.direction === 'exit' ? WORDS.letOut(count) : WORDS.letIn(count);
    for (const button of this.part('numbers').children) button.setAttribute('aria-pressed', String(button.getAttribute('data-count') === String(count)));
  }

  /** @param {Screen} screen */
  showQuestions(screen) {
    this.questions.hidden = screen.phase !== 'asking';
    if (screen.phase !== 'asking') return;
    this.asked = screen.questions || [];
    this.questions.replaceChildren(...questionFields(this.asked), make('button', { class: 'btn btn-lg', type: 'submit', 'data-hook': 'answer' }, WORDS.answered));
  }
}
