// @ts-check
/** A dying phone shows its queue as QR codes, one after another without end, until a colleague's phone has them all. */

import { find } from '../lib/dom.js';
import { toFrames } from './relay-frames.js';
import { AT_MOST, bundle, leftToHand, markHanded, shuffled } from './relay-queue.js';
import { WORDS } from './words.js';

/** @typedef {import('./memory-store.js').Row} Row */

/** Frames a second, and what the buttons choose from. */
const SPEEDS = [2, 3, 5, 8];
const MARGIN = 4;

export class RelayGive {
  /**
   * @param {HTMLElement} root the dialog
   * @param {{store: import('./memory-store.js').Store, senderOf: (device: string) => {token: string, slug: string} | null}} options
   */
  constructor(root, { store, senderOf }) {
    this.root = root;
    this.store = store;
    this.senderOf = senderOf;
    this.speed = 2;
    /** @type {any} */
    this.timer = null;
    /** @type {Row[]} */
    this.rows = [];
    /** @type {string[]} */
    this.frames = [];
    /** @type {number[]} */
    this.order = [];
    /** @type {Map<number, boolean[][]>} */
    this.drawn = new Map();
    this.canvas = /** @type {HTMLCanvasElement} */ (find('canvas', root));
    for (const button of root.querySelectorAll('[data-act=close]')) button.addEventListener('click', () => this.close());
    root.addEventListener('keydown', (event) => {
      if (event.key === 'Escape') this.close();
      else if (event.key === 'Tab') this.stay(event);
    });
    this.part('newest', 'act').addEventListener('click', () => void this.choose(-1));
    this.part('oldest', 'act').addEventListener('click', () => void this.choose(1));
    this.part('slower', 'act').addEventListener('click', () => this.pace(-1));
    this.part('faster', 'act').addEventListener('click', () => this.pace(1));
    this.part('handed', 'act').addEventListener('click', () => void this.handed());
    this.part('again', 'act').addEventListener('click', () => void this.open());
  }

  /** @param {string} name @param {string} [kind] */
  part(name, kind = 'part') {
    return find(`[data-${kind}=${name}]`, this.root);
  }

  /** @param {'choose' | 'show' | 'done' | 'fault'} name */
  only(name) {
    for (const each of ['choose', 'show', 'done', 'fault']) this.part(each).hidden = each !== name;
    if (name !== 'show') this.stop();
  }

  /** @param {string} says */
  fault(says) {
    this.part('fault').textContent = says;
    this.only('fault');
  }

  /** The page behind is covered: the focus goes round within the sheet. @param {KeyboardEvent} event */
  stay(event) {
    const all = [...this.root.querySelectorAll('button')].filter((button) => !button.disabled && button.checkVisibility?.() !== false && button.offsetParent !== null);
    const [first, last] = [all[0], all[all.length - 1]];
    if (document.activeElement !== (event.shiftKey ? first : last) && this.root.contains(document.activeElement)) return;
    event.preventDefault();
    (event.shiftKey ? last : first)?.focus();
  }

  /** Nothing waits any more while the codes are on the screen: the colleague need not go on. */
  uploaded() {
    if (!this.root.hidden && !this.part('show').hidden) this.fault(WORDS.relay.uploaded);
  }

  async open() {
    if (this.root.hidden) this.opener = /** @type {HTMLElement | null} */ (document.activeElement);
    this.root.hidden = false;
    find('header [data-act=close]', this.root).focus();
    const { left } = await leftToHand(this.store);
    if (!left.length) return this.fault(WORDS.relay.nothing);
    if (left.length <= AT_MOST) return this.show(left);
    this.part('too-many').textContent = WORDS.relay.tooMany(left.length, AT_MOST);
    this.only('choose');
  }

  /** @param {number} end 1: the oldest rows, -1: the latest */
  async choose(end) {
    const { left } = await leftToHand(this.store);
    await this.show(end > 0 ? left.slice(0, AT_MOST) : left.slice(-AT_MOST));
  }

  /** @param {Row[]} rows */
  async show(rows) {
    const bundles = bundle(rows, this.senderOf);
    const passed = new Set(bundles.flatMap((each) => each.rows.map((row) => row.record.id)));
    if (!passed.size) return this.fault(WORDS.relay.noToken);
    this.rows = rows.filter((row) => passed.has(row.id));
    this.frames = toFrames(bundles);
    this.drawn.clear();
    this.order = [];
    try {
      this.encode ??= (await import('../../vendor/qr-0.7.0/encode.js')).encodeQR;
    } catch {
      return this.fault(WORDS.relay.failed);
    }
    this.part('handed', 'act').textContent = WORDS.relay.confirm(this.rows.length);
    this.only('show');
    this.next();
  }

  /** Draws one frame and asks for the next. */
  next() {
    clearTimeout(this.timer);
    if (!this.order.length) this.order = shuffled(this.frames.length);
    const index = /** @type {number} */ (this.order.pop());
    this.draw(this.modules(index));
    this.root.dataset.frame = String(index + 1);
    this.part('frame').textContent = WORDS.relay.frame(index + 1, this.frames.length);
    this.timer = setTimeout(() => this.next(), 1000 / SPEEDS[this.speed]);
  }

  /** @param {number} index @returns {boolean[][]} */
  modules(index) {
    const known = this.drawn.get(index);
    if (known) return known;
    const made = /** @type {boolean[][]} */ (this.encode?.(this.frames[index], 'raw', { ecc: 'medium', encoding: 'alphanumeric', border: MARGIN }));
    this.drawn.set(index, made);
    return made;
  }

  /** Whole device pixels for a module: edges stay sharp. @param {boolean[][]} modules */
  draw(modules) {
    const room = Math.max(240, this.canvas.parentElement?.clientWidth || 0) * (globalThis.devicePixelRatio || 1);
    const size = Math.max(2, Math.floor(room / modules.length));
    this.canvas.width = this.canvas.height = size * modules.length;
    const pen = this.canvas.getContext('2d');
    if (!pen) return;
    pen.fillStyle = '#fff';
    pen.fillRect(0, 0, this.canvas.width, this.canvas.height);
    pen.fillStyle = '#000';
    modules.forEach((line, y) => line.forEach((dark, x) => dark && pen.fillRect(x * size, y * size, size, size)));
  }

  /** @param {number} step */
  pace(step) {
    this.speed = Math.max(0, Math.min(SPEEDS.length - 1, this.speed + step));
    this.part('slower', 'act').toggleAttribute('disabled', this.speed === 0);
    this.part('faster', 'act').toggleAttribute('disabled', this.speed === SPEEDS.length - 1);
  }

  /** The volunteer has read the number on the colleague's phone. */
  async handed() {
    await markHanded(this.store, this.rows);
    const { left } = await leftToHand(this.store);
    this.part('done-say').textContent = WORDS.relay.handed(this.rows.length);
    const again = this.part('again', 'act');
    again.hidden = left.length === 0;
    again.textContent = WORDS.relay.next(Math.min(AT_MOST, left.length));
    this.only('done');
  }

  stop() {
    clearTimeout(this.timer);
    this.drawn.clear();
  }

  close() {
    this.stop();
    this.root.hidden = true;
    this.opener?.focus();
  }
}
