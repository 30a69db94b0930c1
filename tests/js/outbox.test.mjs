import assert from 'node:assert/strict';
import test from 'node:test';

import { MemoryStore } from '../../static/js/scan/memory-store.js';
import { Outbox } from '../../static/js/scan/outbox.js';

const SENDERS = { phone: { token: 'token-of-phone', slug: 'fair' }, old: { token: 'token-of-old', slug: 'spring' } };

/** An outbox against a server that answers as the test says; timers only run when the test says so. */
function bench(reply, { senders = SENDERS, store = new MemoryStore(), ...more } = {}) {
  const sent = [];
  const timers = [];
  const seen = { rows: [], counts: [], network: [], revoked: [] };
  const outbox = new Outbox({
    store,
    transport: {
      send: async (method, path, body, options) => {
        sent.push({ path, ids: body.records.map((record) => record.id), body, token: options.token });
        return reply(body, sent.length);
      },
    },
    sender: (device) => senders[device] || null,
    senders: () => Object.keys(senders),
    listeners: {
      onRow: (row) => seen.rows.push(row),
      onCounts: (counts) => seen.counts.push(counts),
      onNetwork: (online) => seen.network.push(online),
      onRevoked: (device, code) => seen.revoked.push([device, code]),
    },
    remember: async (device, sender) => (senders[device] = sender),
    locks: null,
    ...more,
    now: () => 1_000_000,
    wait: (work, delay) => timers.push({ work, delay }),
  });
  return { outbox, store, sent, timers, seen };
}

const keep = (body) => ({ kind: 'answer', body: { results: body.records.map(({ id }) => ({ id, status: 'recorded', outcome: 'counted' })) } });
const lose = () => ({ kind: 'unreached', retryAfter: null });
const settled = () => new Promise((resolve) => setTimeout(resolve, 5));
const tap = (id, extra = {}) => ({ id, type: 'tally', counter: 'booklets', quantity: 1, operator: 'a', ...extra });

test('a record is kept before it is sent, as a batch of one with the device token', async () => {
  const { outbox, sent, store } = bench(keep);
  const { answer } = await outbox.add(tap('r1'), 'phone', 'booklets');
  assert.equal((await answer).status, 'recorded');
  assert.deepEqual(sent[0].ids, ['r1']);
  assert.equal(sent[0].token, 'token-of-phone');
  assert.equal(sent[0].path, '/events/fair/records');
  assert.match(sent[0].body.sent_at, /T\d\d:\d\d:\d\d\.\d{3}[+-]\d\d:\d\d$/);
  assert.equal(sent[0].body.queued, 0);
  await settled();
  assert.equal(await store.countState('queued'), 0);
  assert.equal((await store.get('r1')).state, 'kept');
});

test('a lost answer leaves the row; the retry has the same id and content', async () => {
  let fails = 2;
  const { outbox, sent, timers, store } = bench((body) => (fails-- > 0 ? lose() : keep(body)));
  await outbox.add(tap('r1'), 'phone', 'booklets');
  await settled();
  assert.equal(await store.countState('queued'), 1);
  assert.equal(timers.length, 1);
  timers[0].work();
  await settled();
  assert.equal(await store.countState('queued'), 1);
  timers.at(-1).work();
  await settled();
  assert.equal(await store.countState('queued'), 0);
  assert.deepEqual(sent.map((each) => each.ids), [['r1'], ['r1'], ['r1']]);
  assert.deepEqual(sent[0].body.records, sent[2].body.records);
});

test('waiting times grow to at most 15 seconds', async () => {
  const { outbox, timers } = bench(lose);
  await outbox.add(tap('r1'), 'phone', 'booklets');
  for (let round = 0; round < 8; round += 1) {
    await settled();
    timers.at(-1).work();
  }
  await settled();
  const delays = timers.map((each) => each.delay);
  assert.ok(delays.every((delay) => delay <= 15000), String(delays));
  assert.ok(delays.at(-1) > 11000, String(delays));
});

test('a captive portal that says 200 with something else is no answer', async () => {
  const { outbox, store, seen } = bench(() => ({ kind: 'answer', body: { hello: 'please log in' } }));
  await outbox.add(tap('r1'), 'phone', 'booklets');
  await settled();
  assert.equal(await store.countState('queued'), 1);
  assert.deepEqual(seen.network, [false]);
});

test('an answer for other ids settles nothing', async () => {
  const { outbox, store } = bench(() => ({ kind: 'answer', body: { results: [{ id: 'other', status: 'recorded' }] } }));
  await outbox.add(tap('r1'), 'phone', 'booklets');
  await settled();
  assert.equal(await store.countState('queued'), 1);
});

test('one rejected record never blocks the others, and stays until a person has dealt with it', async () => {
  const { outbox, store, seen } = bench((body) => ({
    kind: 'answer',
    body: { results: body.records.map(({ id }) => (id === 'bad' ? { id, status: 'rejected', code: 'unknown_counter' } : { id, status: 'recorded' })) },
  }));
  for (const id of ['r1', 'bad', 'r2']) await outbox.add(tap(id), 'phone', 'booklets');
  await settled();
  assert.equal(await store.countState('queued'), 0);
  assert.equal(await store.countState('rejected'), 1);
  assert.deepEqual(seen.counts.at(-1), { pending: 0, rejected: 1 });
  await store.prune(0);
  assert.equal(await store.countState('rejected'), 1);
  await outbox.dealtWith('bad', false);
  assert.deepEqual(seen.counts.at(-1), { pending: 0, rejected: 0 });
  assert.equal((await store.get('bad')).state, 'settled');
});

test('a rejected record can be sent once more under its own id', async () => {
  let first = true;
  const { outbox, store, sent } = bench((body) => {
    const status = first ? 'rejected' : 'recorded';
    first = false;
    return { kind: 'answer', body: { results: body.records.map(({ id }) => ({ id, status })) } };
  });
  await outbox.add(tap('r1'), 'phone', 'booklets');
  await settled();
  await outbox.dealtWith('r1', true);
  await settled();
  assert.equal((await store.get('r1')).state, 'kept');
  assert.deepEqual(sent.map((each) => each.ids), [['r1'], ['r1']]);
});

test('a queue from before a reload is sent oldest first, in batches of one device', async () => {
  const store = new MemoryStore();
  const before = bench(lose, { store });
  for (const [id, device] of [['a1', 'phone'], ['b1', 'old'], ['a2', 'phone']]) await before.outbox.add(tap(id, { operator: `of ${id}` }), device, 'booklets');
  await settled();
  const { outbox, sent } = bench(keep, { store });
  outbox.nudge();
  await settled();
  assert.deepEqual(sent.map((each) => [each.path, each.ids]), [['/events/fair/records', ['a1', 'a2']], ['/events/spring/records', ['b1']], ['/events/fair/records', []]]); // the first had said that one waits
  assert.deepEqual(sent[0].body.records.map((record) => record.operator), ['of a1', 'of a2']);
  assert.equal(await store.countState('queued'), 0);
});

test('while the network is away taps wait for the next batch instead of piling up requests', async () => {
  let away = true;
  const { outbox, sent, timers, store } = bench((body) => (away ? lose() : keep(body)));
  await outbox.add(tap('r0'), 'phone', 'booklets');
  await settled();
  for (let index = 1; index <= 120; index += 1) await outbox.add(tap(`r${index}`), 'phone', 'booklets');
  await settled();
  assert.equal(sent.length, 1);
  assert.equal(await store.countState('queued'), 121);
  away = false;
  timers.at(-1).work();
  await settled();
  assert.equal(await store.countState('queued'), 0);
  assert.deepEqual(sent.slice(1).map((each) => each.ids.length), [121]);
  assert.equal(sent[1].body.queued, 0);
});

test('a revoked device stops; its rows stay and other devices go on', async () => {
  const store = new MemoryStore();
  const before = bench(lose, { store });
  await before.outbox.add(tap('a1'), 'phone', 'booklets');
  await before.outbox.add(tap('b1'), 'old', 'booklets');
  await settled();
  const { outbox, seen } = bench((body) => (body.records[0].id === 'a1' ? { kind: 'refused', status: 401, code: 'device_revoked', message: '' } : keep(body)), { store });
  outbox.nudge();
  await settled();
  assert.deepEqual(seen.revoked, [['phone', 'device_revoked']]);
  assert.equal((await store.get('a1')).state, 'queued');
  assert.equal((await store.get('b1')).state, 'kept');
});

test('a batch that is refused as a whole is cut until the culprit stands alone', async () => {
  const store = new MemoryStore();
  const before = bench(lose, { store });
  for (let index = 0; index < 9; index += 1) await before.outbox.add(tap(`r${index}`), 'phone', 'booklets');
  await settled();
  const { outbox } = bench((body) => (body.records.some((record) => record.id === 'r4') ? { kind: 'refused', status: 413, code: 'too_large', message: '' } : keep(body)), { store });
  outbox.nudge();
  await settled();
  assert.equal(await store.countState('queued'), 0);
  assert.deepEqual((await store.inState('rejected')).map((row) => row.id), ['r4']);
});

test('the network state is told when it changes, once', async () => {
  let away = true;
  const { outbox, seen } = bench((body) => (away ? lose() : keep(body)));
  await outbox.add(tap('r1'), 'phone', 'booklets');
  await settled();
  away = false;
  outbox.report(true);
  await settled();
  assert.deepEqual(seen.network, [false, true]);
  assert.deepEqual(seen.counts.at(-1), { pending: 0, rejected: 0 });
});

test('answered rows are pruned, waiting ones never', async () => {
  const store = new MemoryStore();
  for (let index = 0; index < 20; index += 1) await store.put({ id: `k${index}`, seq: index, device: 'phone', state: index % 2 ? 'kept' : 'queued', record: {}, label: '', result: null, answeredAt: null });
  await store.prune(3);
  assert.equal(await store.countState('kept'), 3);
  assert.equal(await store.countState('queued'), 10);
});

test('switched off by hand nothing is sent; switched on again all goes', async () => {
  const { outbox, store, sent, seen } = bench(keep);
  await outbox.setManual(true);
  await outbox.add(tap('r1'), 'phone', 'booklets');
  outbox.report(true);
  await outbox.flush();
  await settled();
  assert.deepEqual([sent.length, outbox.online, seen.network, await store.setting('manual-offline')], [0, false, [false], true]);
  await outbox.setManual(false);
  await settled();
  assert.deepEqual([sent.length, await store.countState('queued'), outbox.online, await store.setting('manual-offline')], [1, 0, true, false]);
});

test('since when the network is away is told, and stays while it is away', async () => {
  const states = [];
  const { outbox } = bench(lose, { listeners: { onNetwork: (online, network) => states.push(network) } });
  outbox.report(false);
  outbox.report(false);
  outbox.report(true);
  assert.deepEqual(states, [{ online: false, since: 1_000_000, manual: false }, { online: true, since: null, manual: false }]);
});

test('a batch tells how much waits, how old the roster is and which shell runs; an empty one is a sign of life', async () => {
  const { outbox, sent } = bench(keep, { envelope: () => ({ roster_at: '2026-08-14T19:00:00.000+08:00', version: 'abc' }) });
  await outbox.add(tap('r1'), 'phone', 'booklets');
  await settled();
  await outbox.beat('phone');
  assert.deepEqual(sent.map(({ body }) => [body.roster_at, body.version, body.queued, body.records.length]), [['2026-08-14T19:00:00.000+08:00', 'abc', 0, 1], ['2026-08-14T19:00:00.000+08:00', 'abc', 0, 0]]);
});

test('the queue of another phone keeps id, device and operator, goes with that phone’s token, and is taken over once', async () => {
  const senders = { phone: SENDERS.phone };
  const { outbox, store, sent } = bench(keep, { senders });
  const rows = ['x1', 'x2'].map((id, seq) => ({ id, seq, device: 'dying', state: 'queued', record: tap(id, { operator: 'of the other' }), label: 'booklets', result: null, answeredAt: null }));
  const sender = { device: 'dying', token: 'eu_dying', slug: 'fair' };
  assert.equal(await outbox.adopt(rows, sender), 2);
  await settled();
  assert.deepEqual(sent.map((each) => [each.token, each.ids, each.body.records[0].operator]), [['eu_dying', ['x1', 'x2'], 'of the other']]);
  assert.equal((await store.get('x1')).device, 'dying');
  assert.equal(await outbox.adopt([...rows, { ...rows[0], id: 'x3', record: tap('x3') }], sender), 1);
  assert.equal(await outbox.adopt([{ ...rows[0], id: 'x4', device: 'phone' }], sender), 0, 'a row of another device than the sender’s');
});

test('taking over a queue does not put this phone’s own token aside', async () => {
  const senders = { phone: { ...SENDERS.phone } };
  const { outbox } = bench(lose, { senders });
  await outbox.adopt([], { device: 'phone', token: 'eu_phone', slug: 'fair' });
  assert.equal(senders.phone.token, 'token-of-phone');
});

test('what is handed over is what still waits, oldest first', async () => {
  const { outbox } = bench(lose);
  for (const id of ['a', 'b', 'c']) await outbox.add(tap(id), 'phone', '');
  assert.deepEqual((await outbox.handOver(2)).map((row) => row.id), ['a', 'b']);
});

test('an answer that another tab has got reaches who waits here', async () => {
  const { outbox, store } = bench(lose);
  const { row, answer } = await outbox.add(tap('a'), 'phone', '');
  outbox.heard({ ...row, state: 'kept', result: { id: 'a', status: 'recorded', outcome: 'counted' } });
  assert.equal((await answer).outcome, 'counted');
  assert.equal(await store.countState('queued'), 1);
});

test('five thousand rows go in batches of at most 500, and no batch reads the whole queue', async () => {
  const store = new MemoryStore();
  for (let index = 0; index < 5000; index += 1) await store.put({ id: `r${index}`, seq: index, device: 'phone', state: 'queued', record: tap(`r${index}`), label: '', result: null, answeredAt: null });
  store.inState = store.all = () => assert.fail('the whole queue was read');
  let most = 0;
  const queuedOf = store.queuedOf.bind(store);
  store.queuedOf = (device, limit) => ((most = Math.max(most, limit)), queuedOf(device, limit));
  const { outbox, sent } = bench(keep, { store });
  await outbox.flush();
  assert.deepEqual(sent.map((each) => each.ids.length), Array(10).fill(500));
  assert.deepEqual(sent.map((each) => each.body.queued), [4500, 4000, 3500, 3000, 2500, 2000, 1500, 1000, 500, 0]);
  assert.ok(most <= 503);
});

test('a batch that does not get through is cut, and grows again', async () => {
  const store = new MemoryStore();
  for (let index = 0; index < 1200; index += 1) await store.put({ id: `r${index}`, seq: index, device: 'phone', state: 'queued', record: tap(`r${index}`), label: '', result: null, answeredAt: null });
  const { outbox, sent, timers } = bench((body) => (body.records.length > 150 && sent.length < 4 ? lose() : keep(body)), { store });
  await outbox.flush();
  while (await store.countState('queued')) {
    timers.at(-1).work();
    await settled();
  }
  assert.deepEqual(sent.map((each) => each.ids.length), [500, 250, 125, 250, 500, 325]);
});

test('kept rows that are still a ticket’s mark are not pruned', async () => {
  const store = new MemoryStore();
  for (let index = 0; index < 20; index += 1) await store.put({ id: `k${index}`, seq: index, device: 'phone', state: 'kept', record: {}, label: '', result: null, answeredAt: 1 });
  await store.prune(3, (row) => row.id !== 'k0');
  assert.deepEqual((await store.all()).map((row) => row.id), ['k0', 'k17', 'k18', 'k19']);
});

test('requests that overtake one another do not leave the server believing that rows wait', async () => {
  const answers = [];
  const { outbox, sent } = bench((body) => new Promise((resolve) => answers.push(() => resolve(keep(body)))));
  await outbox.add(tap('r1'), 'phone', 'booklets');
  await outbox.add(tap('r2'), 'phone', 'booklets');
  await settled();
  answers.splice(0).forEach((answer) => answer());
  await settled();
  assert.deepEqual(sent.map(({ ids, body }) => [ids.length, body.queued]).at(-1), [0, 0]);
  answers.splice(0).forEach((answer) => answer());
  await settled();
  await outbox.add(tap('r3'), 'phone', 'booklets');
  answers.splice(0).forEach((answer) => answer());
  await settled();
  assert.deepEqual(sent.at(-1).ids, ['r3']);
});

test('an answer that a full phone cannot write down leaves the row, which is sent again later', async () => {
  const store = new MemoryStore();
  const { change } = store;
  let full = true;
  store.change = async function (...given) {
    if (full) throw new DOMException('', 'QuotaExceededError');
    return change.apply(this, given);
  };
  const { outbox, sent, timers } = bench(keep, { store });
  await outbox.add(tap('r1'), 'phone', 'booklets');
  await settled();
  assert.equal(await store.countState('queued'), 1);
  assert.equal(timers.length, 1);
  full = false;
  timers[0].work();
  await settled();
  assert.equal(await store.countState('queued'), 0);
  assert.deepEqual(sent.map((each) => each.ids), [['r1'], ['r1']]);
});

test('what has been kept counts as waiting at once, and what could not be kept does not', async () => {
  const said = [];
  const store = new MemoryStore();
  const { outbox, seen } = bench(lose, { store });
  outbox.listeners.onPending = ({ pending }) => said.push(pending);
  await outbox.add(tap('r1'), 'phone', 'booklets');
  assert.deepEqual(said, [1]);
  await settled();
  assert.equal(seen.counts.at(-1).pending, 1);
  store.put = async () => Promise.reject(new DOMException('', 'QuotaExceededError'));
  await assert.rejects(outbox.add(tap('r2'), 'phone', 'booklets'));
  await settled();
  assert.deepEqual(said, [1]);
  assert.equal(seen.counts.at(-1).pending, 1);
});
