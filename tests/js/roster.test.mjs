// The roster on the phone: kept page by page, resumed, searched, and current by differences.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import test from 'node:test';

import { shortHash } from '../../static/js/lib/short-hash.js';
import { MemoryStore } from '../../static/js/scan/memory-store.js';
import { Roster } from '../../static/js/scan/roster.js';
import { RosterIndex } from '../../static/js/scan/roster-index.js';
import { fits, searchRoster } from '../../static/js/scan/roster-search.js';
import { EVERY, RosterSync } from '../../static/js/scan/roster-sync.js';

const ticket = (number, more = {}) => ({ ref: `r${number}`, hash: `hash-of-${number}`, pickup_hash: `pickup-${number}`, name: '王*芳', initials: ['wxf'], phone_tail: String(1000 + number), party_size: 2, ...more });

test('the short hash is the first 96 bits of SHA-256, as the server writes it', () => {
  for (const text of ['', '7K3MNPQRSTVWXYZ01234', 'salt:042137', '盐:042137', 'x'.repeat(200)]) {
    assert.equal(shortHash(text), createHash('sha256').update(text).digest().subarray(0, 12).toString('base64url'));
  }
});

test('a ticket that comes again replaces what was known of it under every mark', () => {
  const index = new RosterIndex();
  index.apply({ tickets: [ticket(1, { aliases: ['old-alias'] })], spare: ['s1', 's2'], cursor: '1', salt: 's' });
  index.apply({ tickets: [ticket(1, { hash: 's1', retired: ['hash-of-1'], initials: ['zxf'], phone_tail: '9999' })], spare: ['s3'], cursor: '2' });
  assert.equal(index.byHash.get('hash-of-1'), undefined);
  assert.equal(index.byHash.get('old-alias'), undefined);
  assert.equal(index.byRetired.get('hash-of-1').ref, 'r1');
  assert.equal(index.byHash.get('s1').ref, 'r1');
  assert.deepEqual([...index.spares], ['s2', 's3']);
  assert.deepEqual([index.byTail.get('1001'), index.byTail.get('9999').length, index.byInitials.get('wx'), index.byRef.size], [undefined, 1, undefined, 1]);
  index.apply({ tickets: [], removed: ['r1', 'never'], cursor: '3' });
  assert.deepEqual([index.byRef.size, index.byHash.size, index.byPickup.size, index.byTail.size, index.byInitials.size, index.byRetired.size], [0, 0, 0, 0, 0, 0]);
});

test('a spare that was drawn and replaced between two downloads is no spare', () => {
  const index = new RosterIndex();
  index.apply({ tickets: [ticket(1)], spare: ['s1', 's2', 's3'], cursor: '1', salt: 's' });
  index.apply({ tickets: [ticket(1, { hash: 's1', retired: ['hash-of-1', 's2'] })], spare: ['s2', 's4'], cursor: '2' });
  assert.deepEqual([...index.spares], ['s3', 's4']);
});

test('a reset drops all that was there', () => {
  const index = new RosterIndex();
  index.apply({ tickets: [ticket(1)], spare: ['s1'], cursor: '1', salt: 's' });
  index.apply({ reset: true, tickets: [ticket(2)], spare: [], cursor: '9', salt: 't' });
  assert.deepEqual([[...index.byRef.keys()], index.spares.size, index.salt], [['r2'], 0, 't']);
});

/** A server that hands out pages of two; `break_` makes the next answers fail. */
function service(all, { size = 2 } = {}) {
  const asked = [];
  let failing = 0;
  const transport = {
    send: async (method, path) => {
      asked.push(path);
      if (failing > 0) {
        failing -= 1;
        return { kind: 'unreached', retryAfter: null };
      }
      const from = Number(new URL(path, 'http://x').searchParams.get('cursor') || 0);
      const tickets = all.slice(from, from + size);
      return { kind: 'answer', body: { tickets, spare: from === 0 ? ['s1'] : [], cursor: String(from + tickets.length), has_more: from + size < all.length, salt: 'salt', event: { slug: 'fair', epoch: 1 }, server_time: '2026-08-14T19:00:00+08:00' } };
    },
  };
  return { transport, asked, fail: (times) => (failing = times) };
}

function phone(transport, { store = new MemoryStore(), upload = async () => {} } = {}) {
  const timers = [];
  const seen = { states: [], network: [], revoked: [] };
  const roster = new Roster({ store, slug: 'fair', onState: (state) => seen.states.push(state) });
  const sync = new RosterSync({ roster, transport, upload, report: (online) => seen.network.push(online), onRevoked: (code) => seen.revoked.push(code), now: () => 5000, random: () => 0.5, locks: null, wait: (work, delay) => timers.push({ work, delay }), unwait: () => {} });
  return { roster, sync, store, timers, seen };
}

test('pages are fetched to the end, then differences; ready only when whole', async () => {
  const all = [1, 2, 3, 4, 5].map((number) => ticket(number));
  const { transport, asked } = service(all);
  const { roster, sync, timers, seen } = phone(transport);
  assert.deepEqual([roster.state().ready, roster.whole()], [false, null]);
  await sync.nudge();
  assert.deepEqual(asked, ['/events/fair/roster', '/events/fair/roster?cursor=2', '/events/fair/roster?cursor=4']);
  assert.deepEqual([roster.state().ready, roster.state().tickets, roster.state().spares, roster.state().at], [true, 5, 1, 5000]);
  assert.deepEqual(seen.states.map((state) => state.ready), [false, false, true]);
  assert.equal(timers.at(-1).delay, EVERY);
  all.push(ticket(6));
  await sync.nudge();
  assert.equal(asked.at(-1), '/events/fair/roster?cursor=5');
  assert.equal(roster.state().tickets, 6);
});

test('a download that broke off goes on where it stopped, also after a reload', async () => {
  const { transport, asked, fail } = service([1, 2, 3, 4, 5, 6].map((number) => ticket(number)));
  const first = phone(transport);
  const send = transport.send;
  let pages = 0;
  transport.send = (...all) => ((pages += 1) === 2 ? (fail(1), send(...all)) : send(...all));
  await first.sync.nudge();
  assert.deepEqual([first.roster.state().tickets, first.roster.state().ready, first.seen.network], [2, false, [true, false]]);
  const { roster, sync } = phone(transport, { store: first.store });
  await roster.load();
  assert.deepEqual([roster.state().tickets, roster.state().ready], [2, false]);
  await sync.nudge();
  assert.deepEqual(asked.slice(2), ['/events/fair/roster?cursor=2', '/events/fair/roster?cursor=4']);
  assert.deepEqual([roster.state().tickets, roster.state().ready], [6, true]);
});

test('what is stored is there after a reload, with the cursor of the last difference that brought nothing', async () => {
  const { transport, asked } = service([ticket(1)]);
  const before = phone(transport);
  await before.sync.nudge();
  const stored = before.store.rosterPages.length;
  await before.sync.nudge();
  assert.equal(before.store.rosterPages.length, stored, 'nothing new is not stored as a page');
  const { roster, sync } = phone(transport, { store: before.store });
  await roster.load();
  assert.deepEqual([roster.state().ready, roster.state().at, roster.index.salt], [true, 5000, 'salt']);
  await sync.nudge();
  assert.equal(asked.at(-1), '/events/fair/roster?cursor=1');
});

test('many differences become one page, and the same roster', async () => {
  const store = new MemoryStore();
  const { roster } = phone({}, { store });
  for (let number = 1; number <= 80; number += 1) await roster.take({ tickets: [ticket(number)], spare: [`s${number}`], removed: number % 5 ? [] : [`r${number - 1}`], cursor: String(number), has_more: false, salt: 'salt' }, number);
  const again = phone({}, { store }).roster;
  await again.load();
  assert.equal(store.rosterPages.length, 1);
  const third = phone({}, { store }).roster;
  await third.load();
  for (const each of [again, third]) assert.deepEqual([each.index.byRef.size, each.index.spares.size, each.index.cursor, each.ready], [roster.index.byRef.size, 80, '80', true]);
});

test('another tab takes in what this one has stored, also after it was made one page', async () => {
  const store = new MemoryStore();
  const [one, other] = [phone({}, { store }).roster, phone({}, { store }).roster];
  await one.take({ tickets: [ticket(1)], cursor: '1', has_more: false, salt: 'salt' }, 1);
  await other.load();
  await one.take({ tickets: [ticket(2)], cursor: '2', has_more: false }, 2);
  await one.take({ tickets: [], removed: ['r1'], cursor: '3', has_more: false }, 3);
  await one.compact();
  await other.load();
  assert.deepEqual([[...other.index.byRef.keys()], other.ready, other.index.cursor], [['r2'], true, '3']);
});

test('uploading goes first, and its failing does not stop the download, nor the other way round', async () => {
  const order = [];
  const { transport, fail } = service([ticket(1)]);
  const upload = async () => {
    order.push('up');
    throw new Error('no');
  };
  const { sync, roster, timers } = phone(transport, { upload });
  await sync.nudge();
  assert.equal(roster.state().ready, true);
  fail(1);
  await sync.nudge();
  assert.deepEqual(order, ['up', 'up']);
  assert.ok(timers.at(-1).delay <= 1000, 'soon again after a failure');
});

test('what is no roster is not taken for one, and back-off stays under 15 seconds', async () => {
  const { sync, roster, timers } = phone({ send: async () => ({ kind: 'answer', body: { hello: 'log in' } }) });
  for (let round = 0; round < 9; round += 1) await sync.nudge();
  assert.equal(roster.state().ready, false);
  assert.ok(timers.every((each) => each.delay <= 15000));
});

test('a revoked phone is told; a server without rosters is asked seldom', async () => {
  const revoked = phone({ send: async () => ({ kind: 'refused', status: 401, code: 'device_revoked', message: '' }) });
  await revoked.sync.nudge();
  assert.deepEqual(revoked.seen.revoked, ['device_revoked']);
  const old = phone({ send: async () => ({ kind: 'refused', status: 404, code: 'not_found', message: '' }) });
  await old.sync.nudge();
  assert.ok(old.timers[0].delay > EVERY);
});

test('a store that is full leaves a roster that serves but is not said to be stored', async () => {
  const store = new MemoryStore();
  store.lasting = true;
  store.addPage = async () => {
    throw new Error('QuotaExceededError');
  };
  const { sync, roster } = phone(service([ticket(1)]).transport, { store });
  await sync.nudge();
  assert.deepEqual([roster.state().ready, roster.state().stored], [true, false]);
});

test('wiping leaves nothing, here and in the store', async () => {
  const { sync, roster, store } = phone(service([ticket(1)]).transport);
  await sync.nudge();
  await roster.wipe();
  assert.deepEqual([roster.state().ready, roster.state().tickets, store.rosterPages.length, roster.whole()], [false, 0, 0, null]);
});

test('a masked name fits by its open characters', () => {
  assert.ok(fits('王芳', '王*') && fits('王小芳', '王*芳') && fits('小芳', '王*芳') && fits('王', '王*') && fits('王小', '王*芳'));
  assert.ok(!fits('李芳', '王*') && !fits('小明', '王*芳') && !fits('芳', '王*芳') && !fits('王小小芳', '王*芳') && !fits('大小', '王**芳'));
});

test('people are found by masked name, initials, tail, whole phone, 签到码 and code, at most eight', () => {
  const index = new RosterIndex();
  const code = '7K3MNPQRSTVWXYZ01234';
  const crowd = Array.from({ length: 30 }, (_, number) => ticket(number, { phone_tail: '5678' }));
  index.apply({ tickets: [...crowd, ticket(99, { name: '单*雨', initials: ['dxy', 'sxy'], phone_tail: '0001', hash: shortHash(code), pickup_hash: shortHash('salt:042137') })], cursor: '1', salt: 'salt' });
  const refs = (q) => searchRoster(index, q).map((each) => each.ref);
  for (const q of ['单小雨', '单', 'sxy', 'SX', 'dxy', '0001', '１３８ 0000 0001', '042137', code.toLowerCase(), `https://x.org/t/${code}`]) assert.deepEqual(refs(q), ['r99'], q);
  for (const q of ['王', '王芳', 'wxf', '5678']) assert.equal(refs(q).length, 8, q);
  for (const q of ['s', '12', '12345', '李', '999999', '雪', 'xsy', '***', '']) assert.deepEqual(refs(q), [], q);
});

test('whatever the order of pages, the index is that of the last word on each ticket (random)', () => {
  let seed = Number(process.env.SEED || 7);
  const random = (below) => (seed = (seed * 1103515245 + 12345) % 2147483648) % below;
  for (let round = 0; round < 40; round += 1) {
    const index = new RosterIndex();
    const truth = new Map();
    for (let turn = 0; turn < 60; turn += 1) {
      const number = random(12);
      if (random(4) === 0) {
        truth.delete(`r${number}`);
        index.apply({ tickets: [], removed: [`r${number}`], cursor: String(turn) });
      } else {
        const fresh = ticket(number, { hash: `h${number}-${random(3)}`, phone_tail: String(random(4)), initials: [['ab', 'ac', 'bc'][random(3)]] });
        truth.set(fresh.ref, fresh);
        index.apply({ tickets: [fresh], cursor: String(turn) });
      }
    }
    assert.deepEqual(new Map([...index.byRef].sort()), new Map([...truth].sort()), `seed ${process.env.SEED || 7} round ${round}`);
    assert.deepEqual(new Set(index.byHash.keys()), new Set([...truth.values()].map((each) => each.hash)));
    assert.equal([...index.byTail.values()].flat().length, truth.size);
    assert.equal([...index.byInitials.values()].flat().length, truth.size);
  }
});
