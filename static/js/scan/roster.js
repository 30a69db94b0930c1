// @ts-check
/** The event's tickets on this phone: kept page by page as they come, held in memory, found without a network. */

import { RosterIndex } from './roster-index.js';

/** @typedef {{ready: boolean, at: number | null, tickets: number, spares: number}} RosterState */

export class Roster {
  constructor() {
    this.index = new RosterIndex();
    this.ready = false;
    /** @type {number | null} when it was last confirmed to be current */
    this.at = null;
  }

  /** @returns {RosterState} */
  state() {
    return { ready: this.ready, at: this.at, tickets: this.index.byRef.size, spares: this.index.spares.size };
  }
}
