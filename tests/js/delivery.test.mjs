// From the tap to an answer, with and without a network: a real outbox and judge over a memory store, against a fake server and fake time.
import assert from 'node:assert/strict';
import test from 'node:test';

import { shortHash } from '../../static/js/lib/short-hash.js';
import { DECIDE_AFTER, Delivery } from '../../static/js/scan/delivery.js';
import { Judge } from '../../static/js/scan/judge.js';
import { markOf } from '../../static/js/scan/marks.js';
import { MemoryStore } from '../../static/js/scan/memory-store.js';
import { Outbox } from '../../static/js/scan/outbox.js';
import { OwnEntries } from '../../static/js/scan/own-entries.js';
import { RosterIndex } from '../../static/js/scan/roster-index.js';

const code = (number) => `7K3MNPQRSTVWXYZ${String(10000 + number)}`;
const EVENT = { slug: 'fair', timezone: 'Asia/Shanghai', status: 'published', rehearsal: true, registration: { max_party: 5 }, checkpoints: [{ key: 'gate', name: '东门', rule: 'once' }] };
const settled = () => new Promise((resolve) => setTimeout(resolve, 3));
let ids = 0;
const checkin = (number, more = {}) => ({ id: `id-${(ids += 1)}`, type: 'checkin', checkpoint: 'gate', ticket: code(number), ref: null, count: 1, direction: 'entry', at: '2026-08-14T19:00:00+08:00', ...more });

function bench(reply, { store = new MemoryStore(), tickets = 3 } = {}) {
  let now = 1_000_000;
  const timers = [];
  const sent = [];
  const network = [];
  const own = new OwnEntries();
  const index = new RosterIndex();
  index.apply({ tickets: Array.from({ length: tickets }, (_, number) => ({ ref: `r${number}`, hash: shortHash(code(number)), party_size: 1, name: '王*' })), cursor: '1', salt: 's' });
  const wait = (work, delay) => {
    const timer = { work, at: now + delay };
    timers.push(timer);
    return timer;
  };
  const outbox = new Outbox({
    store,
    transport: { send: async (method, path, body) => (sent.push(structuredClone(body.records)), reply(body, sent.length)) },
    sender: () => ({ token: 't', slug: 'fair' }),
    senders: () => ['phone'],
    mark: (record) => (record.type === 'checkin' ? markOf(record, 's') : ''),
    mayGo: (row) => !own.needs(row),
    listeners: { onRow: (row) => own.note(row), onNetwork: (online) => network.push(online) },
    locks: null,
    now: () => now,
    wait,
  });
  const judge = new Judge({ index: () => index, own, event: () => EVENT, clock: () => now });
  const delivery = new Delivery({ outbox, device: () => 'phone', judge, wait });
  const tick = async (milliseconds) => {
    now += milliseconds;
    for (const timer of timers.splice(0)) (timer.at <= now ? timer.work() : timers.push(timer));
    await settled();
  };
  return { outbox, delivery, store, sent, tick, network, own, index };
}

const recorded = (outcome) => (body) => ({ kind: 'answer', body: { results: body.records.map(({ id, decided }) => ({ id, status: 'recorded', outcome, flags: decided === 'admitted' && outcome !== 'admitted' ? ['conflict'] : [] })) } });
const lost = () => ({ kind: 'unreached', retryAfter: null });
const never = () => new Promise(() => {});

test('online the server decides, and nothing is decided here', async () => {
  const { delivery, sent, store } = bench(recorded('admitted'));
  const done = await delivery.carry(checkin(0), '');
  assert.deepEqual([done.kind, done.result.status, done.later], ['answer', 'recorded', null]);
  await settled();
  assert.deepEqual([sent.length, sent[0][0].decided, (await store.all())[0].local], [1, undefined, null]);
});

test('while the network is away the phone decides at once: record and decision are one write, and nobody waits', async () => {
  const { outbox, delivery, sent, store } = bench(lost);
  outbox.report(false);
  const puts = [];
  const put = store.put.bind(store);
  store.put = (row) => (puts.push(structuredClone(row)), put(row));
  const record = checkin(0);
  const done = await delivery.carry(record, '');
  assert.deepEqual([done.kind, done.result.outcome, sent.length], ['answer', 'admitted', 0]);
  assert.deepEqual([puts.length, puts[0].record.decided, puts[0].id, puts[0].state], [1, 'admitted', record.id, 'queued']);
  assert.equal((await delivery.carry(checkin(0), '')).result.outcome, 'already_used');
  assert.equal((await store.all())[1].record.decided, 'refused');
});

test('a request slower than two seconds is decided here under the same id; the server hears of it and the row leaves once', async () => {
  let answer;
  const { outbox, delivery, sent, store, tick, network } = bench((body, turn) => (turn === 1 ? new Promise((resolve) => (answer = () => resolve(recorded('admitted')(body)))) : recorded('admitted')(body)));
  const record = checkin(0);
  const carried = delivery.carry(record, '');
  await settled();
  await tick(DECIDE_AFTER - 1);
  assert.equal((await store.get(record.id)).record.decided, undefined);
  await tick(1);
  const done = await carried;
  assert.deepEqual([done.result.status, done.result.outcome, done.result.id, network], ['local', 'admitted', record.id, [false]]);
  assert.equal((await store.get(record.id)).record.decided, 'admitted');
  answer();
  await settled();
  assert.deepEqual([(await store.get(record.id)).state, sent.length, outbox.online], ['kept', 1, true], 'both say the same: nothing more to send');
});

test('where the server’s late answer differs, the decision is sent under the same id, and both are kept in the row', async () => {
  let answer;
  const { delivery, sent, store, tick } = bench((body, turn) => (turn === 1 ? new Promise((resolve) => (answer = () => resolve(recorded('already_used')(body)))) : recorded('already_used')(body)));
  const record = checkin(0);
  const carried = delivery.carry(record, '');
  await settled();
  await tick(DECIDE_AFTER);
  await carried;
  answer();
  await settled();
  assert.equal((await store.get(record.id)).state, 'queued');
  await tick(15000);
  const row = await store.get(record.id);
  assert.deepEqual([row.state, row.local.outcome, row.result.outcome, row.result.flags, sent.length], ['kept', 'admitted', 'already_used', ['conflict'], 2]);
  const { decided: first, ...content } = sent[1][0];
  assert.deepEqual([first, content], ['admitted', sent[0][0]]);
});

test('an answer that comes while the phone decides is the answer', async () => {
  let answer;
  const { delivery, store, tick, outbox } = bench((body) => new Promise((resolve) => (answer = () => resolve(recorded('blocked')(body)))));
  const record = checkin(0);
  const change = store.change.bind(store);
  store.change = async (which, work) => {
    if (answer) {
      const tell = answer;
      answer = null;
      tell();
      await settled();
    }
    return change(which, work);
  };
  const carried = delivery.carry(record, '');
  await settled();
  await tick(DECIDE_AFTER);
  const done = await carried;
  assert.deepEqual([done.result.outcome, (await store.get(record.id)).record.decided, outbox.online], ['blocked', undefined, true]);
});

test('a ticket whose entry still waits for upload is decided here, since this phone knows more than the server', async () => {
  let away = true;
  const { outbox, delivery, tick } = bench((body) => (away ? lost() : body.records.length > 1 || body.records[0].decided ? lost() : recorded('admitted')(body)));
  outbox.report(false);
  await delivery.carry(checkin(0), '');
  away = false;
  outbox.report(true);
  await tick(1);
  const again = await delivery.carry(checkin(0), '');
  assert.deepEqual([again.result.status, again.result.outcome], ['local', 'already_used']);
  const other = await delivery.carry(checkin(1), '');
  assert.equal(other.result.outcome, 'admitted');
});

test('undo, walk-in and tap work while the network is away', async () => {
  const { outbox, delivery, own, store } = bench(lost);
  outbox.report(false);
  const record = checkin(0);
  await delivery.carry(record, '');
  const undo = await delivery.carry({ id: 'u1', type: 'undo', undoes: record.id, reason: '误扫', at: '2026-08-14T19:00:05+08:00' }, '');
  assert.deepEqual([undo.result.outcome, own.isUndone(record.id)], ['undone', true]);
  assert.equal((await delivery.carry(checkin(0), '')).result.outcome, 'admitted');
  const walkin = await delivery.carry({ id: 'w1', type: 'walkin', checkpoint: 'gate', count: 3, at: '2026-08-14T19:00:05+08:00' }, '');
  assert.deepEqual([walkin.result.outcome, (await store.get('w1')).record.decided, (await store.get('u1')).record.decided], ['admitted', 'admitted', undefined]);
});

test('what the phone could not keep is not counted and not sent', async () => {
  const { outbox, delivery, sent, store, own } = bench(recorded('admitted'));
  store.put = async () => {
    throw new Error('QuotaExceededError');
  };
  assert.equal((await delivery.carry(checkin(0), '')).kind, 'unkept');
  outbox.report(false);
  assert.equal((await delivery.carry(checkin(1), '')).kind, 'unkept');
  await settled();
  assert.deepEqual([sent.length, own.marks.size], [0, 0]);
});

test('a decision reads no store and looks at the ticket’s own rows alone, however long queue and roster', async () => {
  const { outbox, delivery, store, own, index } = bench(never, { tickets: 2000 });
  outbox.report(false);
  for (let number = 0; number < 300; number += 1) await delivery.carry(checkin(number), '');
  let reads = 0;
  for (const name of ['all', 'inState', 'queuedOf', 'get', 'change', 'pages', 'setting']) store[name] = async () => ((reads += 1), []);
  let looks = 0;
  const count = (map) => {
    const [get, has] = [map.get.bind(map), map.has.bind(map)];
    map.get = (key) => ((looks += 1), get(key));
    map.has = (key) => ((looks += 1), has(key));
    for (const name of ['values', 'entries', 'keys', 'forEach', Symbol.iterator]) map[name] = () => assert.fail('a linear scan');
  };
  for (const map of [index.byRef, index.byHash, index.byRetired, index.byPickup, index.byTail, own.byMark, own.marks, own.undos]) count(map);
  const done = await delivery.carry(checkin(1500), '');
  assert.equal(done.result.outcome, 'admitted');
  assert.equal(reads, 0);
  assert.ok(looks < 40, String(looks));
});

test('whatever is lost, late, doubled or out of order, each record is there once and no ticket is let in twice by this phone (random)', async () => {
  let seed = Number(process.env.SEED || 11);
  const start = seed;
  const random = (below) => (seed = (seed * 1103515245 + 12345) % 2147483648) % below;
  for (let round = 0; round < 15; round += 1) {
    const ledger = new Map();
    const passed = new Map();
    const serve = (body) => {
      const results = body.records.map((record) => {
        const known = ledger.get(record.id);
        if (known) {
          if (record.decided === 'admitted' && known.outcome !== 'admitted') known.conflict = true;
          return { id: record.id, status: 'replayed', outcome: known.outcome, flags: known.conflict ? ['conflict'] : [] };
        }
        const outcome = passed.has(record.ticket) ? 'already_used' : record.decided === 'refused' ? 'refused' : 'admitted';
        if (outcome === 'admitted') passed.set(record.ticket, record.id);
        ledger.set(record.id, { outcome, record: { ...record, decided: undefined }, conflict: outcome !== 'admitted' && record.decided === 'admitted' });
        return { id: record.id, status: 'recorded', outcome, flags: [] };
      });
      return { kind: 'answer', body: { results } };
    };
    const { delivery, store, tick, outbox } = bench((body) => {
      const fate = random(6);
      if (fate === 0) return lost();
      if (fate === 1) return (serve(body), lost());
      if (fate === 2) return (serve(body), { kind: 'answer', body: { hello: 'portal' } });
      if (fate === 3) return new Promise((resolve) => setTimeout(() => resolve(serve(body)), 1));
      return serve(body);
    });
    const records = [];
    const shown = new Map();
    for (let turn = 0; turn < 30; turn += 1) {
      const record = checkin(random(3) ? turn % 3 : random(3));
      records.push(record);
      const carried = delivery.carry(record, '').then((done) => shown.set(record.id, done));
      for (let step = 0; step < 6 && !shown.has(record.id); step += 1) await tick(DECIDE_AFTER);
      await carried;
      if (random(3) === 0) await tick(15000);
    }
    for (let step = 0; step < 60 && (await store.countState('queued')); step += 1) await tick(15000);
    const label = `SEED=${start} round ${round}`;
    assert.equal(await store.countState('queued'), 0, label);
    assert.deepEqual(new Set(ledger.keys()), new Set(records.map((each) => each.id)), label);
    for (const record of records) assert.deepEqual(ledger.get(record.id).record, { ...record, decided: undefined }, label);
    const letIn = records.filter((record) => shown.get(record.id).result.outcome === 'admitted').map((record) => record.ticket);
    assert.equal(new Set(letIn).size, letIn.length, `${label}: one ticket was let in twice`);
    assert.ok(outbox.waiting.size === 0, label);
  }
});
