// @ts-check
/**
 * Finds whose ticket a code is, from what this phone has learnt in the last minutes, else from the server's look-up.
 *
 * The offline roster becomes one more source, asked first; the door does not notice.
 *
 * @typedef {import('./plan.js').Person} Person
 * @typedef {import('./plan.js').Found} Found
 */

const REMEMBER = 10 * 60 * 1000;
const PATIENCE = 4000;
const PATIENCE_OFFLINE = 1500;

export class Finder {
  /**
   * @param {{transport: import('./transport.js').Transport, slug: () => string, report?: (online: boolean) => void, onRevoked?: () => void,
   *          allowed?: () => boolean, online?: () => boolean, now?: () => number}} options
   *   `allowed`: whether this phone may look people up at all; `online`: what the last request found
   */
  constructor({ transport, slug, report = () => {}, onRevoked = () => {}, allowed = () => true, online = () => true, now = Date.now }) {
    this.transport = transport;
    this.slug = slug;
    this.report = report;
    this.onRevoked = onRevoked;
    this.allowed = allowed;
    this.online = online;
    this.now = now;
    /** @type {Map<string, {person: Person, at: number}>} by code or 签到码 */
    this.known = new Map();
  }

  /** @param {string} code a ticket's code or 签到码 @returns {Promise<Found>} */
  async byCode(code) {
    if (!this.allowed()) return { kind: 'denied' };
    const known = this.known.get(code);
    if (known && this.now() - known.at < REMEMBER) return { kind: 'found', rows: [known.person] };
    const { found, slow } = await this.search(code);
    if (slow) return { kind: 'denied' };
    if (found.kind === 'found' && found.rows.length === 1) this.known.set(code, { person: found.rows[0], at: this.now() });
    return found;
  }

  /**
   * @param {string} q name, initials, phone tail, 签到码 or code; travels in the body, never in an address
   * @returns {Promise<{found: Found, slow: boolean}>} `slow`: the server asks for patience
   */
  async search(q) {
    const reply = await this.transport.send('POST', `/events/${encodeURIComponent(this.slug())}/lookup`, { q }, { timeout: this.online() ? PATIENCE : PATIENCE_OFFLINE });
    if (reply.kind === 'unreached') {
      if (reply.retryAfter === null) this.report(false);
      return { found: { kind: 'unreached' }, slow: reply.retryAfter !== null };
    }
    this.report(true);
    if (reply.kind === 'refused' && reply.status === 401) this.onRevoked();
    if (reply.kind === 'refused') return { found: { kind: 'denied' }, slow: false };
    const rows = Array.isArray(reply.body) ? reply.body : reply.body?.items || [];
    return { found: rows.length ? { kind: 'found', rows } : { kind: 'none' }, slow: false };
  }

  /**
   * What an answer to a check-in tells of its ticket.
   * @param {string | null} code
   * @param {string} place the checkpoint's key
   * @param {Record<string, any>} result
   */
  learn(code, place, result) {
    const known = code ? this.known.get(code) : null;
    if (!known || typeof result.used !== 'number') return;
    const used = typeof known.person.used === 'object' && known.person.used ? known.person.used : {};
    known.person = { ...known.person, used: { ...used, [place]: result.used } };
  }

  /** After an undo nothing remembered is sure any more. */
  forget() {
    this.known.clear();
  }
}
