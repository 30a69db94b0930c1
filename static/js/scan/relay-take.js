// @ts-check
/** The colleague's side: frames that the camera reads are collected, and a whole queue goes into this phone's own outbox. */

import { find } from '../lib/dom.js';
import { FrameCollector, isFrame } from './relay-frames.js';
import { rowsOf } from './relay-queue.js';
import { WORDS } from './words.js';

const NAMED = 8;
/** A queue that was turned away is taken up again once it has been out of sight for so long. */
const OUT_OF_SIGHT = 3000;

export class RelayTake {
  /**
   * @param {HTMLElement} root the sheet below the camera
   * @param {{adopt: (rows: import('./memory-store.js').Row[], sender: {device: string, token: string, slug: string}) => Promise<number>,
   *          signal: (tone: import('./verdict.js').Tone) => void, now?: () => number}} options
   */
  constructor(root, { adopt, signal, now = Date.now }) {
    this.root = root;
    this.adopt = adopt;
    this.signal = signal;
    this.frames = new FrameCollector();
    this.now = now;
    this.session = '';
    /** the queue that was turned away: it stays before the camera for a while */
    this.dismissed = '';
    this.seenAt = 0;
    this.done = false;
    find('[data-act=close]', root).addEventListener('click', () => this.close());
  }

  /**
   * @param {string} text what the camera has read
   * @returns {boolean} whether it was a part of a queue, and so no ticket
   */
  offer(text) {
    if (!isFrame(text)) return false;
    const session = text.split(':', 2)[1];
    const ignored = session === this.dismissed && this.now() - this.seenAt < OUT_OF_SIGHT;
    this.seenAt = this.now();
    const taken = ignored ? null : this.frames.take(text);
    if (!taken) return true;
    this.dismissed = '';
    if (taken.kind === 'whole') void this.keep(taken.bundles, session);
    else if (taken.kind === 'part') this.progress(taken);
    else if (taken.kind === 'broken') this.show({ say: WORDS.relay.broken, more: '', value: 0, close: WORDS.relay.stopTaking });
    else if (!this.done) this.finished(taken.count, 0);
    this.session = session;
    return true;
  }

  /** @param {{have: number, total: number, missing: number[]}} part */
  progress({ have, total, missing }) {
    this.done = false;
    const few = missing.length <= NAMED ? WORDS.relay.missing(missing.join('、')) : WORDS.relay.takingHint;
    this.show({ say: WORDS.relay.taking(have, total), more: few, value: have / total, close: WORDS.relay.stopTaking });
  }

  /** @param {import('./relay-frames.js').Bundle[]} bundles @param {string} session */
  async keep(bundles, session) {
    let fresh = 0;
    const count = bundles.reduce((sum, bundle) => sum + bundle.rows.length, 0);
    try {
      for (const { device, token, slug, rows } of bundles) fresh += await this.adopt(rowsOf({ device, token, slug, rows }), { device, token, slug });
    } catch {
      this.frames.forget();
      this.dismissed = session;
      this.signal('stop');
      this.show({ say: WORDS.relay.notTaken, more: '', value: 0, close: WORDS.relay.close });
      return;
    }
    this.signal('good');
    this.finished(count, count - fresh);
  }

  /** @param {number} count @param {number} before */
  finished(count, before) {
    this.done = true;
    this.show({ say: WORDS.relay.took(count), more: `${before ? WORDS.relay.before(before) : ''}${WORDS.relay.tookHint}`, value: 1, close: WORDS.relay.close });
  }

  /** @param {{say: string, more: string, value: number, close: string}} shown */
  show({ say, more, value, close }) {
    this.root.hidden = false;
    this.root.dataset.done = this.done ? '1' : '0';
    find('[data-part=say]', this.root).textContent = say;
    find('[data-part=more]', this.root).textContent = more;
    const bar = /** @type {HTMLProgressElement} */ (find('[data-part=bar]', this.root));
    bar.value = value;
    const button = find('[data-act=close]', this.root);
    button.textContent = close;
    button.classList.toggle('btn-primary', this.done);
    button.classList.toggle('btn-outline-secondary', !this.done);
  }

  close() {
    this.dismissed = this.session;
    this.done = false;
    this.root.hidden = true;
  }
}
