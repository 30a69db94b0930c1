// @ts-check
/** Whether the server can be reached, since when it cannot, and the switch by which a person says so. */

/** @typedef {{online: boolean, since: number | null, manual: boolean}} Network `since`: milliseconds, null while it is there */

export class Reach {
  /** @param {{now: () => number, onTurn: (network: Network) => void, keep?: (since: number | null) => void}} options `keep`: for after a reload */
  constructor({ now, onTurn, keep = () => {} }) {
    this.now = now;
    this.onTurn = onTurn;
    this.keep = keep;
    /** @type {number | null} since when the page before this one was without a network, until this one has reached the server */
    this.before = null;
    this.online = true;
    this.manual = false;
    /** @type {number | null} */
    this.since = null;
  }

  /** @returns {Network} */
  state() {
    return { online: this.online, since: this.since, manual: this.manual };
  }

  /** @param {any} since as it was kept before a reload */
  recall(since) {
    this.before = typeof since === 'number' ? since : null;
  }

  /** What a request has found out. @param {boolean} online */
  report(online) {
    if (this.manual) return;
    if (online !== this.online) this.turn(online);
    else if (online && this.before !== null) this.keep((this.before = null));
  }

  /** @param {boolean} offline */
  setManual(offline) {
    this.manual = offline;
    this.turn(!offline);
  }

  /** @param {boolean} online */
  turn(online) {
    this.online = online;
    this.since = online ? null : (this.since ?? this.before ?? this.now());
    this.before = null;
    this.keep(this.since);
    this.onTurn(this.state());
  }
}
