// @ts-check
/** All by which this phone decides alone: the roster and its upkeep, its own entries, the judge, and how far its clock is off. */

import { Judge } from './judge.js';
import { markOf } from './marks.js';
import { OwnEntries } from './own-entries.js';
import { Roster } from './roster.js';
import { RosterSync } from './roster-sync.js';

/** A clock that is further off is put right for decisions; the server does the same with what it gets. */
export const SKEW = 5 * 60 * 1000;

export class Offline {
  /**
   * @param {{store: import('./memory-store.js').Store, transport: import('./transport.js').Transport, slug: string, event: () => any, device: () => string,
   *          report: (online: boolean) => void, upload: () => Promise<void>, onRevoked: (code: string) => void, mayAsk: () => boolean,
   *          onChange: () => void, onEvent: (event: any) => void, onState: (state: import('./roster.js').RosterState) => void, now?: () => number}} options
   */
  constructor({ store, transport, slug, event, device, report, upload, onRevoked, mayAsk, onChange, onEvent, onState, now = Date.now }) {
    this.store = store;
    this.now = now;
    this.skew = 0;
    this.own = new OwnEntries();
    this.onChange = onChange;
    this.onEvent = onEvent;
    this.event = event;
    this.loading = false;
    this.roster = new Roster({ store, slug, onChange: (page) => this.changed(page), onState: (state) => this.told(state, onState) });
    this.judge = new Judge({ index: () => this.roster.whole(), own: this.own, event, device, skew: () => this.skew, clock: now });
    this.sync = new RosterSync({ roster: this.roster, transport, report, upload, onRevoked, onServerTime: (time) => this.heardTime(time), mayAsk, now });
  }

  /** Until it is done, what was known before goes on to be known. @param {() => import('./memory-store.js').Row[]} rows all that the store holds, as they are when they are asked for */
  async load(rows) {
    this.skew = (await this.store.setting('skew')) || 0;
    this.loading = true; // the session's event is as fresh as a stored roster's
    await this.roster.load();
    this.loading = false;
    this.own.clear();
    if (this.roster.at !== null) this.own.rosterAt(this.roster.at);
    rows().forEach((row) => this.note(row));
  }

  /** @param {import('./memory-store.js').Row} row */
  note(row) {
    this.own.note(row.mark === undefined ? { ...row, mark: this.mark(row.record) } : row);
  }

  /** @param {Record<string, any>} record @returns {string} */
  mark(record) {
    return record.type === 'checkin' ? markOf(record, this.roster.index.salt) : '';
  }

  /** @param {import('./roster-index.js').RosterPage} page */
  changed(page) {
    if (page.reset) this.own.newEpoch();
    if (this.loading) return;
    if (page.event && JSON.stringify(page.event) !== JSON.stringify(this.event())) this.onEvent(page.event);
    this.onChange();
  }

  /** @param {import('./roster.js').RosterState} state @param {(state: import('./roster.js').RosterState) => void} onState */
  told(state, onState) {
    if (state.at !== null) this.own.rosterAt(state.at);
    onState(state);
  }

  /** @param {string} time the server's, as it came with an answer */
  heardTime(time) {
    const off = Date.parse(time) - this.now();
    const skew = Number.isFinite(off) && Math.abs(off) > SKEW ? off : 0;
    if (Math.abs(skew - this.skew) < SKEW / 5) return;
    this.skew = skew;
    void this.store.keep('skew', skew).catch(() => undefined);
  }
}
