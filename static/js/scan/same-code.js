// @ts-check
/** The camera sees a code many times a second: within three seconds of its last sight it is the same scan. */

export const SAME_WITHIN = 3000;

export class SameCode {
  constructor() {
    /** @type {Map<string, number>} when each code was last in view */
    this.seenAt = new Map();
  }

  /**
   * @param {string} text
   * @param {number} now milliseconds
   * @returns {boolean} whether this sight is a new scan; a code that stays in view never is
   */
  isNew(text, now) {
    for (const [code, at] of this.seenAt) if (now - at > SAME_WITHIN) this.seenAt.delete(code);
    const fresh = !this.seenAt.has(text);
    this.seenAt.set(text, now);
    return fresh;
  }
}
