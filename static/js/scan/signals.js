// @ts-check
/**
 * What the scanner tells whoever shows it: `counts` {pending, rejected}, `network` {online, since, manual}, `roster` {ready, at,
 * tickets, spares}, `revoked` {pending, salvaged, handed, refused}, `row` (a Row). Times are milliseconds or null.
 */
export class Signals extends EventTarget {
  /** @param {string} name @param {any} detail */
  send(name, detail) {
    this.dispatchEvent(new CustomEvent(name, { detail }));
  }
}
