// @ts-check
/**
 * Who this phone is: its token, scopes and event, kept in IndexedDB beside the queue, refreshed from the device cookie.
 *
 * @typedef {{key: string, name: string, rule: string, entrance?: boolean}} Checkpoint
 * @typedef {{key: string, name: string, kind: string, unit: string, verb: string, steps: number[], stock: number | null, topics: string[]}} Counter
 * @typedef {{slug: string, title: string, short_title?: string | null, timezone: string, status: string, registration?: {max_party?: number}, demo?: boolean,
 *            rehearsal?: boolean, starts_at?: string | null, ends_at?: string | null, checkpoints: Checkpoint[], counters: Counter[]}} ScanEvent
 * @typedef {{token: string, upload_token?: string, device: {id: string, name: string, scopes: string[], checkpoints: string[]}, operator: string, event: ScanEvent}} Session
 */

/** @param {any} answer @returns {answer is Session} */
function looksRight(answer) {
  return Boolean(answer && typeof answer.token === 'string' && answer.device?.id && answer.event?.slug);
}

/**
 * @param {string} path of our own pages, with the device cookie
 * @returns {Promise<{status: number, body: any} | null>} null where it was not reached
 */
export async function postWithCookie(path) {
  try {
    const response = await fetch(path, { method: 'POST', headers: { 'X-Requested-With': 'scan', Accept: 'application/json' }, credentials: 'same-origin', cache: 'no-store', signal: AbortSignal.timeout?.(8000) });
    return { status: response.status, body: await response.json().catch(() => null) };
  } catch {
    return null;
  }
}

export class SessionKeeper {
  /** @param {import('./memory-store.js').Store} store */
  constructor(store) {
    this.store = store;
    /** @type {Record<string, {token: string, slug: string, upload_token?: string}>} every device that this browser was or took a queue from, for rows still waiting */
    this.senders = {};
  }

  /** @returns {Promise<Session | null>} what this phone knows without asking */
  async kept() {
    this.senders = (await this.store.setting('senders')) || {};
    const session = await this.store.setting('session');
    return looksRight(session) ? session : null;
  }

  /**
   * Asks by the device cookie who this browser is now: it may have joined another event, or the event may have changed.
   * @param {string} path
   * @returns {Promise<{session: Session | null, reached: boolean}>}
   */
  async fetch(path) {
    const reply = await postWithCookie(path);
    if (!reply) return { session: null, reached: false };
    if (reply.status !== 200 || !looksRight(reply.body)) return { session: null, reached: true };
    await this.keep(reply.body);
    return { session: reply.body, reached: true };
  }

  /** Another phone's queue is sent with that phone's token. @param {string} device @param {{token: string, slug: string, upload_token?: string}} sender */
  async remember(device, sender) {
    this.senders[device] = sender;
    await this.store.keep('senders', this.senders);
  }

  /** @param {Session} session */
  async keep(session) {
    const known = await this.store.setting('session');
    if (known && known.device?.id === session.device.id && known.operator) session.operator = known.operator;
    const upload = session.upload_token || this.senders[session.device.id]?.upload_token;
    await this.remember(session.device.id, { token: session.token, slug: session.event.slug, ...(upload ? { upload_token: upload } : {}) });
    await this.store.keep('session', session);
  }

  /** Change of shift: the queue stays, each row keeps who made it. @param {Session} session @param {string} operator */
  async changeOperator(session, operator) {
    session.operator = operator;
    await this.store.keep('session', session);
  }
}

/** @param {Session} session @returns {Checkpoint[]} where this phone may scan; none named = all */
export function placesOf(session) {
  const named = session.device.checkpoints || [];
  return (session.event.checkpoints || []).filter((place) => !named.length || named.includes(place.key));
}

/** @param {Session} session @returns {Counter[]} material is typed by the organizer, not tapped */
export function countersOf(session) {
  return (session.event.counters || []).filter((counter) => counter.kind !== 'material');
}
