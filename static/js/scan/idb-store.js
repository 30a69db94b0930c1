// @ts-check
/** Keeps rows and settings in IndexedDB, so that a reload, a closed tab or an empty battery loses nothing. */

import { MemoryStore } from './memory-store.js';

/**
 * @typedef {import('./memory-store.js').Row} Row
 * @typedef {import('./memory-store.js').RowState} RowState
 * @typedef {import('./memory-store.js').Store} Store
 */

const NAME = 'eventsvc-scan';

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

/** @returns {Promise<IDBDatabase>} */
function open() {
  const request = indexedDB.open(NAME, 1);
  request.onupgradeneeded = () => {
    const rows = request.result.createObjectStore('rows', { keyPath: 'id' });
    rows.createIndex('state', ['state', 'seq']);
    rows.createIndex('seq', 'seq');
    request.result.createObjectStore('settings');
  };
  return answer(request);
}

/** @implements {Store} */
export class IdbStore {
  /** @param {IDBDatabase} database */
  constructor(database) {
    this.database = database;
    this.lasting = true;
    database.onversionchange = () => database.close();
  }

  /**
   * Writes and waits until the transaction is complete, not only the request: that is when the row is safe.
   * @param {string} name
   * @param {(store: IDBObjectStore) => void} work
   * @returns {Promise<void>}
   */
  write(name, work) {
    return new Promise((resolve, reject) => {
      const transaction = this.database.transaction(name, 'readwrite');
      transaction.oncomplete = () => resolve();
      transaction.onabort = transaction.onerror = () => reject(transaction.error);
      work(transaction.objectStore(name));
    });
  }

  /** @param {string} name */
  reading(name) {
    return this.database.transaction(name, 'readonly').objectStore(name);
  }

  /** @param {Row} row */
  put(row) {
    return this.write('rows', (store) => store.put(row));
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

  /** @param {number} limit newest first @returns {Promise<Row[]>} */
  recent(limit) {
    return new Promise((resolve, reject) => {
      /** @type {Row[]} */
      const found = [];
      const request = this.reading('rows').index('seq').openCursor(null, 'prev');
      request.onerror = () => reject(request.error);
      request.onsuccess = () => {
        const cursor = request.result;
        if (!cursor || found.length >= limit) return resolve(found);
        found.push(cursor.value);
        cursor.continue();
      };
    });
  }

  /** @param {number} keep how many answered rows to keep; rows that wait for the server or a person always stay */
  async prune(keep) {
    for (const state of /** @type {RowState[]} */ (['kept', 'settled'])) {
      const surplus = (await this.countState(state)) - keep;
      if (surplus <= 0) continue;
      const old = await this.inState(state, surplus);
      await this.write('rows', (store) => old.forEach((row) => store.delete(row.id)));
    }
  }

  /** @param {string} name */
  setting(name) {
    return answer(this.reading('settings').get(name));
  }

  /** @param {string} name @param {any} value */
  keep(name, value) {
    return this.write('settings', (store) => store.put(value, name));
  }
}

/**
 * The best store that this browser grants; `lasting` is false where nothing survives a reload.
 * @returns {Promise<import('./memory-store.js').Store>}
 */
export async function openStore() {
  try {
    const store = new IdbStore(await open());
    await store.keep('opened', Date.now());
    return store;
  } catch {
    return new MemoryStore();
  }
}
