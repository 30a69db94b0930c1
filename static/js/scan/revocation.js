// @ts-check
/**
 * The end of a device: what it holds goes to quarantine (write-only, 72 hours), then what it knows of people is wiped.
 *
 * Nothing leaves the queue before the server has answered for it; where salvage is refused the rows stay and that is said.
 *
 * @typedef {import('./memory-store.js').Row} Row
 * @typedef {{pending: number, salvaged: boolean, handed: number, refused: boolean}} Ending
 *   `salvaged`: nothing waits any more; `handed`: so many are in quarantine; `refused`: the server does not take them
 */

import { rfc3339 } from '../lib/moment.js';
import { waitAfter } from './backoff.js';

const BATCH = 500;
const PATIENCE = 15000;

export class Revocation {
  /**
   * @param {{store: import('./memory-store.js').Store, transport: import('./transport.js').Transport, outbox: import('./outbox.js').Outbox,
   *          roster: import('./roster.js').Roster, own: () => string, onStop: () => void, onState: (ending: Ending) => void, onWiped: () => void, onBack: () => void, now?: () => number,
   *          wait?: (work: () => void, milliseconds: number) => any}} options
   *   `own`: this phone's device; others whose queue it has taken over may end without it; `onBack`: it is not revoked after all
   */
  constructor({ store, transport, outbox, roster, own, onStop, onState, onWiped, onBack, now = Date.now, wait = (work, milliseconds) => setTimeout(work, milliseconds) }) {
    this.store = store;
    this.transport = transport;
    this.outbox = outbox;
    this.roster = roster;
    this.own = own;
    this.onStop = onStop;
    this.onState = onState;
    this.onWiped = onWiped;
    this.onBack = onBack;
    this.now = now;
    this.wait = wait;
    /** @type {Set<string>} devices whose queue is being handed in */
    this.underway = new Set();
  }

  /**
   * The server has said that it does not know a device any more: nothing more is recorded by it.
   * @param {string} device @param {string} code of the refusal; only `device_revoked` is the organizer's will
   */
  async of(device, code) {
    const own = device === this.own();
    if (own) this.onStop();
    if (code !== 'device_revoked') {
      if (own) this.onState({ pending: (await this.store.queuedOf(device)).length, salvaged: false, handed: 0, refused: false });
      return;
    }
    if (own) await this.roster.wipe().catch(() => undefined);
    if (!(await this.handIn(device)) || !own) return;
    await this.wipe();
    this.onWiped();
  }

  /** @param {string} device @returns {Promise<boolean>} whether this device was told before that it is revoked */
  async isOver(device) {
    return Boolean((await this.store.setting('revoked'))?.[device]);
  }

  /** Hands in all that waits of a device, however often the network breaks. @param {string} device @returns {Promise<boolean>} whether that is over */
  async handIn(device) {
    if (this.underway.has(device)) return false;
    this.underway.add(device);
    const told = (await this.store.setting('revoked')) || {};
    let ending = { pending: 0, salvaged: false, refused: false, ...told[device], handed: told[device]?.handed || 0 };
    let failures = 0;
    let batch = BATCH;
    for (;;) {
      const rows = await this.store.queuedOf(device, batch);
      ending = { ...ending, pending: (await this.store.queuedOf(device)).length, salvaged: rows.length === 0, refused: false };
      await this.say(device, ending);
      if (!rows.length) break;
      const { outcome, handed, retryAfter } = await this.hand(device, rows);
      if (outcome === 'back') {
        this.underway.delete(device);
        await this.forget(device);
        if (device === this.own()) this.onBack();
        return false;
      }
      if (outcome === 'refused' && rows.length === 1) {
        await this.say(device, { ...ending, refused: true });
        break;
      }
      if (outcome === 'refused') batch = Math.max(1, Math.floor(rows.length / 2));
      ending.handed += handed;
      failures = outcome === 'unreached' ? failures + 1 : 0;
      if (failures) await new Promise((resolve) => this.wait(() => resolve(undefined), waitAfter(failures, retryAfter)));
    }
    this.underway.delete(device);
    return true;
  }

  /**
   * @param {string} device @param {Row[]} rows
   * @returns {Promise<{outcome: 'taken' | 'unreached' | 'refused' | 'back', handed: number, retryAfter: number | null}>}
   */
  async hand(device, rows) {
    const sender = this.outbox.sender(device);
    const nothing = { handed: 0, retryAfter: null };
    if (!sender) return { outcome: 'refused', ...nothing };
    const body = { sent_at: rfc3339(new Date(this.now())), queued: 0, records: rows.map((row) => row.record) };
    const reply = await this.transport.send('POST', `/events/${encodeURIComponent(sender.slug)}/salvage`, body, { token: sender.token, timeout: PATIENCE });
    if (reply.kind === 'refused') return { outcome: reply.code === 'not_revoked' ? 'back' : 'refused', ...nothing };
    if (reply.kind === 'unreached') return { outcome: 'unreached', handed: 0, retryAfter: reply.retryAfter };
    const results = Array.isArray(reply.body?.results) ? reply.body.results : [];
    const answered = await this.outbox.settle(rows, results);
    const handed = results.filter((/** @type {any} */ each) => each?.status === 'quarantined').length;
    return answered ? { outcome: 'taken', handed, retryAfter: null } : { outcome: 'unreached', ...nothing };
  }

  /** @param {string} device @param {Ending} ending */
  async say(device, ending) {
    await this.store.keep('revoked', { ...(await this.store.setting('revoked')), [device]: ending }).catch(() => undefined);
    if (device === this.own()) this.onState(ending);
  }

  /** @param {string} device */
  async forget(device) {
    const { [device]: _, ...others } = (await this.store.setting('revoked')) || {};
    await this.store.keep('revoked', others);
    this.outbox.revoked.delete(device);
  }

  /** Takes what says something of people out of the rows that this phone still keeps; what is not handed in keeps its content. */
  async wipe() {
    const rows = await this.store.all();
    return this.store.change(rows.map((row) => row.id), withoutPeople);
  }
}

/** @param {Row} row @returns {Row} */
export function withoutPeople(row) {
  /** @param {Record<string, any> | null | undefined} result */
  const bare = (result) => (result ? { ...result, name: null, note: null } : result);
  const record = row.state === 'queued' ? row.record : { ...row.record, ...('name' in row.record ? { name: null, phone: null } : {}), ...(row.record.answers ? { answers: null } : {}) };
  const label = row.record.type === 'tally' ? row.label : '';
  return { ...row, record, label, result: bare(row.result) ?? null, local: bare(row.local) };
}
