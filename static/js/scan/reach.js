// @ts-check
/** Whether the server can be reached, since when it cannot, and the switch by which a person says so. */

/** @typedef {{online: boolean, since: number | null, manual: boolean}} Network `since`: milliseconds, null while it is there */

export class Reach {
  /** @param {{now: () => number, onTurn: (network: Network) => void}} options */
  constructor({ now, onTurn }) {
    this.now = now;
    this.onTurn = onTurn;
    this.online = true;
    this.manual = false;
    /** @type {number | null} */
    this.since = null;
  }

  /** @returns {Network} */
  state() {
    return { online: this.online, since: this.since, manual: this.manual };
  }

  /** What a request has found out. @param {boolean} online */
  report(online) {
    if (!this.manual && online !== this.online) this.turn(online);
  }

  /** @param {boolean} offline */
  setManual(offline) {
    this.manual = offline;
    this.turn(!offline);
  }

  /** @param {boolean} online */
  turn(online) {
    this.online = online;
    this.since = online ? null : (this.since ?? this.now());
    this.onTurn(this.state());
  }
}
