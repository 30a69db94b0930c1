import assert from 'node:assert/strict';
import test from 'node:test';

import { Journal } from '../../static/js/scan/journal.js';
import { merge, ownSince as ownOf, stocktake } from '../../static/js/scan/tally.js';

let seq = 0;
const ownSince = (rows, ...rest) => {
  const journal = new Journal(null);
  journal.take(rows);
  return ownOf(journal, ...rest);
};
const row = (record, state = 'queued', answeredAt = null) => ({ id: record.id, seq: (seq += 1), device: 'phone', state, record, label: '', result: null, answeredAt });
const tap = (id, quantity, more = {}) => ({ id, type: 'tally', counter: 'booklets', quantity, direction: 'in', basis: 'tapped', topic: null, ...more });

test('taps that wait count at once', () => {
  const own = ownSince([row(tap('a', 1)), row(tap('b', 10))], 'booklets', 0);
  assert.deepEqual(merge({ key: 'booklets', total: 100, stock_left: 900 }, own), { total: 111, out: 0, stockLeft: 889, byTopic: {} });
});

test('what was answered before the figures were asked for is in them', () => {
  const rows = [row(tap('a', 1), 'kept', 500), row(tap('b', 10), 'kept', 1500), row(tap('c', 100), 'rejected', 1500), row(tap('d', 5), 'queued')];
  assert.equal(ownSince(rows, 'booklets', 1000).in, 15);
});

test('an undo takes the whole tap back, whenever the tap was counted', () => {
  const rows = [row(tap('a', 10), 'kept', 500), row({ id: 'u', type: 'undo', undoes: 'a' })];
  assert.equal(ownSince(rows, 'booklets', 1000).in, -10);
  const both = [row(tap('a', 10)), row({ id: 'u', type: 'undo', undoes: 'a' })];
  assert.equal(ownSince(both, 'booklets', 1000).in, 0);
});

test('a rejected undo takes nothing back', () => {
  const rows = [row(tap('a', 10), 'kept', 1500), row({ id: 'u', type: 'undo', undoes: 'a' }, 'rejected', 1600)];
  assert.equal(ownSince(rows, 'booklets', 1000).in, 10);
});

test('in and out are kept apart, topics add up, other counters and stocktakes stay out', () => {
  const rows = [row(tap('a', 3, { topic: '政务公开' })), row(tap('b', 2, { direction: 'out' })), row(tap('c', 7, { counter: 'other' })), row(tap('d', 50, { basis: 'stocktake' })), row(tap('e', 1, { topic: '政务公开' }))];
  assert.deepEqual(ownSince(rows, 'booklets', 0), { in: 4, out: 2, byTopic: { 政务公开: 4 } });
  assert.deepEqual(merge({ key: 'booklets', taken_out: 4, total: 10, by_topic: { 政务公开: 6 } }, ownSince(rows, 'booklets', 0)), { total: 14, out: 6, stockLeft: null, byTopic: { 政务公开: 10 } });
});

test('where the brief uses the stocktake, the screen still counts the taps', () => {
  assert.equal(merge({ key: 'booklets', total: 1800, tapped: 1750, basis: 'stocktake', stock_left: 200 }, ownSince([row(tap('a', 1))], 'booklets', 0)).total, 1751);
});

test('without figures yet, only one’s own taps', () => {
  assert.equal(merge(undefined, ownSince([row(tap('a', 5))], 'booklets', 0)).total, 5);
});

test('stocktake is taken minus left', () => {
  assert.deepEqual(stocktake('2000', '187'), { quantity: 1813 });
  assert.deepEqual(stocktake(10, 0), { quantity: 10 });
  assert.deepEqual(stocktake('', '3'), { fault: 'incomplete' });
  assert.deepEqual(stocktake('-5', '3'), { fault: 'incomplete' });
  assert.deepEqual(stocktake('1.5', '0'), { fault: 'incomplete' });
  assert.deepEqual(stocktake('5', '6'), { fault: 'more_left_than_taken' });
  assert.deepEqual(stocktake('5', '5'), { fault: 'nothing_given' });
  assert.deepEqual(stocktake('20000', '1'), { fault: 'too_many' });
});
