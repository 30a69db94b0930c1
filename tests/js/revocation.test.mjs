// A revoked phone hands in what it holds and forgets people; nothing leaves before the server has answered for it.
import assert from 'node:assert/strict';
import test from 'node:test';

import { MemoryStore } from '../../static/js/scan/memory-store.js';
import { Outbox } from '../../static/js/scan/outbox.js';
import { Revocation } from '../../static/js/scan/revocation.js';
import { Roster } from '../../static/js/scan/roster.js';

const settled = () => new Promise((resolve) => setTimeout(resolve, 3));
const row = (id, more = {}, record = {}) => ({ id, seq: Number(id.slice(1)), device: 'phone', state: 'queued', record: { id, type: 'walkin', checkpoint: 'gate', count: 1, name: '王小芳', phone: '13800001234', ...record }, label: '王*芳', result: null, answeredAt: null, ...more });

async function bench(answer, rows) {
  const store = new MemoryStore();
  for (const each of rows) await store.put(each);
  const sent = [];
  const timers = [];
  const seen = { states: [], stopped: 0, wiped: 0, back: 0 };
  const transport = { send: async (method, path, body, options) => (sent.push({ path, ids: body.records.map((each) => each.id), token: options.token }), answer(body, sent.length)) };
  const senders = { phone: { token: 'own', slug: 'fair' }, other: { token: 'upload-token', slug: 'fair' } };
  const outbox = new Outbox({ store, transport, sender: (device) => senders[device] || null, senders: () => Object.keys(senders), locks: null });
  const roster = new Roster({ store, slug: 'fair' });
  await roster.take({ tickets: [{ ref: 'r1', hash: 'h', name: '王*芳' }], cursor: '1', has_more: false }, 1);
  const revocation = new Revocation({
    store, transport, outbox, roster, own: () => 'phone', onStop: () => (seen.stopped += 1), onState: (ending) => seen.states.push(ending), onWiped: () => (seen.wiped += 1), onBack: () => (seen.back += 1),
    wait: (work, delay) => timers.push({ work, delay }),
  });
  return { store, outbox, roster, revocation, sent, seen, timers };
}

const quarantine = (body) => ({ kind: 'answer', body: { results: body.records.map(({ id }) => ({ id, status: 'quarantined', code: null, message: '' })), server_time: '2026-08-14T19:00:00+08:00' } });

test('what waits is handed in, counted, and people are forgotten', async () => {
  const { store, revocation, sent, seen, roster } = await bench(quarantine, [row('a1'), row('a2'), row('k3', { state: 'kept', result: { outcome: 'admitted', name: '王*芳', note: '轮椅' } })]);
  await revocation.of('phone', 'device_revoked');
  assert.deepEqual(sent, [{ path: '/events/fair/salvage', ids: ['a1', 'a2'], token: 'own' }]);
  assert.deepEqual([seen.stopped, seen.wiped, seen.states.at(-1)], [1, 1, { pending: 0, salvaged: true, refused: false, handed: 2 }]);
  assert.deepEqual([roster.state().tickets, store.rosterPages.length, await store.countState('queued')], [0, 0, 0]);
  const text = JSON.stringify(await store.all());
  for (const trace of ['王', '138', '轮椅']) assert.ok(!text.includes(trace), trace);
  assert.deepEqual((await store.all()).map((each) => each.record.count), [1, 1, 1]);
  assert.equal(await revocation.isOver('phone'), true);
});

test('a network that breaks while handing in loses nothing', async () => {
  let turn = 0;
  const { store, revocation, seen, timers } = await bench((body) => ((turn += 1) < 3 ? { kind: 'unreached', retryAfter: null } : quarantine(body)), [row('a1')]);
  const over = revocation.of('phone', 'device_revoked');
  for (let step = 0; step < 2; step += 1) {
    await settled();
    assert.equal(await store.countState('queued'), 1);
    timers.shift().work();
  }
  await over;
  assert.deepEqual([seen.states.at(-1).handed, await store.countState('queued')], [1, 0]);
});

test('where salvage is refused the rows stay whole, that is said, and the roster is gone all the same', async () => {
  const { store, revocation, seen, roster } = await bench(() => ({ kind: 'refused', status: 401, code: 'device_revoked', message: '' }), [row('a1'), row('a2')]);
  await revocation.of('phone', 'device_revoked');
  assert.deepEqual(seen.states.at(-1), { pending: 2, salvaged: false, refused: true, handed: 0 });
  assert.deepEqual((await store.inState('queued')).map((each) => each.record.name), ['王小芳', '王小芳'], 'the only copy');
  assert.equal(roster.state().tickets, 0);
});

test('a row that quarantine will not have waits for a person; the others are handed in', async () => {
  const { store, revocation, seen } = await bench((body) => ({ kind: 'answer', body: { results: body.records.map(({ id }) => ({ id, status: id === 'a1' ? 'rejected' : 'quarantined', code: 'malformed' })) } }), [row('a1'), row('a2')]);
  await revocation.of('phone', 'device_revoked');
  assert.deepEqual([seen.states.at(-1).handed, await store.countState('rejected'), await store.countState('queued')], [1, 1, 0]);
});

test('a device that is not revoked after all goes on', async () => {
  const { revocation, seen, outbox } = await bench(() => ({ kind: 'refused', status: 409, code: 'not_revoked', message: '' }), [row('a1')]);
  outbox.revoked.add('phone');
  await revocation.of('phone', 'device_revoked');
  assert.deepEqual([seen.back, outbox.revoked.size, await revocation.isOver('phone')], [1, 0, false]);
});

test('the end of a colleague’s phone hands in its queue and stops nothing here', async () => {
  const { store, revocation, sent, seen, roster } = await bench(quarantine, [row('a1', { device: 'other' }), row('a2')]);
  await revocation.of('other', 'device_revoked');
  assert.deepEqual(sent.map((each) => [each.ids, each.token]), [[['a1'], 'upload-token']]);
  assert.deepEqual([seen.stopped, seen.states.length, roster.state().tickets, await store.countState('queued')], [0, 0, 1, 1]);
});

test('another kind of 401 stops, but wipes and hands in nothing', async () => {
  const { revocation, sent, seen, roster } = await bench(quarantine, [row('a1')]);
  await revocation.of('phone', 'unauthorized');
  assert.deepEqual([seen.stopped, sent.length, seen.states[0].pending, roster.state().tickets], [1, 0, 1, 1]);
});

test('a long queue is handed in by batches that the server takes', async () => {
  const rows = Array.from({ length: 1300 }, (_, index) => row(`a${index}`));
  const { revocation, sent, seen } = await bench(quarantine, rows);
  await revocation.of('phone', 'device_revoked');
  assert.deepEqual([sent.map((each) => each.ids.length), seen.states.at(-1).handed], [[500, 500, 300], 1300]);
});
