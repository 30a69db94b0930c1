// @ts-check
/**
 * What of this phone's queue can be handed to a colleague's phone, and what has been.
 *
 * Rows that were handed over stay queued here: if this phone reaches the network first it uploads them too, and their ids make one
 * record of both. Only the server's answer takes a row out of the queue, so a colleague who tapped too early loses nothing.
 *
 * @typedef {import('./memory-store.js').Row} Row
 * @typedef {import('./relay-frames.js').Bundle} Bundle
 */

/** So many rows go into one sequence of codes: about a hundred frames, twenty seconds a round. */
export const AT_MOST = 300;
const HANDED = 'handed';

/** @param {import('./memory-store.js').Store} store @returns {Promise<{handed: number, left: Row[]}>} `left`: oldest first */
export async function leftToHand(store) {
  const queued = await store.inState('queued');
  const ids = new Set((await store.setting(HANDED)) || []);
  const left = queued.filter((row) => !ids.has(row.id));
  return { handed: queued.length - left.length, left };
}

/** @param {import('./memory-store.js').Store} store @param {Row[]} rows a colleague's phone has said that it has them */
export async function markHanded(store, rows) {
  const queued = new Set((await store.inState('queued')).map((row) => row.id));
  const before = /** @type {string[]} */ ((await store.setting(HANDED)) || []).filter((id) => queued.has(id));
  await store.keep(HANDED, [...new Set([...before, ...rows.map((row) => row.id)])]);
}

/**
 * The rows by device, each with the token that may do nothing but upload that device's records; rows without one are left out.
 * @param {Row[]} rows
 * @param {(device: string) => {token: string, slug: string} | null} senderOf
 * @returns {Bundle[]}
 */
export function bundle(rows, senderOf) {
  /** @type {Map<string, Bundle>} */
  const bundles = new Map();
  for (const { device, seq, label, record } of rows) {
    const sender = senderOf(device);
    if (!sender) continue;
    const mine = bundles.get(device) || { device, ...sender, rows: [] };
    mine.rows.push({ seq, label, record });
    bundles.set(device, mine);
  }
  return [...bundles.values()];
}

/** @param {Bundle} bundle @returns {Row[]} as the outbox keeps them */
export function rowsOf({ device, rows }) {
  return rows.map(({ seq, label, record }) => ({ id: record.id, seq, device, state: 'queued', record, label, result: null, answeredAt: null }));
}

/** @param {number} total @param {() => number} [random] @returns {number[]} 0 … total-1 in a new order: a camera that misses every third frame misses others next time */
export function shuffled(total, random = Math.random) {
  const order = Array.from({ length: total }, (_, index) => index);
  for (let last = total - 1; last > 0; last -= 1) {
    const other = Math.floor(random() * (last + 1));
    [order[last], order[other]] = [order[other], order[last]];
  }
  return order;
}
