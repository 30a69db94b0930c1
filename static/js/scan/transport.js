// @ts-check
/**
 * One request to the API, told apart: answered, refused by the server for good, or not reached (retry later).
 *
 * What counts is the answer's shape, not `navigator.onLine`: a captive portal says 200 with a page of its own.
 *
 * @typedef {{kind: 'answer', body: any}
 *         | {kind: 'refused', status: number, code: string, message: string}
 *         | {kind: 'unreached', retryAfter: number | null}} Reply
 */

/**
 * @param {Response} response
 * @returns {number | null} milliseconds
 */
function retryAfter(response) {
  const seconds = Number(response.headers.get('Retry-After'));
  return Number.isFinite(seconds) && seconds > 0 ? seconds * 1000 : null;
}

export class Transport {
  /**
   * @param {{base: string, token: () => string | null, fetch?: typeof fetch, timeout?: number}} options
   */
  constructor({ base, token, fetch = globalThis.fetch.bind(globalThis), timeout = 8000 }) {
    this.base = base;
    this.token = token;
    this.fetch = fetch;
    this.timeout = timeout;
  }

  /**
   * @param {string} method
   * @param {string} path below the API's base
   * @param {any} [body]
   * @param {{timeout?: number, token?: string | null}} [options]
   * @returns {Promise<Reply>}
   */
  async send(method, path, body, { timeout = this.timeout, token = this.token() } = {}) {
    const stop = new AbortController();
    const timer = setTimeout(() => stop.abort(), timeout);
    try {
      const response = await this.fetch(this.base + path, {
        method,
        headers: { Accept: 'application/json', ...(body === undefined ? {} : { 'Content-Type': 'application/json' }), ...(token ? { Authorization: `Bearer ${token}` } : {}) },
        body: body === undefined ? undefined : JSON.stringify(body),
        credentials: 'omit',
        cache: 'no-store',
        signal: stop.signal,
      });
      if (response.status >= 500 || response.status === 408 || response.status === 425 || response.status === 429) {
        return { kind: 'unreached', retryAfter: retryAfter(response) };
      }
      if (!/json/.test(response.headers.get('Content-Type') || '')) return { kind: 'unreached', retryAfter: null };
      const answered = await response.json();
      if (response.ok) return { kind: 'answer', body: answered };
      return { kind: 'refused', status: response.status, code: String(answered.code || response.status), message: String(answered.detail || answered.title || '') };
    } catch {
      return { kind: 'unreached', retryAfter: null };
    } finally {
      clearTimeout(timer);
    }
  }
}
