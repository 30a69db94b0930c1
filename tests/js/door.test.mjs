import assert from 'node:assert/strict';
import test from 'node:test';

import { ANSWER_WITHIN, DECIDE_AFTER, Delivery } from '../../static/js/scan/delivery.js';
import { Door } from '../../static/js/scan/door.js';
import { RecordMaker } from '../../static/js/scan/records.js';

const CODE = '7K3MNPQRSTVWXYZ01234';
const OTHER = '0123456789ABCDEFGHJK';
const GATE = { key: 'gate', name: '入口', rule: 'once' };
const settled = () => new Promise((resolve) => setTimeout(resolve, 2));

/** A door with a look-up and a server of the test's own; `tick` moves time. */
function bench({ people = {}, answers = () => ({ status: 'recorded', outcome: 'admitted', message: '请进 · 1位', remaining: 0 }), place = GATE, holds = false, direction = 'entry', judge = null, pause = 0 } = {}) {
  let now = 0;
  const timers = [];
  const records = [];
  const screens = [];
  const signals = [];
  const asked = [];
  const withdrawn = [];
  const wait = (work, delay) => timers.push({ work, at: now + delay });
  const outbox = {
    online: true,
    report: (online) => (outbox.online = online),
    add: async (record) => {
      records.push(record);
      return { answer: Promise.resolve(answers(record, records.length)).then((result) => (result ? { id: record.id, ...result } : new Promise(() => {}))) };
    },
    decide: async (id, decided, local) => ({ id, record: { decided }, local, result: null }),
    withdraw: async (id) => withdrawn.push(id),
  };
  const door = new Door({
    finder: {
      byCode: async (code) => {
        asked.push(code);
        return people[code] || { kind: 'none' };
      },
      pause: () => pause,
      learn: () => {},
    },
    delivery: new Delivery({ outbox, device: () => 'phone', judge, wait }),
    maker: new RecordMaker({ operator: () => '志愿者甲' }),
    view: { show: (screen) => screens.push(screen), signal: (tone) => signals.push(tone) },
    place: () => place,
    direction: () => direction,
    maxParty: () => 5,
    holds: () => holds,
    now: () => now,
    wait,
  });
  const tick = async (milliseconds) => {
    now += milliseconds;
    for (const timer of timers.splice(0)) (timer.at <= now ? timer.work() : timers.push(timer));
    await settled();
  };
  return { door, outbox, records, screens, signals, asked, withdrawn, tick };
}

const party = (size, more = {}) => ({ kind: 'found', rows: [{ ref: 'ref-1', name: '王*芬', party_size: size, status: 'confirmed', used: {}, ...more }] });

test('a party of one is admitted without a question', async () => {
  const { door, records, signals } = bench({ people: { [CODE]: party(1) } });
  assert.equal(door.scan(`HTTPS://EXAMPLE.ORG/T/${CODE}`, 'camera'), true);
  await settled();
  assert.equal(records.length, 1);
  assert.equal(records[0].ticket, CODE);
  assert.equal(records[0].count, 1);
  assert.equal(records[0].operator, '志愿者甲');
  assert.equal(door.screen.outcome, 'admitted');
  assert.equal(door.screen.id, records[0].id);
  assert.deepEqual(signals, ['good']);
});

test('a party is asked for, and enters as the volunteer says', async () => {
  const { door, records } = bench({ people: { [CODE]: party(4, { used: { gate: 1 } }) } });
  door.scan(CODE, 'camera');
  await settled();
  assert.equal(records.length, 0);
  assert.equal(door.screen.phase, 'choosing');
  assert.equal(door.screen.most, 3);
  door.confirm(2);
  await settled();
  assert.equal(records[0].count, 2);
});

test('a foreign code is shown and never asked for or sent', async () => {
  const { door, records, asked } = bench();
  door.scan('https://qr.alipay.com/fkx03210', 'camera');
  await settled();
  assert.deepEqual([records.length, asked.length, door.screen.outcome], [0, 0, 'foreign']);
});

test('a typed 签到码 wants the masked name confirmed, also for one', async () => {
  const { door, records } = bench({ people: { '042137': party(1) } });
  door.scan('042137', 'typed');
  await settled();
  assert.equal(records.length, 0);
  assert.equal(door.screen.name, '王*芬');
  door.confirm(1);
  await settled();
  assert.equal(records[0].ticket, '042137');
});

test('a look-up row is confirmed and sent with its ref', async () => {
  const { door, records } = bench();
  door.person(party(1).rows[0]);
  await settled();
  assert.equal(door.screen.phase, 'choosing');
  door.confirm(1);
  await settled();
  assert.deepEqual([records[0].ref, records[0].ticket], ['ref-1', null]);
});

test('what nobody knows is sent all the same, so that the refusal is kept', async () => {
  const { door, records, signals } = bench({ answers: () => ({ status: 'recorded', outcome: 'unknown_ticket', message: '没查到 · 请报手机尾号' }) });
  door.scan(CODE, 'typed');
  await settled();
  assert.equal(records.length, 1);
  assert.deepEqual([door.screen.word, door.screen.line, signals.at(-1)], ['没查到', '请报手机尾号', 'stop']);
});

test('used up, cancelled and waitlisted tickets are sent without a question', async () => {
  for (const more of [{ used: { gate: 4 } }, { status: 'cancelled' }, { status: 'waitlisted' }]) {
    const { door, records } = bench({ people: { [CODE]: party(4, more) } });
    door.scan(CODE, 'camera');
    await settled();
    assert.equal(records.length, 1, JSON.stringify(more));
  }
});

test('a typed 签到码 of a party that is all in is not asked about: the refusal comes at once', async () => {
  const { door, records } = bench({ people: { '042137': party(2, { used: { gate: 2 } }) }, answers: () => ({ status: 'recorded', outcome: 'already_used', message: '已签到 · 19:02 入口' }) });
  door.scan('042137', 'typed');
  await settled();
  assert.deepEqual([records.length, door.screen.outcome, door.screen.tone], [1, 'already_used', 'stop']);
});

test('whoever confirms a party sees how many went in before', async () => {
  const { door } = bench({ people: { '042137': party(3, { used: { gate: 1 } }) } });
  door.scan('042137', 'typed');
  await settled();
  assert.deepEqual([door.screen.phase, door.screen.most, door.screen.detail], ['choosing', 2, '报名 3 位 · 已进 1 位']);
});

test('a walk-in was not registered beforehand', async () => {
  const { door } = bench({ answers: () => ({ status: 'recorded', outcome: 'admitted', message: '请进 · 现场登记2位', party_size: 2, remaining: 0 }) });
  await door.carry(door.maker.walkin({ checkpoint: 'gate', count: 2, name: null, phone: null, consent: false }), '现场登记');
  assert.deepEqual([door.screen.line, door.screen.detail], ['现场登记2位', '']);
});

test('too many offers those who may still enter, as a new record', async () => {
  const { door, records } = bench({ people: { [CODE]: party(4) }, answers: (record, turn) => (turn === 1 ? { status: 'recorded', outcome: 'too_many', message: '还可进2位', remaining: 2 } : { status: 'recorded', outcome: 'admitted', message: '请进 · 2位', remaining: 0 }) });
  door.scan(CODE, 'camera');
  await settled();
  door.confirm(4);
  await settled();
  assert.deepEqual([door.screen.phase, door.screen.outcome, door.screen.value], ['choosing', 'too_many', 2]);
  door.confirm(2);
  await settled();
  assert.equal(door.screen.outcome, 'admitted');
  assert.notEqual(records[0].id, records[1].id);
});

test('questions are asked and answered with a new record', async () => {
  const questions = [{ key: 'age', label: '是否满60岁？', type: 'yes_no' }];
  const { door, records } = bench({ people: { [CODE]: party(1) }, answers: (record, turn) => (turn === 1 ? { status: 'recorded', outcome: 'answers_needed', message: '还要问1项', questions } : { status: 'recorded', outcome: 'admitted', message: '请进 · 1位' }) });
  door.scan(CODE, 'camera');
  await settled();
  assert.equal(door.screen.phase, 'asking');
  door.answer({ age: true });
  await settled();
  assert.deepEqual(records[1].answers, { age: true });
  assert.notEqual(records[0].id, records[1].id);
});

test('no answer: says so after eight seconds, keeps the id, and shows the answer when it comes', async () => {
  let tell;
  const { door, records, tick } = bench({ people: { [CODE]: party(1) }, answers: () => new Promise((resolve) => (tell = resolve)) });
  door.scan(CODE, 'camera');
  await settled();
  assert.equal(door.screen.pending, true);
  await tick(ANSWER_WITHIN);
  assert.deepEqual([door.screen.phase, door.screen.word, door.screen.pending], ['waiting', '没有网络，无法核对', true]);
  door.dismiss();
  assert.equal(door.screen.pending, true);
  tell({ status: 'recorded', outcome: 'admitted', message: '请进 · 1位' });
  await settled();
  assert.deepEqual([door.screen.outcome, door.screen.pending, records.length], ['admitted', false, 1]);
});

test('while the network is known to be away the answer is not waited for so long', async () => {
  const { door, outbox, tick } = bench({ people: { [CODE]: party(1) }, answers: () => null });
  outbox.online = false;
  door.scan(CODE, 'camera');
  await settled();
  await tick(DECIDE_AFTER);
  assert.equal(door.screen.phase, 'waiting');
});

test('a late answer does not cover the next person', async () => {
  const tells = [];
  const { door, tick } = bench({ people: { [CODE]: party(1), [OTHER]: party(1) }, answers: (record, turn) => (turn === 1 ? new Promise((resolve) => tells.push(resolve)) : { status: 'recorded', outcome: 'already_used', message: '已签到 · 19:02 东门' }) });
  door.scan(CODE, 'camera');
  await settled();
  await tick(ANSWER_WITHIN);
  assert.equal(door.scan(OTHER, 'camera'), true);
  await settled();
  assert.equal(door.screen.outcome, 'already_used');
  tells[0]({ status: 'recorded', outcome: 'admitted', message: '请进 · 1位' });
  await settled();
  assert.equal(door.screen.outcome, 'already_used');
});

test('without a look-up the volunteer counts heads', async () => {
  const { door, records } = bench({ people: { [CODE]: { kind: 'unreached' } } });
  door.scan(CODE, 'camera');
  await settled();
  assert.deepEqual([door.screen.phase, door.screen.most, door.screen.value, door.screen.unverified], ['choosing', 5, 1, true]);
  door.confirm(3);
  await settled();
  assert.equal(records[0].count, 3);
});

test('a phone that may not look up admits one and offers the rest', async () => {
  const { door, records } = bench({ people: { [CODE]: { kind: 'denied' } }, answers: (record, turn) => ({ status: 'recorded', outcome: 'admitted', message: '请进 · 1位', remaining: turn === 1 ? 3 : 0 }) });
  door.scan(CODE, 'camera');
  await settled();
  assert.deepEqual([records[0].count, door.screen.phase, door.screen.most], [1, 'choosing', 3]);
});

test('one at a time: the camera waits, typed codes stand in line', async () => {
  const { door, records, tick } = bench({ people: { [CODE]: party(1), [OTHER]: party(1) } });
  door.scan(CODE, 'typed');
  assert.equal(door.scan(OTHER, 'camera'), false);
  assert.equal(door.scan(OTHER, 'typed'), true);
  await settled();
  await tick(700);
  await settled();
  assert.deepEqual(records.map((record) => record.ticket), [CODE, OTHER]);
});

test('the camera leaves a result time to be read, then the next scan replaces it', async () => {
  const { door, tick } = bench({ people: { [CODE]: party(1), [OTHER]: party(1) } });
  door.scan(CODE, 'camera');
  await settled();
  assert.equal(door.scan(OTHER, 'camera'), false);
  await tick(700);
  assert.equal(door.scan(OTHER, 'camera'), true);
});

test('an admission of one goes by itself; the strip keeps it', async () => {
  const { door, tick } = bench({ people: { [CODE]: party(1) } });
  door.scan(CODE, 'camera');
  await settled();
  await tick(2600);
  assert.deepEqual([door.screen.phase, door.screen.outcome, door.screen.word], ['rest', 'admitted', '请进']);
});

test('the handout desk holds the result until it is given', async () => {
  const { door, tick } = bench({ people: { [CODE]: party(1), [OTHER]: party(1) }, holds: true });
  door.scan(CODE, 'camera');
  await settled();
  await tick(60000);
  assert.equal(door.screen.phase, 'holding');
  assert.equal(door.scan(OTHER, 'camera'), false);
  door.scan(OTHER, 'typed');
  assert.equal(door.screen.phase, 'holding');
  door.dismiss();
  await tick(2000);
  assert.equal(door.screen.phase, 'holding');
});

test('a cancelled question records nothing, and the next scan works', async () => {
  const { door, records } = bench({ people: { [CODE]: party(3) } });
  door.scan(CODE, 'camera');
  await settled();
  door.dismiss();
  assert.deepEqual([records.length, door.screen.phase, door.ready()], [0, 'rest', true]);
  door.scan(CODE, 'camera');
  await settled();
  assert.equal(door.screen.phase, 'choosing');
});

test('after a rejection or a full phone the next scan works', async () => {
  const { door, outbox, tick } = bench({ people: { [CODE]: party(1) }, answers: () => ({ status: 'rejected', code: 'unknown_checkpoint' }) });
  door.scan(CODE, 'camera');
  await settled();
  assert.deepEqual([door.screen.word, door.screen.tone], ['没有记上', 'stop']);
  await tick(2000);
  assert.equal(door.ready(), true);
  outbox.add = async () => {
    throw new Error('QuotaExceededError');
  };
  door.scan(CODE, 'camera');
  await settled();
  assert.deepEqual([door.screen.word, door.screen.phase], ['没有记上', 'done']);
});

test('an exit only where every scan counts', async () => {
  const each = bench({ people: { [CODE]: party(1) }, place: { key: 'stage', name: '舞台', rule: 'each_time' }, direction: 'exit' });
  each.door.scan(CODE, 'camera');
  await settled();
  assert.equal(each.records[0].direction, 'exit');
  const once = bench({ people: { [CODE]: party(1) }, direction: 'exit' });
  once.door.scan(CODE, 'camera');
  await settled();
  assert.equal(once.records[0].direction, 'entry');
});

const judge = (say, barred = () => false) => ({ knowsMore: () => false, barred, answer: (record) => ({ id: record.id, status: 'local', message: '', remaining: null, flags: [], ...say(record) }) });
const unsure = judge((record) => (record.decided === 'admitted' ? { outcome: 'admitted', message: '已放行 · 待负责人核对（没查到，请报手机尾号）', flags: ['conflict', 'unidentified'] } : { outcome: 'unknown_ticket', unverified: true }));

test('what cannot be verified without a network is refused, and the volunteer may decide otherwise', async () => {
  const { door, outbox, records, signals, tick } = bench({ judge: unsure, answers: () => null });
  outbox.online = false;
  door.scan(CODE, 'camera');
  await settled();
  assert.deepEqual([door.screen.word, door.screen.outcome, door.screen.phase, door.screen.value, door.screen.pending, records[0].decided], ['没有网络，无法核对', 'unknown_ticket', 'choosing', 1, false, 'refused']);
  assert.equal(door.scan(OTHER, 'camera'), false, 'time to read');
  door.confirm(2);
  await settled();
  assert.deepEqual([records.length, records[1].decided, records[1].count, records[1].ticket, typeof records[1].reason], [2, 'admitted', 2, CODE, 'string']);
  assert.notEqual(records[0].id, records[1].id);
  assert.deepEqual([door.screen.outcome, door.screen.tone, door.screen.word, signals.at(-1)], ['admitted', 'look', '已放行', 'look']);
  door.dismiss();
  door.scan(CODE, 'camera');
  await settled();
  await tick(1800);
  assert.equal(door.scan(OTHER, 'camera'), true, 'the next scan need not wait for a decision');
});

test('the server’s late answer to what could not be verified is shown while the volunteer still looks at it', async () => {
  let tell;
  const { door, tick, withdrawn, records } = bench({ judge: unsure, people: { [CODE]: party(1) }, answers: () => new Promise((resolve) => (tell = resolve)) });
  door.scan(CODE, 'camera');
  await settled();
  await tick(DECIDE_AFTER);
  assert.equal(door.screen.mayLetIn, true);
  tell({ status: 'recorded', outcome: 'admitted', message: '请进 · 1位', name: '王*芬' });
  await settled();
  assert.deepEqual([door.screen.outcome, door.screen.word, door.screen.name, withdrawn], ['admitted', '请进', '王*芬', [records[0].id]]);
});

test('a late answer that differs from what the phone has decided raises no alarm', async () => {
  let tell;
  const { door, tick, signals, withdrawn } = bench({ judge: judge(() => ({ outcome: 'admitted', message: '请进 · 1位', remaining: 0 })), people: { [CODE]: party(1) }, answers: () => new Promise((resolve) => (tell = resolve)) });
  door.scan(CODE, 'camera');
  await settled();
  await tick(DECIDE_AFTER);
  assert.equal(door.screen.outcome, 'admitted');
  tell({ status: 'recorded', outcome: 'already_used', message: '已签到 · 19:02 东门', flags: ['conflict'] });
  await settled();
  assert.deepEqual([door.screen.outcome, door.screen.word, signals, withdrawn], ['admitted', '请进', ['good'], []]);
});

test('a ticket issued after the last download: how many is asked, and it is said that it is not in the list yet', async () => {
  const { door, outbox, records } = bench({ judge: judge(() => ({ outcome: 'admitted', message: '请进 · 2位', unlisted: true })), people: { [CODE]: { kind: 'spare' } }, answers: () => null });
  outbox.online = false;
  door.scan(CODE, 'camera');
  await settled();
  assert.deepEqual([door.screen.phase, door.screen.most, door.screen.word], ['choosing', 5, '新凭证，请数一数几位']);
  door.confirm(2);
  await settled();
  assert.deepEqual([records[0].count, records[0].decided, door.screen.tone, door.screen.detail], [2, 'admitted', 'good', '名单里还没有，联网后核对']);
});

test('what is certain is said before anybody is asked, and the rest of a party is asked for if the server knows better', async () => {
  const shut = judge(() => ({ outcome: 'not_yet_open', message: '18:30开始入场' }), () => true);
  const { door, records } = bench({ judge: shut, people: { [CODE]: party(3) }, answers: () => ({ status: 'recorded', outcome: 'not_yet_open', message: '18:30开始入场', remaining: 3 }) });
  door.early = () => '活动8月16日20:00开始，当天18:30起可以签到';
  door.scan(CODE, 'camera');
  await settled();
  assert.deepEqual([door.screen.phase, door.screen.outcome, door.screen.word, door.screen.line, records.length, records[0].decided], ['done', 'not_yet_open', '18:30开始入场', '活动8月16日20:00开始，当天18:30起可以签到', 1, undefined]);
  const better = bench({ judge: shut, people: { [CODE]: party(3) }, answers: (record) => ({ status: 'recorded', outcome: 'admitted', message: '请进 · 1位', remaining: 3 - record.count }) });
  better.door.scan(CODE, 'camera');
  await settled();
  assert.deepEqual([better.door.screen.phase, better.door.screen.most], ['choosing', 2]);
});

test('a typed 签到码 that is certain to be refused lets nobody in without a name confirmed', async () => {
  const shut = judge(() => ({ outcome: 'cancelled', message: '已取消 · 可现场登记' }), () => true);
  const { door, records } = bench({ judge: shut, people: { '042137': party(2) }, answers: () => null });
  door.scan('042137', 'typed');
  await settled();
  assert.deepEqual([door.screen.phase, door.screen.outcome, records[0].decided], ['done', 'cancelled', 'refused']);
});

test('after many unknown 签到码 a typed one has to wait, and the screen says so', async () => {
  const { door, asked, tick } = bench({ pause: 3000, people: { '042137': party(1) } });
  door.scan('042137', 'typed');
  await settled();
  assert.deepEqual([door.screen.word, asked.length], ['没查到的签到码太多，请稍等', 0]);
  await tick(3000);
  assert.deepEqual([door.screen.phase, asked.length], ['choosing', 1]);
});

test('the handout desk holds what the phone has decided too', async () => {
  const { door, outbox } = bench({ judge: judge(() => ({ outcome: 'admitted', message: '请进 · 1位', remaining: 0 })), people: { [CODE]: party(1) }, holds: true, answers: () => null });
  outbox.online = false;
  door.scan(CODE, 'camera');
  await settled();
  assert.equal(door.screen.phase, 'holding');
});

test('the desk’s questions are asked by the phone, and the answers go in a new record', async () => {
  const questions = [{ key: 'age', label: '年龄段' }];
  const { door, outbox, records } = bench({ judge: judge((record) => (record.answers ? { outcome: 'admitted', message: '请进 · 1位' } : { outcome: 'answers_needed', message: '还要问1项', questions })), people: { [CODE]: party(1) }, answers: () => null });
  outbox.online = false;
  door.scan(CODE, 'camera');
  await settled();
  assert.deepEqual([door.screen.phase, records[0].decided], ['asking', 'refused']);
  door.answer({ age: '60+' });
  await settled();
  assert.deepEqual([door.screen.outcome, records[1].decided, records[1].answers], ['admitted', 'admitted', { age: '60+' }]);
});
