// @ts-check
/** The counters: large plus buttons, minus that takes back this phone's latest tap, topics as chips, stock, stocktake. */

import { find, findInput, make } from '../lib/dom.js';
import { latestTap } from './undo.js';
import { merge, ownSince, stocktake } from './tally.js';
import { WORDS } from './words.js';

/**
 * @typedef {import('./session.js').Counter} Counter
 * @typedef {import('./tally.js').CounterFigure} CounterFigure
 */

/** @param {string} name @returns {SVGElement} a copy of one of the page's own icons */
function iconLike(name) {
  const source = document.querySelector(`use[href$="#${name}"]`)?.closest('svg');
  return source ? /** @type {SVGElement} */ (source.cloneNode(true)) : document.createElementNS('http://www.w3.org/2000/svg', 'svg');
}

/** @param {Counter} counter @returns {string} what its card shows, besides figures */
const shown = ({ key, name, kind, unit, steps, topics }) => JSON.stringify([key, name, kind, unit, steps, topics]);

export class CountersView {
  /**
   * @param {HTMLElement} root
   * @param {{journal: import('./journal.js').Journal, onTap: (tap: any, label: string) => void, onUndo: (id: string) => void, device?: () => string, now?: () => number}} options
   */
  constructor(root, { journal, onTap, onUndo, device = () => '', now = Date.now }) {
    this.device = device;
    this.root = root;
    this.journal = journal;
    this.onTap = onTap;
    this.onUndo = onUndo;
    this.now = now;
    /** @type {Counter[]} */
    this.counters = [];
    /** @type {Map<string, CounterFigure>} */
    this.figures = new Map();
    this.askedAt = 0;
    /** @type {Map<string, string>} chosen topic by counter */
    this.topics = new Map();
  }

  /** Cards that say the same stay as they are: somebody may be typing in one. @param {Counter[]} counters */
  setCounters(counters) {
    const cards = new Map(this.counters.map((counter, place) => [shown(counter), this.root.children[place]]));
    this.counters = counters;
    const next = counters.map((counter) => cards.get(shown(counter)) || this.card(counter));
    if (next.length === this.root.children.length && next.every((card, place) => card === this.root.children[place])) return;
    this.root.replaceChildren(...next);
    this.refresh();
  }

  /** @param {CounterFigure[]} figures @param {number} askedAt when the request for them began */
  setFigures(figures, askedAt) {
    this.figures = new Map(figures.map((figure) => [figure.key, figure]));
    this.askedAt = askedAt;
    this.refresh();
  }

  /** @param {Counter} counter */
  card(counter) {
    const heads = counter.kind === 'headcount';
    const [first, ...larger] = counter.steps?.length ? counter.steps : [1];
    const total = make('b', { class: 'counter-total', 'data-hook': 'total' }, '0');
    const card = make(
      'section',
      { class: 'counter', 'data-hook': 'counter', 'data-key': counter.key, 'data-kind': counter.kind, 'aria-label': counter.name },
      make('header', {}, make('h3', {}, heads ? WORDS.byHand(counter.name) : counter.name), make('p', { class: 'counter-figure' }, total, make('span', {}, counter.unit || ''))),
      make('p', { class: 'counter-more', 'data-more': true, hidden: true }),
    );
    if (counter.topics?.length) card.append(this.topicChips(counter));
    const pads = make('div', { class: 'counter-pads' });
    const minus = make('button', { class: 'pad pad-minus', type: 'button', 'data-hook': 'minus', disabled: true }, iconLike('undo'), make('span', { 'data-minus-label': true }, WORDS.minus));
    minus.addEventListener('click', () => {
      const tap = latestTap(this.journal, counter.key, this.now(), this.device());
      if (tap) this.onUndo(tap.id);
    });
    pads.append(minus);
    const plus = (/** @type {number} */ quantity) => (heads ? WORDS.in(quantity) : `+${quantity}`);
    if (heads) pads.append(this.pad(counter, first, 'out', 'out', WORDS.out(first)));
    pads.append(this.pad(counter, first, 'in', 'plus', plus(first)));
    for (const step of larger) pads.append(this.pad(counter, step, 'in', 'step', plus(step)));
    card.append(pads);
    if (counter.kind === 'handout') card.append(this.stocktakeForm(counter));
    return card;
  }

  /** @param {Counter} counter @param {number} step @param {string} direction @param {string} hook @param {string} text */
  pad(counter, step, direction, hook, text) {
    const pad = make('button', { class: `pad pad-${hook}`, type: 'button', 'data-hook': hook, 'data-step': step, 'aria-label': `${counter.name} ${text}` }, text);
    pad.addEventListener('click', () => {
      this.onTap({ counter: counter.key, quantity: step, direction, topic: direction === 'in' ? this.topics.get(counter.key) || null : null }, counter.name);
      pad.classList.remove('is-tapped');
      void pad.offsetWidth; // starts the animation anew
      pad.classList.add('is-tapped');
    });
    return pad;
  }

  /** @param {Counter} counter */
  topicChips(counter) {
    const box = make('div', { class: 'scan-chips', role: 'group', 'aria-label': WORDS.topics });
    for (const topic of counter.topics) {
      const chip = make('button', { class: 'chip', type: 'button', 'data-hook': 'topic', 'data-topic': topic, 'aria-pressed': 'false' }, make('span', {}, topic), make('b', { 'data-topic-total': topic }));
      chip.addEventListener('click', () => {
        if (this.topics.get(counter.key) === topic) this.topics.delete(counter.key);
        else this.topics.set(counter.key, topic);
        this.refresh();
      });
      box.append(chip);
    }
    return box;
  }

  /** @param {Counter} counter */
  stocktakeForm(counter) {
    const taken = make('input', { class: 'form-control', name: 'taken', type: 'number', inputmode: 'numeric', min: 0, max: 999999 });
    const left = make('input', { class: 'form-control', name: 'left', type: 'number', inputmode: 'numeric', min: 0, max: 999999 });
    const says = make('p', { class: 'scan-fault', role: 'alert', hidden: true });
    const form = /** @type {HTMLFormElement} */ (
      make('form', { class: 'stocktake', 'data-hook': 'stocktake', novalidate: true }, make('label', {}, WORDS.taken, taken), make('label', {}, WORDS.leftOver, left), make('button', { class: 'btn btn-outline-primary', type: 'submit' }, WORDS.takeStock), says)
    );
    const details = make('details', { class: 'counter-stocktake' }, make('summary', {}, WORDS.stocktakeTitle), form);
    const sum = () => stocktake(findInput('[name=taken]', form).value, findInput('[name=left]', form).value);
    form.addEventListener('input', () => {
      const result = sum();
      find('button', form).textContent = 'quantity' in result ? WORDS.takeStockOf(result.quantity, counter.unit || '') : WORDS.takeStock;
      says.hidden = true;
    });
    form.addEventListener('submit', (event) => {
      event.preventDefault();
      const result = sum();
      says.hidden = 'quantity' in result;
      if (!('quantity' in result)) {
        says.textContent = WORDS.stocktake[result.fault];
        return;
      }
      this.onTap({ counter: counter.key, quantity: result.quantity, basis: 'stocktake' }, counter.name);
      form.reset();
      find('button', form).textContent = WORDS.takeStock;
      details.removeAttribute('open');
    });
    return details;
  }

  /** Shows what is known now; called after every tap, answer and poll. */
  refresh() {
    for (const counter of this.counters) {
      const card = this.root.querySelector(`[data-key="${CSS.escape(counter.key)}"]`);
      if (!card) continue;
      const totals = merge(this.figures.get(counter.key), ownSince(this.journal, counter.key, this.askedAt));
      find('[data-hook=total]', card).textContent = String(totals.total);
      const more = find('[data-more]', card);
      const stock = totals.stockLeft === null && counter.stock !== null && counter.stock !== undefined ? counter.stock - totals.total : totals.stockLeft;
      more.textContent = [counter.kind === 'headcount' ? WORDS.inside(totals.total - totals.out, totals.out) : '', stock === null ? '' : WORDS.stockLeft(stock, counter.unit || '')].filter(Boolean).join(' · ');
      more.hidden = !more.textContent;
      more.classList.toggle('is-short', stock !== null && stock <= 0);
      for (const chip of card.querySelectorAll('[data-topic]')) {
        const topic = chip.getAttribute('data-topic') || '';
        chip.setAttribute('aria-pressed', String(this.topics.get(counter.key) === topic));
        find('[data-topic-total]', chip).textContent = totals.byTopic[topic] ? String(totals.byTopic[topic]) : '';
      }
      const tap = latestTap(this.journal, counter.key, this.now(), this.device());
      const minus = find('[data-hook=minus]', card);
      minus.toggleAttribute('disabled', !tap);
      find('[data-minus-label]', minus).textContent = tap ? WORDS.minusOf(tap.record.quantity, tap.record.direction === 'out') : WORDS.minus;
    }
  }
}
