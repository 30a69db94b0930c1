// @ts-check
/**
 * A queue as a sequence of short texts for QR codes, and back: no network, any order, frames lost or seen twice.
 *
 * A frame is `EVQ1:SESSION:INDEX:TOTAL:DATA`, all of it in the QR alphabet of 45 characters, so that 300 of them fit version 10 at
 * level M. SESSION is the CRC-32 of the whole, so that parts of two queues never mix and a damaged whole is noticed. DATA is base45
 * (RFC 9285) of a slice of: four bytes with the length of the JSON, then the JSON, deflated.
 *
 * @typedef {{seq: number, label: string, record: Record<string, any>}} Passed one row of the queue
 * @typedef {{device: string, token: string, slug: string, rows: Passed[]}} Bundle the rows of one device and the token that may upload them
 * @typedef {{kind: 'part', have: number, total: number, missing: number[]} | {kind: 'again', count: number} | {kind: 'broken'}
 *         | {kind: 'whole', bundles: Bundle[]}} Taken
 */

import { deflateSync, inflateSync } from '../../vendor/fflate-0.8.3/deflate.js';

const PREFIX = 'EVQ1:';
const SHAPE = /^EVQ1:([0-9A-Z]{7}):(\d{1,3}):(\d{1,3}):([0-9A-Z $%*+./:-]+)$/;
const ALPHABET = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:';
/** Bytes in a frame: 276 characters, with the head at most 297. */
const SLICE = 184;
/** More is no queue of ours: 300 rows take about a hundred frames. */
const MOST_FRAMES = 400;
const MOST_BYTES = 2_000_000;
/** Queues whose parts are kept at once, in case two colleagues show theirs in turn. */
const SESSIONS = 3;
const UPLOAD_TOKEN = /^eu_[\w.-]{1,200}$/;
const ID = /^[0-9a-f-]{36}$/i;

/** @param {Uint8Array} bytes @returns {number} */
export function crc32(bytes) {
  let crc = ~0;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit += 1) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
  }
  return ~crc >>> 0;
}

/** @param {Uint8Array} bytes @returns {string} */
export function base45(bytes) {
  let text = '';
  for (let at = 0; at < bytes.length; at += 2) {
    const pair = at + 1 < bytes.length;
    let number = pair ? bytes[at] * 256 + bytes[at + 1] : bytes[at];
    for (let digit = pair ? 3 : 2; digit > 0; digit -= 1) {
      text += ALPHABET[number % 45];
      number = Math.floor(number / 45);
    }
  }
  return text;
}

/** @param {string} text @returns {Uint8Array | null} null where it is no base45 */
export function fromBase45(text) {
  if (text.length % 3 === 1) return null;
  /** @type {number[]} */
  const bytes = [];
  for (let at = 0; at < text.length; at += 3) {
    const digits = [...text.slice(at, at + 3)].map((each) => ALPHABET.indexOf(each));
    const number = digits.reduceRight((sum, digit) => sum * 45 + digit, 0);
    if (digits.includes(-1) || number >= (digits.length === 3 ? 65536 : 256)) return null;
    if (digits.length === 3) bytes.push(number >> 8);
    bytes.push(number & 255);
  }
  return Uint8Array.from(bytes);
}

/** @param {string} text @returns {boolean} whether it is a part of a queue, and no ticket */
export const isFrame = (text) => text.startsWith(PREFIX);

/** @param {Bundle[]} bundles @returns {string[]} */
export function toFrames(bundles) {
  const json = new TextEncoder().encode(JSON.stringify(bundles));
  const packed = deflateSync(json, { level: 9 });
  const whole = new Uint8Array(4 + packed.length);
  new DataView(whole.buffer).setUint32(0, json.length);
  whole.set(packed, 4);
  const session = crc32(whole).toString(36).toUpperCase().padStart(7, '0');
  const total = Math.ceil(whole.length / SLICE);
  return Array.from({ length: total }, (_, index) => `${PREFIX}${session}:${index + 1}:${total}:${base45(whole.subarray(index * SLICE, (index + 1) * SLICE))}`);
}

/** @param {Uint8Array[]} parts @param {string} session @returns {Bundle[] | null} null where it is damaged or not of ours */
function assemble(parts, session) {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  if (whole.length < 5 || crc32(whole).toString(36).toUpperCase().padStart(7, '0') !== session) return null;
  const length = new DataView(whole.buffer).getUint32(0);
  if (length > MOST_BYTES) return null;
  try {
    const bundles = JSON.parse(new TextDecoder().decode(inflateSync(whole.subarray(4), { out: new Uint8Array(length) })));
    return Array.isArray(bundles) && bundles.length > 0 && bundles.every(isBundle) ? bundles : null;
  } catch {
    return null;
  }
}

/** @param {any} bundle @returns {bundle is Bundle} */
function isBundle(bundle) {
  const named = Boolean(bundle) && typeof bundle.device === 'string' && typeof bundle.slug === 'string' && UPLOAD_TOKEN.test(bundle.token);
  return named && Array.isArray(bundle.rows) && bundle.rows.every((/** @type {any} */ row) => typeof row?.seq === 'number' && typeof row.label === 'string' && ID.test(row.record?.id));
}

export class FrameCollector {
  constructor() {
    /** @type {Map<string, {total: number, parts: Map<number, Uint8Array>}>} by session, the latest last */
    this.open = new Map();
    /** @type {Map<string, number>} sessions that have arrived, with how many rows they had */
    this.whole = new Map();
  }

  /**
   * @param {string} text
   * @returns {Taken | null} null for what is no frame of a queue that can be
   */
  take(text) {
    const [, session, number, of, data] = SHAPE.exec(text) || [];
    const [index, total] = [Number(number), Number(of)];
    const bytes = data ? fromBase45(data) : null;
    if (!bytes || index < 1 || index > total || total > MOST_FRAMES) return null;
    const count = this.whole.get(session);
    if (count !== undefined) return { kind: 'again', count };
    const queue = this.queue(session, total);
    if (queue.total !== total) return null;
    queue.parts.set(index, bytes);
    if (queue.parts.size < total) {
      const missing = Array.from({ length: total }, (_, at) => at + 1).filter((each) => !queue.parts.has(each));
      return { kind: 'part', have: queue.parts.size, total, missing };
    }
    this.open.delete(session);
    const bundles = assemble(Array.from({ length: total }, (_, at) => /** @type {Uint8Array} */ (queue.parts.get(at + 1))), session);
    if (!bundles) return { kind: 'broken' };
    this.whole.set(session, bundles.reduce((sum, bundle) => sum + bundle.rows.length, 0));
    return { kind: 'whole', bundles };
  }

  /** @param {string} session @param {number} total */
  queue(session, total) {
    const queue = this.open.get(session) || { total, parts: new Map() };
    this.open.delete(session);
    this.open.set(session, queue);
    for (const old of [...this.open.keys()].slice(0, -SESSIONS)) this.open.delete(old);
    return queue;
  }

  /** What could not be kept may be shown once more. */
  forget() {
    this.open.clear();
    this.whole.clear();
  }
}
