import assert from 'node:assert/strict';
import test from 'node:test';

import { clockTime, rfc3339 } from '../../static/js/lib/moment.js';
import { mintId } from '../../static/js/lib/uuid.js';
import { waitAfter } from '../../static/js/scan/backoff.js';
import { cameraFault } from '../../static/js/scan/camera.js';
import { Finder } from '../../static/js/scan/finder.js';
import { inWeChat } from '../../static/js/scan/handover.js';
import { mayPass, planFor } from '../../static/js/scan/plan.js';
import { choicesOf, readAnswers } from '../../static/js/scan/questions.js';
import { SameCode } from '../../static/js/scan/same-code.js';
import { BUZZES, TUNES } from '../../static/js/scan/sounds.js';
import { Transport } from '../../static/js/scan/transport.js';
import { goesByItself, PAUSE, TypedCode } from '../../static/js/scan/typed-code.js';
import { earlyNotice } from '../../static/js/scan/status-view.js';
import { splitMessage, verdictOf } from '../../static/js/scan/verdict.js';
import { Wedge } from '../../static/js/scan/wedge.js';

test('a code in view is one scan until it has been away for three seconds', () => {
  const same = new SameCode();
  assert.equal(same.isNew('a', 0), true);
  for (let now = 100; now <= 20000; now += 100) assert.equal(same.isNew('a', now), false);
  assert.equal(same.isNew('b', 20100), true);
  assert.equal(same.isNew('a', 20200), false);
  assert.equal(same.isNew('a', 23300), true);
});

test('ids are UUIDs that begin with the time, and no two are the same', () => {
  const before = Date.now();
  const ids = new Set(Array.from({ length: 500 }, mintId));
  const after = Date.now();
  assert.equal(ids.size, 500);
  for (const id of ids) {
    assert.match(id, /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    const minted = Number.parseInt(id.slice(0, 8) + id.slice(9, 13), 16);
    assert.ok(before <= minted && minted <= after);
  }
});

test('times carry the phone’s offset and name the same instant', () => {
  const date = new Date('2026-08-14T11:02:11.042Z');
  assert.match(rfc3339(date), /^2026-08-1\dT\d\d:02:11\.042[+-]\d\d:\d\d$/);
  assert.equal(Date.parse(rfc3339(date)), date.getTime());
  assert.equal(clockTime(date, 'Asia/Shanghai'), '19:02');
});

test('back-off: 1 s at first, never above 15 s, and what the server asks for', () => {
  assert.equal(waitAfter(1, null, () => 1), 1000);
  assert.equal(waitAfter(3, null, () => 1), 4000);
  assert.equal(waitAfter(50, null, () => 1), 15000);
  assert.equal(waitAfter(1, 9000, () => 0), 9000);
  assert.equal(waitAfter(1, 90000, () => 0), 15000);
});

test('the message is cut into a big word and a line', () => {
  assert.deepEqual(splitMessage('请进 · 2位'), { word: '请进', line: '2位' });
  assert.deepEqual(splitMessage('还可进1位'), { word: '还可进1位', line: '' });
  assert.deepEqual(splitMessage('已签到 · 19:02 东门 · 甲'), { word: '已签到', line: '19:02 东门 · 甲' });
});

test('every outcome has a tone, and what was not kept stops', () => {
  for (const outcome of ['already_used', 'unknown_ticket', 'wrong_event', 'cancelled', 'blocked', 'reissued', 'closed']) assert.equal(verdictOf({ status: 'recorded', outcome }).tone, 'stop', outcome);
  for (const outcome of ['too_many', 'waitlisted', 'awaiting_approval', 'wrong_session', 'not_yet_open', 'answers_needed', 'of a later version']) assert.equal(verdictOf({ status: 'recorded', outcome }).tone, 'look', outcome);
  assert.equal(verdictOf({ status: 'recorded', outcome: 'admitted', flags: [] }).tone, 'good');
  assert.equal(verdictOf({ status: 'recorded', outcome: 'admitted', flags: ['conflict'] }).tone, 'look');
  assert.equal(verdictOf({ status: 'rejected', code: 'malformed' }).tone, 'stop');
});

test('the tones sound and feel different', () => {
  assert.equal(new Set(['good', 'look', 'stop'].map((tone) => JSON.stringify(TUNES[tone]))).size, 3);
  assert.equal(new Set(['good', 'look', 'stop'].map((tone) => JSON.stringify(BUZZES[tone]))).size, 3);
});

test('how many may pass, by the rule of the checkpoint', () => {
  const person = { ref: 'r', party_size: 4, used: { gate: 3, stage: 4 } };
  assert.equal(mayPass(person, { key: 'gate', name: '', rule: 'once' }, 'entry'), 1);
  assert.equal(mayPass(person, { key: 'east', name: '', rule: 'stamp' }, 'entry'), 4);
  assert.equal(mayPass(person, { key: 'stage', name: '', rule: 'each_time' }, 'entry'), 4);
  assert.equal(mayPass(person, { key: 'stage', name: '', rule: 'daily' }, 'entry'), 4);
  assert.equal(mayPass(person, { key: 'gate', name: '', rule: 'once' }, 'exit'), 4);
});

test('several people behind one 签到码 are told apart first', () => {
  const place = { key: 'gate', name: '', rule: 'once' };
  const plan = planFor({ kind: 'found', rows: [{ ref: 'a' }, { ref: 'b' }] }, { place, direction: 'entry', mustConfirm: true, maxParty: 5 });
  assert.equal(plan.step, 'which');
});

/** @param {Wedge} wedge */
const type = (wedge, text, from, gap) => [...text, 'Enter'].map((key, index) => wedge.key({ key }, from + index * gap)).at(-1);

test('a USB scanner is told from a person by its speed', () => {
  const read = [];
  const wedge = new Wedge((text) => read.push(text));
  assert.equal(type(wedge, '042137', 0, 8), true);
  assert.equal(type(wedge, '042137', 1000, 300), false);
  assert.equal(type(wedge, 'abc', 9000, 8), false);
  assert.equal(wedge.key({ key: 'v', ctrlKey: true }, 9500), false);
  assert.equal(type(wedge, ']Q1HTTPS://EXAMPLE.ORG/T/7K3MNPQRSTVWXYZ01234', 10000, 3), true);
  assert.deepEqual(read, ['042137', ']Q1HTTPS://EXAMPLE.ORG/T/7K3MNPQRSTVWXYZ01234']);
});

test('answers have the types that the questions want', () => {
  const data = new FormData();
  data.append('age', '是');
  data.append('many', 'a');
  data.append('many', 'b');
  data.append('count', ' 3 ');
  data.append('from', ' 新天地社区 ');
  const questions = [{ key: 'age', label: '', type: 'yes_no' }, { key: 'many', label: '', type: 'multi', choices: ['a', 'b', 'c'] }, { key: 'count', label: '', type: 'number' }, { key: 'from', label: '' }];
  assert.deepEqual(readAnswers(data, questions), { age: true, many: ['a', 'b'], count: 3, from: '新天地社区' });
  assert.deepEqual(readAnswers(new FormData(), questions), { age: '', many: [], count: '', from: '' }, 'what may stay unanswered is no answer');
  assert.deepEqual(choicesOf(questions[0]), ['是', '否']);
});

const respond = (status, body, type = 'application/json', headers = {}) => async () => new Response(typeof body === 'string' ? body : JSON.stringify(body), { status, headers: { 'Content-Type': type, ...headers } });
const send = (fetch) => new Transport({ base: '/api/v1', token: () => 'secret', fetch, timeout: 50 }).send('POST', '/x', { a: 1 });

test('requests: answered, refused for good, or not reached', async () => {
  assert.deepEqual(await send(respond(200, { ok: 1 })), { kind: 'answer', body: { ok: 1 } });
  assert.deepEqual(await send(respond(401, { code: 'device_revoked', title: 'x' }, 'application/problem+json')), { kind: 'refused', status: 401, code: 'device_revoked', message: 'x' });
  assert.equal((await send(respond(200, '<html>log in</html>', 'text/html'))).kind, 'unreached');
  assert.equal((await send(respond(200, '{broken'))).kind, 'unreached');
  assert.equal((await send(respond(404, 'not here', 'text/html'))).kind, 'unreached');
  assert.equal((await send(respond(504, { code: 'x' }))).kind, 'unreached');
  assert.deepEqual(await send(respond(429, {}, 'application/problem+json', { 'Retry-After': '7' })), { kind: 'unreached', retryAfter: 7000 });
  assert.equal((await send(async () => Promise.reject(new TypeError('network')))).kind, 'unreached');
  assert.equal((await send((_url, { signal }) => new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason))))).kind, 'unreached');
});

test('the token travels in a header, the text in the body, nothing in the address', async () => {
  let seen;
  const finder = new Finder({ transport: new Transport({ base: '/api/v1', token: () => 'secret', fetch: async (url, init) => ((seen = { url, init }), respond(200, { items: [] })()) }), slug: () => 'fair' });
  assert.deepEqual(await finder.byCode('042137'), { kind: 'none' });
  assert.equal(seen.url, '/api/v1/events/fair/lookup');
  assert.equal(seen.init.headers.Authorization, 'Bearer secret');
  assert.equal(seen.init.body, '{"q":"042137"}');
});

test('the phone remembers whom it has just looked up, and what a check-in has used', async () => {
  let asked = 0;
  const person = { ref: 'r', name: '王*芬', party_size: 4, used: {} };
  const finder = new Finder({ transport: { send: async () => ((asked += 1), { kind: 'answer', body: { items: [person] } }) }, slug: () => 'fair', now: () => 0 });
  await finder.byCode('X');
  finder.learn('X', 'gate', { used: 3 });
  const again = await finder.byCode('X');
  assert.deepEqual([asked, again.rows[0].used], [1, { gate: 3 }]);
  finder.forget();
  await finder.byCode('X');
  assert.equal(asked, 2);
});

test('why the camera does not start, in a word', () => {
  const fault = (name) => cameraFault(Object.assign(new Error(name), { name }));
  assert.deepEqual(['NotAllowedError', 'NotFoundError', 'NotReadableError', 'TypeError'].map(fault), ['refused', 'absent', 'busy', 'unsupported']);
});

test('WeChat is known by its agent', () => {
  assert.equal(inWeChat('Mozilla/5.0 (iPhone) AppleWebKit/605.1.15 MicroMessenger/8.0.50'), true);
  assert.equal(inWeChat('Mozilla/5.0 (iPhone) AppleWebKit/605.1.15 Version/17 Safari/604.1'), false);
});

/** A field of typed codes whose time the test moves. */
function field() {
  const [taken, hints, timers] = [[], [], new Map()];
  const typed = new TypedCode({
    take: (text, byItself) => taken.push([text, byItself]),
    tooShort: (count) => hints.push(count),
    later: (work, milliseconds) => (timers.set(timers.size + 1, [work, milliseconds]), timers.size),
    never: (timer) => timers.set(timer, null),
  });
  const wait = () => {
    for (const [key, timer] of timers) {
      timers.set(key, null);
      if (timer) timer[0]();
    }
  };
  return { typed, taken, hints, timers, wait };
}

test('the sixth digit is enough, once', () => {
  const { typed, taken, timers, wait } = field();
  for (const text of ['0', '04', '042', '0421', '04213', '042137']) typed.changed(text);
  assert.equal([...timers.values()].filter(Boolean)[0][1], PAUSE);
  wait();
  typed.submit(''); // Enter after it: the field is empty
  assert.deepEqual(taken, [['042137', true]]);
});

test('Enter in time submits once; a seventh character or another text waits for it', () => {
  const { typed, taken, wait } = field();
  typed.changed('042137');
  typed.submit('042137');
  wait();
  assert.deepEqual(taken, [['042137', false]]);
  for (const text of ['0421371', '04213K', 'ABCDEF', '042137', '04213']) typed.changed(text);
  wait();
  assert.equal(taken.length, 1);
});

test('fewer than six digits are not sent; what is no number is the door’s to judge', () => {
  const { typed, taken, hints } = field();
  typed.submit('12');
  typed.submit(' １２３４５ ');
  assert.deepEqual([taken, hints], [[], [2, 5]]);
  typed.changed('123');
  assert.equal(hints.at(-1), 0);
  typed.submit('ABC');
  assert.deepEqual(taken, [['ABC', false]]);
});

test('a button is shown only beside what does not go by itself', () => {
  assert.deepEqual(['', '0', '042137', ' ０４２ ', '0421371', '04213K', 'KX'].map(goesByItself), [true, true, true, true, false, false, false]);
});

test('before the event begins the phone says when, by the clock of the place', () => {
  const event = { starts_at: '2026-08-16T10:00:00Z', timezone: 'Asia/Shanghai', rehearsal: false };
  const begins = Date.parse(event.starts_at);
  const opens = Date.parse('2026-08-15T16:00:00Z');
  assert.equal(earlyNotice(event, begins - 1), '活动8月16日18:00开始');
  assert.equal(earlyNotice(event, opens - 1, opens), '活动8月16日18:00开始，当天0点起可以签到');
  assert.equal(earlyNotice(event, opens - 1, opens + 5400000), '活动8月16日18:00开始，当天01:30起可以签到');
  assert.equal(earlyNotice(event, opens - 9e6, opens - 3600000), '活动8月16日18:00开始，8月15日23:00起可以签到');
  assert.equal(earlyNotice(event, opens, opens), '活动8月16日18:00开始，现在可以签到');
  assert.equal(earlyNotice({ ...event, status: 'cancelled' }, opens, opens), '活动8月16日18:00开始');
  assert.equal(earlyNotice(event, begins), '');
  assert.equal(earlyNotice({ ...event, rehearsal: true }, 0), '');
  assert.equal(earlyNotice({ ...event, starts_at: null }, 0), '');
});
