import assert from 'node:assert/strict';
import test from 'node:test';

import { Journal } from '../../static/js/scan/journal.js';
import { UNDO_WITHIN, canUndo, describe, latestTap } from '../../static/js/scan/undo.js';

const NOW = Date.parse('2026-08-14T19:00:00+08:00');
let seq = 0;
const journalOf = (rows) => {
  const journal = new Journal(null);
  journal.take(rows);
  return journal;
};
const row = (record, { state = 'kept', result = null, label = '', ago = 60000 } = {}) => ({ id: record.id, seq: (seq += 1), device: 'phone', state, record: { at: new Date(NOW - ago).toISOString(), ...record }, label, result, answeredAt: null });
const tap = (id, quantity, more) => ({ id, type: 'tally', counter: 'booklets', quantity, direction: 'in', basis: 'tapped', ...more });

test('minus takes back this phone’s latest tap on that counter, then the one before', () => {
  const rows = [row(tap('a', 1)), row(tap('b', 10)), row(tap('c', 5, { counter: 'other' }))];
  assert.equal(latestTap(journalOf(rows), 'booklets', NOW).id, 'b');
  rows.push(row({ id: 'u', type: 'undo', undoes: 'b' }, { state: 'queued' }));
  assert.equal(latestTap(journalOf(rows), 'booklets', NOW).id, 'a');
  rows.push(row({ id: 'v', type: 'undo', undoes: 'a' }));
  assert.equal(latestTap(journalOf(rows), 'booklets', NOW), null);
});

test('minus takes back nothing that a colleague handed over', () => {
  const rows = [row(tap('a', 1)), { ...row(tap('b', 10)), device: 'colleague' }];
  assert.equal(latestTap(journalOf(rows), 'booklets', NOW, 'phone').id, 'a');
});

test('rejected taps, stocktakes and taps of a quarter of an hour ago are not minus', () => {
  assert.equal(latestTap(journalOf([row(tap('a', 1), { state: 'rejected' })]), 'booklets', NOW), null);
  assert.equal(latestTap(journalOf([row(tap('a', 900, { basis: 'stocktake' }))]), 'booklets', NOW), null);
  assert.equal(latestTap(journalOf([row(tap('a', 1), { ago: UNDO_WITHIN + 1 })]), 'booklets', NOW), null);
});

test('a rejected undo leaves its target undoable', () => {
  const rows = [row(tap('a', 1)), row({ id: 'u', type: 'undo', undoes: 'a' }, { state: 'rejected' })];
  assert.equal(journalOf(rows).isUndone('a'), false);
  assert.equal(canUndo(rows[0], journalOf(rows), NOW), true);
});

test('only what let somebody in can be undone; an undo cannot', () => {
  const scan = (outcome, state) => row({ id: `s-${outcome}-${state}`, type: 'checkin', count: 1 }, { result: outcome ? { outcome } : null, state });
  assert.equal(canUndo(scan('admitted', 'kept'), journalOf([]), NOW), true);
  assert.equal(canUndo(scan('already_used', 'kept'), journalOf([]), NOW), false);
  assert.equal(canUndo(scan('', 'queued'), journalOf([]), NOW), false);
  assert.equal(canUndo(row({ id: 'u', type: 'undo', undoes: 'x' }), journalOf([]), NOW), false);
  assert.equal(canUndo(row({ id: 'w', type: 'walkin', count: 2 }, { state: 'queued' }), journalOf([]), NOW), true);
});

test('says what would be undone', () => {
  assert.equal(describe(row(tap('a', 10), { label: '宣传册' })), '宣传册 +10');
  assert.equal(describe(row(tap('a', 1, { topic: '政务公开' }), { label: '群众咨询' })), '群众咨询 +1（政务公开）');
  assert.equal(describe(row(tap('a', 1, { direction: 'out' }), { label: '广场人流' })), '广场人流 出+1');
  assert.equal(describe(row({ id: 's', type: 'checkin', count: 3 }, { result: { name: '王*芬', admitted: 2 } })), '王*芬 2位');
  assert.equal(describe(row({ id: 's', type: 'checkin', count: 1 })), '报名凭证 1位');
  assert.equal(describe(row({ id: 's', type: 'checkin', count: 1 }, { result: { outcome: 'unknown_ticket' } })), '没查到的码');
  assert.equal(describe(row({ id: 's', type: 'checkin', ticket: '7K3MNPQRSTVWXYZ01234', count: 1 }, { result: { outcome: 'unknown_ticket' } })), '没查到的码 …1234');
  assert.equal(describe(row({ id: 's', type: 'checkin', count: 1 }, { result: { name: '王*芬', outcome: 'already_used' } })), '王*芬', 'nobody was counted');
  assert.equal(describe(row({ id: 's', type: 'checkin', count: 1, decided: 'refused' }, { label: '王*芬', local: { outcome: 'closed' }, state: 'queued' })), '王*芬');
  assert.equal(describe(row({ id: 'w', type: 'walkin', count: 2 }, { result: { outcome: 'closed' } })), '现场登记');
  assert.equal(describe(row({ id: 's', type: 'checkin', count: 1, decided: 'admitted' }, { result: { outcome: 'unknown_ticket' } })), '报名凭证 1位');
});
