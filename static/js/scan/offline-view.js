// @ts-check
/** Being without a network, in plain words: since when, how many wait, how old the list is, whether this phone is ready for it. */

import { find, findInput } from '../lib/dom.js';
import { clockTime, dayOf } from '../lib/moment.js';
import { WORDS } from './words.js';

/** @typedef {import('./shell.js').ShellState} ShellState */
/** @typedef {import('./roster.js').RosterState} RosterState */
/** @typedef {import('./reach.js').Network} Network */

/** A clock that is off by more is said; records are corrected by the server all the same. */
export const SKEW = 5 * 60_000;

/**
 * @param {number} moment
 * @param {number} now
 * @param {string} zone
 * @returns {string} the time, with its day where that is not today
 */
export function said(moment, now, zone) {
  const [then, today] = [dayOf(moment, zone), dayOf(now, zone)];
  const time = clockTime(moment, zone);
  return then.month === today.month && then.day === today.day ? time : WORDS.offline.onDay(then.month, then.day, time);
}

/**
 * @param {{lasting: boolean, shell: ShellState, roster: RosterState, needsRoster: boolean, now: number, zone: string}} known
 * @returns {{ready: boolean, says: string}} `ready` only when the shell and, where tickets are scanned, the list are really stored
 */
export function readiness({ lasting, shell, roster, needsRoster, now, zone }) {
  const words = WORDS.offline;
  if (!lasting) return { ready: false, says: words.notLasting };
  if (!shell.works) return { ready: false, says: words.notStored };
  if (needsRoster && !roster.ready) return { ready: false, says: words.storingRoster };
  if (!shell.stored) return { ready: false, says: words.storing };
  return { ready: true, says: needsRoster && roster.at ? words.ready(roster.tickets, said(roster.at, now, zone)) : words.readyCounting };
}

/** @param {number} difference milliseconds by which the phone is ahead @returns {string} nothing where it is about right */
export function clockNotice(difference) {
  if (Math.abs(difference) <= SKEW) return '';
  const minutes = Math.round(Math.abs(difference) / 60_000);
  return difference > 0 ? WORDS.offline.clockFast(minutes) : WORDS.offline.clockSlow(minutes);
}

export class OfflineView {
  /**
   * @param {HTMLElement} root
   * @param {{lasting: boolean, zone: () => string, needsRoster: () => boolean, now?: () => number}} options
   */
  constructor(root, { lasting, zone, needsRoster, now = Date.now }) {
    this.root = root;
    this.lasting = lasting;
    this.zone = zone;
    this.needsRoster = needsRoster;
    this.now = now;
    this.pending = 0;
    /** @type {Network} */
    this.network = { online: true, since: null, manual: false };
    /** @type {RosterState} */
    this.roster = { ready: false, at: null, tickets: 0, spares: 0 };
    /** @type {ShellState} */
    this.shell = { works: true, stored: false, waiting: false };
  }

  /** @param {Partial<{pending: number, network: Network, roster: RosterState, shell: ShellState}>} news */
  learn(news) {
    Object.assign(this, news);
    if (this.stopped) return;
    this.banner();
    this.ready();
    this.part('update').hidden = !this.shell.waiting || this.updateLater === true;
    find('[data-hook=give]', this.root).hidden = this.pending === 0;
  }

  /** @param {string} name */
  part(name) {
    return find(`[data-notice=${name}]`, this.root);
  }

  banner() {
    const { online, since, manual } = this.network;
    const words = WORDS.offline;
    const [now, zone] = [this.now(), this.zone()];
    const box = this.part('offline');
    box.hidden = online;
    findInput('[data-hook=manual-offline]', this.root).checked = manual;
    if (online) return;
    const time = said(since ?? now, now, zone);
    find('[data-offline-since]', box).textContent = manual ? words.manual(time) : words.since(time);
    find('[data-offline-waiting]', box).textContent = words.waiting(this.pending);
    find('[data-offline-roster]', box).textContent = !this.needsRoster() ? '' : this.roster.at ? words.roster(said(this.roster.at, now, zone)) : words.noRoster;
    find('[data-offline-stay]', box).hidden = this.lasting && this.shell.stored;
    find('[data-act=try-now]', box).hidden = manual;
    find('[data-act=work-offline]', box).hidden = manual;
    find('[data-act=work-online]', box).hidden = !manual;
  }

  ready() {
    const { ready, says } = readiness({ lasting: this.lasting, shell: this.shell, roster: this.roster, needsRoster: this.needsRoster(), now: this.now(), zone: this.zone() });
    const box = find('[data-hook=offline-ready]', this.root);
    box.dataset.ready = ready ? '1' : '0';
    find('[data-ready-say]', box).textContent = says;
    this.part('noworker').hidden = this.shell.works || !this.lasting || this.workerSeen === true;
  }

  /** @param {string} serverTime as the server has just said it */
  clock(serverTime) {
    const says = clockNotice(this.now() - Date.parse(serverTime));
    this.part('clock').hidden = !says;
    find('[data-clock]', this.root).textContent = says;
  }

  /** What this stopped phone has handed in, and what it could not. @param {import('./revocation.js').Ending} told */
  revoked({ pending, handed, refused }) {
    const words = WORDS.offline;
    const says = find('[data-revoked-handed]', this.root);
    says.hidden = !handed && !(refused && pending);
    says.textContent = [handed ? words.handedIn(handed) : '', refused && pending ? words.refusedIn(pending) : ''].join('');
    find('[data-revoked-pending]', this.root).hidden = pending === 0 || refused;
    find('[data-revoked-pending] [data-count]', this.root).textContent = String(pending);
    this.stopped = true;
    for (const name of ['offline', 'update', 'noworker']) this.part(name).hidden = true;
  }

  /** @param {'noworker' | 'update'} name */
  hide(name) {
    if (name === 'noworker') this.workerSeen = true;
    else this.updateLater = true;
    this.part(name).hidden = true;
  }
}
