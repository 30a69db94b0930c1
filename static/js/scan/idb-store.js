// @ts-check
/** Keeps rows and settings in IndexedDB, so that a reload, a closed tab or an empty battery loses nothing. */

import { MemoryStore } from './memory-store.js';

/**
 * @typedef {import('./memory-store.js').Row} Row
 * @typedef {import('./memory-store.js').RowState} RowState
 * @typedef {import('./memory-store.js').Store} Store
 * @typedef {import('./roster-index.js').RosterPage} RosterPage
 */

const NAME = 'eventsvc-scan';
/** Milliseconds after which what was written is forced onto the disk, many writes at once. */
const FORCED = 300;

/**
 * @template T
 * @param {IDBRequest<T>} request
 * @returns {Promise<T>}
 */
function answer(request) {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

/** Version 2 adds the roster and finds a device's queue by index; the rows of version 1 stay. @returns {Promise<IDBDatabase>} */
function open() {
  const request = indexedDB.open(NAME, 2);
  request.onupgradeneeded = ({ oldVersion }) => {
    const database = request.result;
    if (oldVersion < 1) {
      const fresh = database.createObjectStore('rows', { keyPath: 'id' });
      fresh.createIndex('state', ['state', 'seq']);
      fresh.createIndex('seq', 'seq');
      database.createObjectStore('settings');
    }
    const rows = /** @type {IDBTransaction} */ (request.transaction).objectStore('rows');
    rows.createIndex('device', ['state', 'device', 'seq']);
    database.createObjectStore('rosters', { keyPath: ['slug', 'seq'] });
  };
  return answer(request);
}

/** @param {string} slug @param {number} [after] */
const pagesOf = (slug, after = 0) => IDBKeyRange.bound([slug, after], [slug, Infinity], true);

/** @implements {Store} */
export class IdbStore {
  /** @param {IDBDatabase} database */
  constructor(database) {
    this.database = database;
    this.lasting = true;
    /** @type {any} */
    this.forcing = null;
    database.onversionchange = () => database.close();
  }

  /**
   * Writes and waits until the transaction is complete, not only the request: that is when the row outlives page and browser.
   * It outlives a power cut once it is on the disk too, which is seen to shortly after and not waited for (docs/decisions/0006-scanner.md).
   * @param {string} name
   * @param {(store: IDBObjectStore) => void} work
   * @param {boolean} [asked] whether `work` has asked for all that it wants, so that nothing need be waited for between
   * @returns {Promise<void>}
   */
  write(name, work, asked = false) {
    return new Promise((resolve, reject) => {
      const transaction = this.database.transaction(name, 'readwrite', { durability: 'relaxed' });
      transaction.oncomplete = () => resolve();
      transaction.onabort = transaction.onerror = () => reject(transaction.error);
      work(transaction.objectStore(name));
      if (asked) transaction.commit?.();
      if (name === 'rows') this.force();
    });
  }

  /** Has the browser put everything that was written so far onto the disk, soon and once. */
  force() {
    this.forcing ??= setTimeout(() => {
      this.forcing = null;
      try {
        this.database.transaction('settings', 'readwrite', { durability: 'strict' }).objectStore('settings').put(Date.now(), 'forced');
      } catch {
        // the database was closed meanwhile, for a newer version or with the page
      }
    }, FORCED);
  }

  /** @param {string} name */
  reading(name) {
    return this.database.transaction(name, 'readonly').objectStore(name);
  }

  /** @param {Row} row */
  put(row) {
    return this.write('rows', (store) => store.put(row), true);
  }

  /** @param {string} id @returns {Promise<Row | undefined>} */
  get(id) {
    return answer(this.reading('rows').get(id));
  }

  /** @param {RowState} state @param {number} [limit] oldest first @returns {Promise<Row[]>} */
  inState(state, limit) {
    return answer(this.reading('rows').index('state').getAll(IDBKeyRange.bound([state, 0], [state, Infinity]), limit));
  }

  /** @param {RowState} state */
  countState(state) {
    return answer(this.reading('rows').index('state').count(IDBKeyRange.bound([state, 0], [state, Infinity])));
  }

  /** @returns {Promise<Row[]>} oldest first */
  all() {
    return answer(this.reading('rows').index('seq').getAll());
  }

  /**
   * Reads, changes and writes rows in one transaction, so that another tab cannot write between.
   * @param {string[]} ids @param {(row: Row) => Row | null} work null leaves a row as it is
   * @returns {Promise<Row[]>} the rows as they are now
   */
  async change(ids, work) {
    /** @type {Row[]} */
    const now = [];
    await this.write('rows', (store) => {
      for (const id of ids) {
        const request = store.get(id);
        request.onsuccess = () => {
          if (!request.result) return;
          const next = work(request.result);
          if (next) store.put(next);
          now.push(next || request.result);
        };
      }
    });
    return now;
  }

  /** @param {string} device @param {number} [limit] oldest first @returns {Promise<Row[]>} */
  queuedOf(device, limit) {
    return answer(this.reading('rows').index('device').getAll(IDBKeyRange.bound(['queued', device, 0], ['queued', device, Infinity]), limit));
  }

  /**
   * @param {number} keep how many answered rows to keep; rows that wait for the server or a person always stay
   * @param {(row: Row) => boolean} [mayGo]
   */
  async prune(keep, mayGo = () => true) {
    for (const state of /** @type {RowState[]} */ (['kept', 'settled'])) {
      const surplus = (await this.countState(state)) - keep;
      if (surplus <= 0) continue;
      const old = (await this.inState(state, surplus)).filter(mayGo);
      if (old.length) await this.write('rows', (store) => old.forEach((row) => store.delete(row.id)));
    }
  }

  /** @param {string} slug @param {number} after pages that came later than this one, oldest first @param {number} [limit] @returns {Promise<{seq: number, page: RosterPage}[]>} */
  pages(slug, after, limit) {
    return answer(this.reading('rosters').getAll(pagesOf(slug, after), limit));
  }

  /** @param {string} slug @param {RosterPage} page @returns {Promise<number>} its number */
  addPage(slug, page) {
    return this.putPage(slug, page, false);
  }

  /** @param {string} slug @param {RosterPage} page in place of all */
  replacePages(slug, page) {
    return this.putPage(slug, page, true);
  }

  /** @param {string} slug @param {RosterPage} page @param {boolean} alone */
  async putPage(slug, page, alone) {
    let seq = 1;
    await this.write('rosters', (store) => {
      const last = store.openKeyCursor(pagesOf(slug), 'prev');
      last.onsuccess = () => {
        seq = (/** @type {[string, number] | undefined} */ (last.result?.key)?.[1] || 0) + 1;
        if (alone) store.delete(pagesOf(slug));
        store.put({ slug, seq, page });
      };
    });
    return seq;
  }

  /** @param {string} slug */
  dropPages(slug) {
    return this.write('rosters', (store) => store.delete(pagesOf(slug)));
  }

  /** @param {string} name */
  setting(name) {
    return answer(this.reading('settings').get(name));
  }

  /** @param {string} name @param {any} value @returns {Promise<boolean>} whether it outlives the page; nobody need mind where it does not */
  keep(name, value) {
    return this.write('settings', (store) => store.put(value, name), true).then(
      () => true,
      () => false,
    );
  }
}

/**
 * The best store that this browser grants; `lasting` is false where nothing survives a reload. A phone that is full, so that nothing
 * can be written, still shows and uploads what it holds.
 * @returns {Promise<import('./memory-store.js').Store>}
 */
export async function openStore() {
  try {
    const store = new IdbStore(await open());
    const writes = await store.keep('opened', Date.now());
    if (writes || (await store.countState('queued')) + (await store.countState('rejected'))) return store;
    return new MemoryStore(); // full, and nothing is in it that must be brought away
  } catch {
    return new MemoryStore();
  }
}
