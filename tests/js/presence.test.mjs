// What a phone tells without a record to send, and whom it turned away although their code was good.
import assert from 'node:assert/strict';
import test from 'node:test';

import { AGAIN, Presence } from '../../static/js/scan/presence.js';
import { validAfterAll } from '../../static/js/scan/records-view.js';

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
