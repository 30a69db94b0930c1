// Whose ticket a code is: the roster first, then the server, and without a network the roster alone.
import assert from 'node:assert/strict';
import test from 'node:test';

import { shortHash } from '../../static/js/lib/short-hash.js';
import { Finder, UNKNOWN_FREE, UNKNOWN_PAUSE } from '../../static/js/scan/finder.js';
import { RosterIndex } from '../../static/js/scan/roster-index.js';

const CODE = '7K3MNPQRSTVWXYZ01234';
const SPARE = '0123456789ABCDEFGHJK';
const OLD = 'BBBBBBBBBBBBBBBBBBBB';
const STRANGE = 'ZZZZZZZZZZZZZZZZZZZZ';

function bench({ online = true, reply = { kind: 'answer', body: { items: [] } }, allowed = true, roster = true } = {}) {
  const index = new RosterIndex();
  index.apply({ tickets: [{ ref: 'r1', hash: shortHash(CODE), retired: [shortHash(OLD)], pickup_hash: shortHash('salt:042137'), name: '王*芳', initials: ['wxf'], phone_tail: '1234', party_size: 3, blocked: true, note: '轮椅' }], spare: [shortHash(SPARE)], cursor: '1', salt: 'salt' });
  const state = { online, reply, asked: 0, network: [] };
  const finder = new Finder({
    transport: { send: async () => ((state.asked += 1), state.reply) },
    slug: () => 'fair',
    allowed: () => allowed,
    online: () => state.online,
    report: (there) => (state.network.push(there), (state.online = there)),
    roster: () => (roster ? index : null),
    used: () => ({ gate: 2 }),
  });
  return { finder, state, index };
}

test('what the roster knows costs no request, also for a phone that may not look up', async () => {
  const { finder, state } = bench({ allowed: false });
  const { kind, rows } = await finder.byCode(CODE);
  assert.deepEqual([kind, rows[0].ref, rows[0].party_size, rows[0].status, rows[0].used, rows[0].note], ['found', 'r1', 3, 'blocked', { gate: 2 }, '轮椅']);
  assert.equal((await finder.byCode('042137')).rows[0].ref, 'r1');
  assert.equal((await finder.byCode(OLD)).kind, 'none');
  assert.equal(state.asked, 0);
});

test('what it does not know is asked of the server, while that can be reached', async () => {
  const { finder, state } = bench({ reply: { kind: 'answer', body: { items: [{ ref: 'r9', party_size: 2 }] } } });
  assert.equal((await finder.byCode(SPARE)).rows[0].ref, 'r9');
  assert.equal(state.asked, 1);
});

test('without a network nothing is asked: spare, unknown, found by name', async () => {
  const { finder, state } = bench({ online: false });
  assert.deepEqual([(await finder.byCode(SPARE)).kind, (await finder.byCode(STRANGE)).kind, (await finder.byCode('999999')).kind], ['spare', 'none', 'none']);
  const { found, slow } = await finder.search('王小芳');
  assert.deepEqual([found.rows.map((row) => row.ref), slow, (await finder.search('李')).found.kind, state.asked], [['r1'], false, 'none', 0]);
});

test('a look-up that is not answered falls back on the roster', async () => {
  const { finder, state } = bench({ reply: { kind: 'unreached', retryAfter: null } });
  assert.equal((await finder.byCode(SPARE)).kind, 'spare');
  assert.deepEqual(state.network, [false]);
  state.online = true;
  assert.equal((await finder.search('1234')).found.rows[0].ref, 'r1');
  const blind = bench({ reply: { kind: 'unreached', retryAfter: null }, roster: false });
  assert.equal((await blind.finder.byCode(CODE)).kind, 'unreached');
  assert.equal((await blind.finder.search('1234')).found.kind, 'unreached');
});

test('the server’s call for patience is passed on, not circumvented', async () => {
  const { finder } = bench({ reply: { kind: 'unreached', retryAfter: 5000 } });
  assert.deepEqual(await finder.search('王'), { found: { kind: 'unreached' }, slow: true });
});

test('what was looked up is forgotten when the roster brings something new', async () => {
  const { finder, state, index } = bench({ reply: { kind: 'answer', body: { items: [{ ref: 'r9', party_size: 2, used: {} }] } } });
  await finder.byCode(SPARE);
  await finder.byCode(SPARE);
  assert.equal(state.asked, 1);
  index.apply({ tickets: [], removed: ['r9'], cursor: '2' });
  finder.forget();
  await finder.byCode(SPARE);
  assert.equal(state.asked, 2);
});

test('twenty unknown 签到码 are free without a network, then each typed one waits', async () => {
  const { finder, state } = bench({ online: false });
  for (let number = 0; number < UNKNOWN_FREE; number += 1) {
    assert.equal(finder.pause(), 0);
    await finder.byCode(String(100000 + number));
  }
  assert.equal(finder.pause(), UNKNOWN_PAUSE);
  assert.deepEqual(await finder.search('042137'), { found: { kind: 'none' }, slow: true }, 'nor by the search');
  await finder.byCode(STRANGE);
  state.online = true;
  assert.equal(finder.pause(), 0, 'online the server slows down');
});
