// @ts-check
/**
 * The page's side of the service worker: stored or not, a new version waiting or not. Everything works without one too, as long as
 * the page stays open (WeChat on iOS has none).
 *
 * @typedef {{works: boolean, stored: boolean, waiting: boolean}} ShellState `works`: this browser can store the shell; `stored`: it
 *   has done so, as looked up in the cache itself; `waiting`: a newer one is there
 */

const AGAIN = 30_000;
const LOOK_FOR_NEW = 30 * 60_000;

/** @returns {string} the version of this page */
export function shellVersion() {
  return document.documentElement.dataset.shell || '';
}

/**
 * Whether every page and file of a version lies in its cache: what the worker has written down is looked up one by one.
 * @param {CacheStorage | undefined} storage
 * @param {string} version
 * @returns {Promise<boolean>}
 */
export async function isStored(storage, version) {
  try {
    if (!storage || !version || !(await storage.has(`scan-${version}`))) return false;
    const cache = await storage.open(`scan-${version}`);
    const list = await (await cache.match('/scan/whole'))?.json();
    const there = new Set((await cache.keys()).map(({ url }) => new URL(url).pathname + new URL(url).search));
    return Array.isArray(list) && list.length > 0 && list.every((address) => there.has(address));
  } catch {
    return false;
  }
}

export class Shell {
  /** @param {{onState: (state: ShellState) => void, reload: () => void, script?: string, scope?: string}} options */
  constructor({ onState, reload, script = '/scan/worker.js', scope = '/scan' }) {
    this.onState = onState;
    this.reload = reload;
    this.script = script;
    this.scope = scope;
    /** @type {ShellState} */
    this.state = { works: Boolean(navigator.serviceWorker), stored: false, waiting: false };
    /** @type {ServiceWorkerRegistration | null} */
    this.registration = null;
    this.asked = false;
  }

  /** Registers, and goes on trying while it is not stored. */
  async start() {
    const workers = navigator.serviceWorker;
    if (!workers) return this.onState(this.state);
    workers.addEventListener('controllerchange', () => this.asked && this.reload());
    await this.register();
    setInterval(() => void (this.state.stored ? this.look() : this.register()), AGAIN);
    setInterval(() => {
      if (document.visibilityState === 'visible') void this.registration?.update().catch(() => undefined);
    }, LOOK_FOR_NEW);
    addEventListener('online', () => void (this.state.stored || this.register()));
  }

  async register() {
    try {
      this.registration = await navigator.serviceWorker.register(this.script, { scope: this.scope, updateViaCache: 'none' });
      this.registration.onupdatefound = () => this.watch();
      this.watch();
    } catch (error) {
      this.registration = (await navigator.serviceWorker.getRegistration(this.scope).catch(() => null)) || null;
      const refused = !(error instanceof TypeError); // a TypeError only says that the script was not reached
      if (!this.registration && refused) this.state.works = false;
    }
    await this.look();
  }

  watch() {
    const installing = this.registration?.installing;
    if (installing) installing.onstatechange = () => void this.look();
  }

  /** Looks up how things really are. */
  async look() {
    const active = this.registration?.active;
    const stored = Boolean(active) && (await isStored(globalThis.caches, shellVersion()));
    this.state = { works: this.state.works || stored, stored, waiting: Boolean(active && this.registration?.waiting) };
    active?.postMessage(`${stored ? 'running' : 'fill'} ${shellVersion()}`);
    this.onState(this.state);
  }

  /** The waiting version takes over and this page opens anew in it; rows that wait stay where they are. */
  update() {
    this.asked = true;
    this.registration?.waiting?.postMessage('take over');
  }
}

/** What the worker shows from now on. @param {string} lang `zh` or `en` @param {string} display */
export async function keepLook(lang, display) {
  const cache = await globalThis.caches?.open('scan-look').catch(() => null);
  await cache?.put('/scan/look', new Response(`lang=${lang}&display=${display}`)).catch(() => undefined);
}
