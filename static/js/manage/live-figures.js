// @ts-check
/** Looks a figure up by its name in `stats`, and lays out the columns of a chart; no page, so that it can be tested alone. */

/**
 * The value of `entries`, `counter:KEY`, `counter:KEY:left`, `counter:KEY:out`, `counter:KEY:topic:NAME`, `checkpoint:KEY`.
 * @param {any} stats @param {string} name @returns {number | null} null where there is no such figure
 */
export function valueOf(stats, name) {
  const [kind, key, part, ...rest] = name.split(":");
  if (kind === "checkpoint") return found(stats.by_checkpoint, key)?.entries ?? null;
  if (kind !== "counter") return typeof stats[name] === "number" ? stats[name] : null;
  const counter = found(stats.counters, key);
  if (!counter) return null;
  if (part === "left") return counter.stock_left;
  if (part === "out") return counter.taken_out;
  if (part === "topic") return counter.by_topic[rest.join(":")] ?? 0;
  return counter.total;
}

/** @param {{key: string}[]} list @param {string} key @returns {any} */
const found = (list, key) => list.find((one) => one.key === key);

/**
 * Columns of a chart in a box of 0..100 by 0..40: the last `most` quarters.
 * @param {{at: string, entries: number}[]} quarters @param {number} [most]
 * @returns {{x: number, y: number, width: number, height: number, at: string, entries: number}[]}
 */
export function columns(quarters, most = 24) {
  const shown = quarters.slice(-most);
  const highest = Math.max(1, ...shown.map((quarter) => quarter.entries));
  const step = 100 / Math.max(shown.length, 8);
  return shown.map((quarter, index) => {
    const height = (quarter.entries / highest) * 32;
    return { ...quarter, x: index * step + step * 0.12, y: 36 - height, width: step * 0.76, height };
  });
}
