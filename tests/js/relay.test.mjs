// @ts-check
/** A queue as QR frames: whole again after any order, loss and repetition; damage, strangers and other queues never get in. */

import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { test } from 'node:test';
import { FrameCollector, base45, crc32, fromBase45, isFrame, toFrames } from '../../static/js/scan/relay-frames.js';
import { AT_MOST, bundle, leftToHand, markHanded, rowsOf, shuffled } from '../../static/js/scan/relay-queue.js';
import { RelayTake } from '../../static/js/scan/relay-take.js';
import { MemoryStore } from '../../static/js/scan/memory-store.js';
import { parseTicketText } from '../../static/js/scan/ticket-text.js';
import { encodeQR } from '../../static/vendor/qr-0.7.0/encode.js';

const DEVICE = 'device-a';
const SENDER = { token: 'eu_device-a_0123456789abcdef', slug: 'fair' };

/** @param {number} count @param {string} [device] */
function queue(count, device = DEVICE) {
  return Array.from({ length: count }, (_, index) => ({
    id: randomUUID(), seq: 1000 + index, device, state: 'queued', label: '王*芳', result: null, answeredAt: null,
    record: { id: '', type: 'checkin', checkpoint: 'gate', ticket: 'ABCDEFGHJKMNPQRSTVW'.slice(index % 5) + index, ref: null, count: 1, at: `2026-08-14T19:${String(index % 60).padStart(2, '0')}:11.042+08:00`, operator: '志愿者甲', decided: 'admitted' },
  })).map((row) => ({ ...row, record: { ...row.record, id: row.id } }));
}

/** @param {any[]} rows */
const framesOf = (rows) => toFrames(bundle(rows, () => SENDER));

/** A small repeatable source of numbers between 0 and 1. @param {number} seed */
function random(seed) {
  return () => ((seed = (seed * 1103515245 + 12345) % 2147483648) / 2147483648);
}

test('base45 is that of RFC 9285', () => {
  const text = (/** @type {string} */ plain) => base45(new TextEncoder().encode(plain));
  assert.equal(text('AB'), 'BB8');
  assert.equal(text('Hello!!'), '%69 VD92EX0');
  assert.equal(text('base-45'), 'UJCLQE7W581');
  assert.equal(new TextDecoder().decode(/** @type {Uint8Array} */ (fromBase45('QED8WEX0'))), 'ietf!');
  for (const bad of ['GGW', 'A', 'ab0', '::::']) assert.equal(fromBase45(bad), null, bad);
  assert.equal(crc32(new TextEncoder().encode('123456789')), 0xcbf43926);
});

test('300 rows come back whole from frames shuffled, lost and repeated, in every run', () => {
  const rows = queue(AT_MOST);
  const frames = framesOf(rows);
  for (let seed = 1; seed <= 40; seed += 1) {
    const chance = random(seed);
    const collector = new FrameCollector();
    /** @type {any} */
    let taken = null;
    for (let round = 0; round < 60 && taken?.kind !== 'whole'; round += 1) {
      for (const index of shuffled(frames.length, chance)) {
        if (chance() < 0.4) continue;
        taken = collector.take(frames[index]);
        if (chance() < 0.2 && taken.kind !== 'whole') taken = collector.take(frames[index]);
        if (taken.kind === 'whole') break;
      }
    }
    assert.equal(taken.kind, 'whole', `seed ${seed}`);
    assert.deepEqual(taken.bundles.flatMap(rowsOf), rows);
    assert.equal(taken.bundles[0].token, SENDER.token);
    assert.deepEqual(collector.take(frames[0]), { kind: 'again', count: AT_MOST });
  }
});

test('a frame fits a small code and is never taken for a ticket', () => {
  const frames = framesOf(queue(AT_MOST));
  for (const frame of frames) {
    assert.ok(frame.length <= 300 && isFrame(frame) && parseTicketText(frame).kind === 'foreign');
  }
  assert.equal(encodeQR(frames[0], 'raw', { ecc: 'medium', encoding: 'alphanumeric', border: 4 }).length, 57 + 8, 'version 10');
  assert.ok(!isFrame('HTTPS://EXAMPLE.TEST/T/00000000000000000000'));
});

test('what is missing is named', () => {
  const frames = framesOf(queue(40));
  const collector = new FrameCollector();
  /** @type {any} */
  let taken;
  for (const frame of frames.slice(2)) taken = collector.take(frame);
  assert.deepEqual(taken, { kind: 'part', have: frames.length - 2, total: frames.length, missing: [1, 2] });
});

test('two queues shown in turn do not mix', () => {
  const [one, two] = [queue(20), queue(25)];
  const collector = new FrameCollector();
  /** @type {any[]} */
  const whole = [];
  const [first, second] = [framesOf(one), framesOf(two)];
  for (let index = 0; index < Math.max(first.length, second.length); index += 1) {
    for (const frame of [first[index], second[index]]) if (frame) whole.push(collector.take(frame));
  }
  assert.deepEqual(whole.filter((each) => each.kind === 'whole').map((each) => each.bundles[0].rows.length).sort(), [20, 25]);
});

test('a misread frame is noticed by the whole, and the next round heals it', () => {
  const frames = framesOf(queue(30));
  const collector = new FrameCollector();
  const at = frames[0].lastIndexOf(':', 20) + 1;
  const misread = `${frames[0].slice(0, at)}${frames[0][at] === '0' ? '1' : '0'}${frames[0].slice(at + 1)}`;
  const kinds = [misread, ...frames.slice(1)].map((frame) => collector.take(frame)?.kind);
  assert.equal(kinds.at(-1), 'broken');
  assert.equal(frames.map((frame) => collector.take(frame)?.kind).at(-1), 'whole');
});

test('what is no queue of ours is turned away', () => {
  const collector = new FrameCollector();
  for (const text of ['EVQ1:', 'EVQ1:0000000:1:1:', 'EVQ1:0000000:0:1:AA0', 'EVQ1:0000000:2:1:AA0', 'EVQ1:0000000:1:999:AA0', 'EVQ1:0000000:1:1:a']) assert.equal(collector.take(text), null, text);
  const kindOf = (/** @type {any} */ bundles) => toFrames(bundles).map((frame) => collector.take(frame)?.kind).at(-1);
  const [row] = bundle(queue(1), () => SENDER)[0].rows;
  assert.equal(kindOf([{ device: 'x', slug: 'fair', token: 'ed_a-phones-own-token', rows: [row] }]), 'broken');
  assert.equal(kindOf([{ device: 'x', slug: 'fair', token: SENDER.token, rows: [{ ...row, record: { id: 'short' } }] }]), 'broken');
  assert.equal(kindOf({ nothing: true }), 'broken');
  assert.equal(kindOf([{ device: 'x', slug: 'fair', token: SENDER.token, rows: [row], more: 'x'.repeat(2_100_000) }]), 'broken', 'too long when unpacked');
});

test('rows of several devices go with a token each, and none goes with a phone’s own', () => {
  const rows = [...queue(2), ...queue(3, 'device-b'), ...queue(1, 'device-c')];
  const bundles = bundle(rows, (device) => (device === 'device-c' ? null : { token: `eu_${device}`, slug: 'fair' }));
  assert.deepEqual(bundles.map((each) => [each.device, each.token, each.rows.length]), [['device-a', 'eu_device-a', 2], ['device-b', 'eu_device-b', 3]]);
});

test('what was handed over stays queued, and is not offered twice', async () => {
  const store = new MemoryStore();
  const rows = queue(5);
  for (const row of rows) await store.put(/** @type {any} */ (row));
  await markHanded(store, /** @type {any} */ (rows.slice(0, 3)));
  assert.equal(await store.countState('queued'), 5);
  const { handed, left } = await leftToHand(store);
  assert.deepEqual([handed, left.map((row) => row.id)], [3, rows.slice(3).map((row) => row.id)]);
  await store.put(/** @type {any} */ ({ ...rows[0], state: 'kept' }));
  assert.equal((await leftToHand(store)).handed, 2, 'the server has answered for one');
  await markHanded(store, /** @type {any} */ (rows.slice(3)));
  assert.equal((await store.setting('handed')).length, 4, 'what has arrived is forgotten');
});

test('shuffling keeps every frame', () => {
  assert.deepEqual([...shuffled(50, random(7))].sort((a, b) => a - b), Array.from({ length: 50 }, (_, index) => index));
});

test('the taking side knows a frame from a ticket', () => {
  assert.equal(RelayTake.prototype.offer.call(/** @type {any} */ ({}), 'HTTPS://EXAMPLE.TEST/T/00000000000000000000'), false);
});
