// @ts-check
/**
 * A USB scanner is a keyboard that types very fast and ends with Enter; no field needs to be focused for it.
 */

/** Milliseconds. Scanners leave 1 to 50 between two keys, more on a busy phone; people who type outside a field leave longer gaps. */
const GAP = 200;
const SHORTEST = 6;

export class Wedge {
  /** @param {(text: string) => void} onText */
  constructor(onText) {
    this.onText = onText;
    this.text = '';
    this.at = -Infinity;
  }

  /**
   * @param {{key: string, ctrlKey?: boolean, altKey?: boolean, metaKey?: boolean}} event
   * @param {number} now milliseconds
   * @returns {boolean} whether the key ended a scan, so that it must not press a focused button
   */
  key({ key, ctrlKey, altKey, metaKey }, now) {
    if (ctrlKey || altKey || metaKey) return false;
    if (now - this.at > GAP) this.text = '';
    if (key === 'Enter') {
      const text = this.text;
      this.text = '';
      if (text.length < SHORTEST) return false;
      this.onText(text);
      return true;
    }
    if (key.length !== 1) return false;
    this.at = now;
    this.text += key;
    return false;
  }
}

/** @param {Wedge} wedge @param {Document} page */
export function listen(wedge, page) {
  page.addEventListener(
    'keydown',
    (event) => {
      const target = /** @type {HTMLElement} */ (event.target);
      if (target.closest?.('input, textarea, select, [contenteditable]')) return;
      if (wedge.key(event, event.timeStamp)) event.preventDefault();
      else if (event.key === ' ' && wedge.text.length > 1) event.preventDefault();
    },
    true,
  );
}
