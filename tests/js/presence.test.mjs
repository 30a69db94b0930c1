// What a phone tells without a record to send, and whom it turned away although their code was good.
import assert from 'node:assert/strict';
import test from 'node:test';

import { AGAIN, Presence } from '../../static/js/scan/presence.js';
import { MemoryStore } from '../../static/js/scan/memory-store.js';
import { Poll } from '../../static/js/scan/poll.js';
import { Reach } from '../../static/js/scan/reach.js';
import { became, validAfterAll } from '../../static/js/scan/records-view.js';

function bench() {
  const told = [];
  const state = { says: { roster_at: null, operator: '甲', version: 'v1' }, now: 0 };
  const outbox = { online: true, beat: async (device) => void told.push(device) };
  return { told, state, outbox, presence: new Presence({ outbox, device: () => 'phone', says: () => state.says, now: () => state.now }) };
}

test('the first list, a change of shift and a new version are told, the list’s age only now and then', async () => {
  const { told, state, presence } = bench();
  await presence.tell();
  state.says = { ...state.says, roster_at: '2026-08-14T18:00:00+08:00' };
  await presence.tell();
  assert.equal(told.length, 2);
  state.says = { ...state.says, roster_at: '2026-08-14T18:00:20+08:00' };
  await presence.tell();
  assert.equal(told.length, 2);
  state.says = { ...state.says, operator: '乙' };
  await presence.tell();
  assert.equal(told.length, 3);
  state.now = AGAIN;
  await presence.tell();
  assert.equal(told.length, 4);
});

test('without a network nothing is told, and it is told when there is one', async () => {
  const { told, outbox, presence } = bench();
  outbox.online = false;
  await presence.tell();
  assert.deepEqual(told, []);
  outbox.online = true;
  await presence.tell();
  assert.deepEqual(told, ['phone']);
});

const turnedAway = (id, more = {}) => ({ id, mark: '#a', state: 'kept', local: { unverified: true }, record: { id, type: 'checkin', decided: 'refused' }, result: { outcome: 'refused', ref: 'r1' }, ...more });

test('who was turned away for want of a network with a good code is named until they are in', () => {
  const all = () => true;
  const ids = (rows) => validAfterAll(rows, all).map((row) => row.id);
  assert.deepEqual(ids([turnedAway('a')]), ['a']);
  assert.deepEqual(ids([turnedAway('a', { result: { outcome: 'admitted', ref: 'r1' } })]), ['a']); // the server had let them in before it heard
  assert.deepEqual(ids([turnedAway('a', { result: { outcome: 'unknown_ticket' } })]), []);
  assert.deepEqual(ids([turnedAway('a', { local: { unverified: false } })]), []); // the phone knew why
  assert.deepEqual(ids([turnedAway('a', { state: 'queued', result: null })]), []);
  const later = { id: 'b', mark: '#a', state: 'kept', record: { id: 'b', type: 'checkin', decided: null }, result: { outcome: 'admitted', ref: 'r1' } };
  assert.deepEqual(ids([later, turnedAway('a')]), []); // newest first: they came in afterwards
  assert.deepEqual(ids([turnedAway('a'), later]), ['a']);
  assert.deepEqual(ids([{ ...later, mark: '', result: { outcome: 'admitted', ref: 'r1' } }, turnedAway('a')]), []); // found by the look-up
  assert.deepEqual(validAfterAll([turnedAway('a')], () => false), []);
});

test('what became of a record is said apart from whether it has been uploaded', () => {
  const record = { type: 'checkin', direction: 'entry' };
  const of = (row) => became({ state: 'queued', record, result: null, local: null, ...row });
  assert.deepEqual(of({}), { tone: 'wait', says: '' }, 'nobody has said yet');
  assert.deepEqual(of({ local: { outcome: 'admitted', message: '请进 · 1位' } }), { tone: 'admit', says: '已放行' });
  assert.deepEqual(of({ state: 'kept', result: { outcome: 'admitted', message: '请进 · 1位' } }), { tone: 'admit', says: '已放行' });
  assert.deepEqual(of({ record: { ...record, decided: 'refused' }, local: { outcome: 'already_used', message: '已签到 · 19:02' } }), { tone: 'stop', says: '重复，未放行' });
  assert.deepEqual(of({ state: 'kept', result: { outcome: 'unknown_ticket', message: '没查到 · 请报手机尾号' } }), { tone: 'stop', says: '未放行' });
  assert.deepEqual(of({ state: 'kept', result: { outcome: 'cancelled', message: '已取消 · 可现场登记' } }), { tone: 'stop', says: '未放行：已取消' });
  assert.deepEqual(of({ state: 'kept', record: { ...record, decided: 'refused' }, result: { outcome: 'refused', message: '手机上已拒绝' } }).says, '未放行');
  assert.deepEqual(of({ record: { type: 'tally' }, local: null }), { tone: 'wait', says: '' });
});

test('since when there is no network outlives a reload, until the server has been reached', () => {
  const kept = [];
  const reach = new Reach({ now: () => 900, onTurn: () => {}, keep: (since) => kept.push(since) });
  reach.recall(100);
  reach.report(false);
  assert.equal(reach.state().since, 100);
  reach.report(true);
  reach.report(false);
  assert.deepEqual([reach.state().since, kept], [900, [100, null, 900]]);
  const back = new Reach({ now: () => 900, onTurn: () => {}, keep: (since) => kept.push(since) });
  back.recall(100);
  back.report(true);
  assert.equal(kept.at(-1), null, 'it is there: the old moment is forgotten');
  back.report(false);
  assert.equal(back.state().since, 900);
  back.recall('soon');
  assert.equal(back.before, null);
});

test('the figures last heard are shown again after a reload, for the same event only', async () => {
  const store = new MemoryStore();
  const heard = [];
  const poll = (slug) => new Poll({ store, transport: null, slug: () => slug, journal: null, report: () => {}, onRevoked: () => {}, onFigures: (...told) => heard.push(told), every: () => 1 });
  await poll('fair').recall();
  assert.deepEqual(heard, []);
  poll('fair').heard([{ key: 'a', total: 4 }], '2026-08-14T19:02:00+08:00', 5);
  await poll('other').recall();
  assert.equal(heard.length, 1);
  await poll('fair').recall();
  assert.deepEqual(heard[1], [[{ key: 'a', total: 4 }], '2026-08-14T19:02:00+08:00', 5]);
});
