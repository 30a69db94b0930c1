// @ts-check
/** A typed 签到码: six digits go by themselves after a short pause, once; fewer stay in the field with a hint. */

/** Milliseconds without a change after the sixth digit. */
export const PAUSE = 600;
const LENGTH = 6;

/** @param {string} text @returns {number} how many digits, where there is nothing but digits; else 0 */
function digits(text) {
  const plain = text.normalize('NFKC').replace(/\s/g, '');
  return /^\d+$/.test(plain) ? plain.length : 0;
}

/** Will this go as soon as it is whole, so that no button is wanted? @param {string} text */
export const goesByItself = (text) => !text || (digits(text) > 0 && digits(text) <= LENGTH);

export class TypedCode {
  /**
   * @param {{take: (text: string, byItself: boolean) => void, tooShort: (count: number) => void,
   *          later?: (work: () => void, milliseconds: number) => any, never?: (timer: any) => void}} options
   *   `take` empties the field; `tooShort` shows the hint, with 0 takes it away
   */
  constructor({ take, tooShort, later = (work, milliseconds) => setTimeout(work, milliseconds), never = (timer) => clearTimeout(timer) }) {
    this.take = take;
    this.tooShort = tooShort;
    this.later = later;
    this.never = never;
    /** @type {any} */
    this.timer = null;
  }

  /** The field has changed. @param {string} text what is in it now */
  changed(text) {
    this.never(this.timer);
    this.tooShort(0);
    this.timer = digits(text) === LENGTH ? this.later(() => this.take(text, true), PAUSE) : null;
  }

  /** Enter, or the button. @param {string} text */
  submit(text) {
    this.never(this.timer);
    const count = digits(text);
    if (count > 0 && count < LENGTH) this.tooShort(count);
    else if (text.trim()) this.take(text, false);
  }
}
