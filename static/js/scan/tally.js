// @ts-check
/**
 * A counter's figures: what the server last said plus this phone's taps that cannot be in it yet.
 *
 * @typedef {import('./memory-store.js').Row} Row
 * @typedef {{total: number, out: number, stockLeft: number | null, byTopic: Record<string, number>}} Totals
 * @typedef {{key: string, total?: number, tapped?: number, taken_out?: number, stock_left?: number | null, basis?: string, by_topic?: Record<string, number>}} CounterFigure
 */

/**
 * The effect of this phone's own taps and undos on one counter since the server was last asked.
 * @param {import('./journal.js').Journal} journal
 * @param {string} counter
 * @param {number} askedAt when the request for the server's figures began; what was answered before is in them
 * @returns {{in: number, out: number, byTopic: Record<string, number>}}
 */
export function ownSince(journal, counter, askedAt) {
  const effect = { in: 0, out: 0, byTopic: /** @type {Record<string, number>} */ ({}) };
  for (const row of journal.newest()) {
    const fresh = row.state === 'queued' || (row.state === 'kept' && row.answeredAt !== null && row.answeredAt >= askedAt);
    if (!fresh) continue;
    const target = row.record.type === 'undo' ? journal.byId.get(row.record.undoes) : row;
    const tap = target?.record;
    if (!tap || tap.type !== 'tally' || tap.counter !== counter || tap.basis !== 'tapped') continue;
    const signed = row.record.type === 'undo' ? -tap.quantity : tap.quantity;
    if (tap.direction === 'out') effect.out += signed;
    else effect.in += signed;
    if (tap.topic && tap.direction !== 'out') effect.byTopic[tap.topic] = (effect.byTopic[tap.topic] || 0) + signed;
  }
  return effect;
}

/**
 * @param {CounterFigure | undefined} figure the server's, undefined before its first answer
 * @param {{in: number, out: number, byTopic: Record<string, number>}} own
 * @returns {Totals} `total` is what has been tapped, even where the brief uses the stocktake
 */
export function merge(figure, own) {
  const byTopic = { ...(figure?.by_topic || {}) };
  for (const [topic, count] of Object.entries(own.byTopic)) byTopic[topic] = (byTopic[topic] || 0) + count;
  const stockLeft = figure?.stock_left ?? null;
  return {
    total: ((figure?.basis === 'stocktake' ? figure.tapped : figure?.total) ?? 0) + own.in,
    out: (figure?.taken_out ?? 0) + own.out,
    stockLeft: stockLeft === null || figure?.basis === 'stocktake' ? stockLeft : stockLeft - own.in,
    byTopic,
  };
}

/**
 * Stocktake: taken − left. The server takes 1 to 9999.
 * @param {string | number} taken
 * @param {string | number} left
 * @returns {{quantity: number} | {fault: 'incomplete' | 'more_left_than_taken' | 'nothing_given' | 'too_many'}}
 */
export function stocktake(taken, left) {
  const [had, has] = [taken, left].map((value) => (/^\s*\d{1,6}\s*$/.test(String(value)) ? Number(value) : NaN));
  if (Number.isNaN(had) || Number.isNaN(has)) return { fault: 'incomplete' };
  if (has > had) return { fault: 'more_left_than_taken' };
  if (has === had) return { fault: 'nothing_given' };
  if (had - has > 9999) return { fault: 'too_many' };
  return { quantity: had - has };
}
