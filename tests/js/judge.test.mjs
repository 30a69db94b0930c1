// What the phone says by itself obeys the same cases as the server's decision, over a roster instead of a database.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import test from 'node:test';

import { shortHash } from '../../static/js/lib/short-hash.js';
import { Judge } from '../../static/js/scan/judge.js';
import { markOf } from '../../static/js/scan/marks.js';
import { LAG, OwnEntries } from '../../static/js/scan/own-entries.js';
import { RosterIndex } from '../../static/js/scan/roster-index.js';

const CODE = '7K3MNPQRSTVWXYZ01234';
const SPARE = '0123456789ABCDEFGHJK';
const STRANGE = 'ZZZZZZZZZZZZZZZZZZZZ';
const NOW = Date.parse('2026-08-14T11:30:00Z');
const EVENT = { timezone: 'Asia/Shanghai', status: 'published', rehearsal: true, registration: { max_party: 5, questions: [] }, sessions: [], checkpoints: [{ key: 'gate', name: '东门', rule: 'once', sessions: [] }] };
const TICKET = { ref: 'r1', hash: shortHash(CODE), pickup_hash: shortHash('salt:042137'), name: '王*芳', initials: ['wxf'], phone_tail: '1234', party_size: 4 };

/** @returns {{judge: Judge, own: OwnEntries, index: RosterIndex, scan: (more?: any) => any}} */
function bench({ event = EVENT, ticket = TICKET, now = NOW, skew = 0, salt = 'salt' } = {}) {
  const index = new RosterIndex();
  index.apply({ tickets: ticket ? [ticket] : [], spare: [shortHash(SPARE)], cursor: '1', salt });
  const own = new OwnEntries();
  const judge = new Judge({ index: () => index, own, event: () => event, device: () => '甲机', skew: () => skew, clock: () => now });
  const scan = (more = {}) => judge.answer({ id: 'x', type: 'checkin', checkpoint: 'gate', ticket: CODE, ref: null, count: 1, direction: 'entry', ...more });
  return { judge, own, index, scan };
}

let seq = 0;
/** A row of this phone's own. */
const row = (record, more = {}) => {
  const whole = { type: 'checkin', checkpoint: 'gate', ticket: CODE, ref: null, count: 1, direction: 'entry', at: new Date(NOW - 60000).toISOString(), decided: 'admitted', ...record };
  return { id: whole.id, seq: (seq += 1), device: 'phone', state: 'queued', record: whole, mark: whole.type === 'checkin' ? markOf(whole, 'salt') : '', local: null, label: '', result: null, answeredAt: null, ...more };
};

const cases = JSON.parse(readFileSync(new URL('../cases/admission.json', import.meta.url), 'utf-8'));
for (const { name, door, ticket, entries, scan, expect } of cases) {
  test(`over a roster: ${name}`, () => {
    const known = ticket !== null && ticket.belongs !== false; // another event's ticket is unknown to a phone
    const event = {
      ...door,
      timezone: door.zone,
      registration: { max_party: 5, questions: [...new Set([...(door.required || []), ...expect.questions || []])].map((key) => ({ key, label: key, required: true, ask: 'desk' })) },
      checkpoints: [{ key: 'gate', name: '东门', rule: door.rule, opens_at: door.opens_at, closes_at: door.closes_at, sessions: door.sessions || [] }],
    };
    const listed = known && { ...ticket, ref: 'r1', hash: shortHash(ticket.reissued ? SPARE + 'X' : CODE), retired: ticket.reissued ? [shortHash(CODE)] : [], entries: { gate: entries } };
    const { scan: say } = bench({ event, ticket: listed || null, now: Date.parse(scan.now) });
    const answer = say({ count: scan.count, direction: scan.direction, answers: Object.fromEntries(scan.answers.map((key) => [key, '是'])) });
    const wanted = known ? expect : { outcome: 'unknown_ticket', admitted: 0 };
    for (const key of ['outcome', 'admitted', 'remaining', 'used']) if (key in wanted) assert.deepEqual(answer[key], wanted[key], key);
    if (known && 'questions' in expect) assert.deepEqual((answer.questions || []).map((each) => each.key).sort(), expect.questions);
    if (known && 'first' in expect) assert.equal(answer.first_at, entries.find((entry) => entry.id === expect.first)?.at ?? null);
  });
}

test('the answer has the shape and the sentence of the server', () => {
  const { scan } = bench();
  const answer = scan({ count: 3 });
  assert.deepEqual([answer.id, answer.status, answer.outcome, answer.message, answer.ref, answer.name, answer.party_size, answer.used, answer.remaining], ['x', 'local', 'admitted', '请进 · 3位', 'r1', '王*芳', 4, 3, 1]);
});

test('a second scan names when, where and by which phone the first was', () => {
  const { scan } = bench({ ticket: { ...TICKET, entries: { gate: [{ id: 'a', count: 4, at: '2026-08-14T11:02:00Z', device: '乙机' }] } } });
  const answer = scan();
  assert.deepEqual([answer.outcome, answer.message, answer.first_device, answer.remaining], ['already_used', '已签到 · 19:02 东门 乙机', '乙机', 0]);
});

test('what an organizer took back is not counted, however well this phone remembers it', () => {
  const { own, scan } = bench({ ticket: { ...TICKET, party_size: 1, undone: ['a'] } });
  own.note(row({ id: 'a' }, { state: 'kept', answeredAt: NOW, result: { outcome: 'admitted' } }));
  assert.equal(scan().outcome, 'admitted');
  own.note(row({ id: 'b' }));
  assert.equal(scan().outcome, 'already_used');
});

test('own records count with the roster’s, each record once', () => {
  const { own, scan } = bench({ ticket: { ...TICKET, entries: { gate: [{ id: 'a', count: 1, at: '2026-08-14T11:02:00Z' }] } } });
  own.note(row({ id: 'a', count: 1 }, { state: 'kept', answeredAt: NOW, result: { outcome: 'admitted' } }));
  own.note(row({ id: 'b', count: 2, ticket: null, ref: 'r1' }));
  assert.deepEqual([scan({ count: 2 }).outcome, scan({ count: 2 }).remaining], ['too_many', 1]);
});

test('own undos take back own records and those of the roster', () => {
  const { own, scan } = bench({ ticket: { ...TICKET, party_size: 2, entries: { gate: [{ id: 'a', count: 1, at: '2026-08-14T11:02:00Z' }] } } });
  own.note(row({ id: 'b' }));
  assert.equal(scan().outcome, 'already_used');
  own.note(row({ id: 'u', type: 'undo', undoes: 'b', ticket: null }));
  assert.equal(scan({ count: 1 }).outcome, 'admitted');
  own.note(row({ id: 'v', type: 'undo', undoes: 'a', ticket: null }));
  assert.equal(scan({ count: 2 }).outcome, 'admitted');
  own.note(row({ id: 'v', type: 'undo', undoes: 'a', ticket: null }, { state: 'rejected', answeredAt: NOW }));
  assert.equal(scan({ count: 2 }).outcome, 'too_many');
});

test('a record that the server has answered for counts until the roster has been current since', () => {
  const { own, scan } = bench({ ticket: { ...TICKET, party_size: 1 } });
  const kept = row({ id: 'b', decided: null }, { state: 'kept', answeredAt: NOW, result: { outcome: 'admitted', ref: 'r1' } });
  own.note(kept);
  assert.deepEqual([scan().outcome, own.needs(kept)], ['already_used', true]);
  own.rosterAt(NOW + 1000);
  assert.equal(scan().outcome, 'already_used');
  own.rosterAt(NOW + LAG + 1);
  assert.deepEqual([scan().outcome, own.needs(kept)], ['admitted', false], 'an organizer may have taken it back');
  own.note(kept);
  assert.equal(scan().outcome, 'admitted', 'also after a reload');
});

test('what waits counts however old, and after a new epoch only what waits', () => {
  const { own, scan } = bench({ ticket: { ...TICKET, party_size: 2 } });
  own.note(row({ id: 'b' }, { state: 'kept', answeredAt: NOW, result: { outcome: 'admitted' } }));
  own.note(row({ id: 'c' }));
  own.rosterAt(NOW + 10 * LAG);
  assert.equal(scan().remaining, 0);
  own.newEpoch();
  assert.equal(scan().remaining, 0);
});

test('refused records, exits and records of other checkpoints use nothing up', () => {
  const { own, scan } = bench({ ticket: { ...TICKET, party_size: 1 } });
  own.note(row({ id: 'b', decided: 'refused' }));
  own.note(row({ id: 'c', direction: 'exit' }));
  own.note(row({ id: 'd', checkpoint: 'stage' }));
  own.note(row({ id: 'e', decided: null }, { state: 'kept', answeredAt: NOW, result: { outcome: 'already_used' } }));
  assert.equal(scan().outcome, 'admitted');
});

test('a spare code is let in as a ticket that is not in the list yet, up to the largest party', () => {
  const { own, scan } = bench();
  const answer = scan({ ticket: SPARE, count: 3 });
  assert.deepEqual([answer.outcome, answer.remaining, answer.unlisted, answer.name], ['admitted', null, true, null]);
  own.note(row({ id: 'b', ticket: SPARE, count: 3 }));
  assert.deepEqual([scan({ ticket: SPARE, count: 3 }).outcome, scan({ ticket: SPARE, count: 3 }).remaining], ['too_many', 2]);
  assert.equal(scan({ ticket: SPARE, count: 2 }).outcome, 'admitted');
});

test('own records of a spare code stay with its ticket when the roster brings it', () => {
  const { own, index, scan } = bench();
  own.note(row({ id: 'b', ticket: SPARE, count: 2 }));
  index.apply({ tickets: [{ ref: 'r2', hash: shortHash(SPARE), name: '李*', party_size: 2 }], cursor: '2' });
  assert.equal(index.spares.size, 0);
  assert.equal(scan({ ticket: SPARE }).outcome, 'already_used');
});

test('an unknown code cannot be verified; a person may let in, with a flag', () => {
  const { scan } = bench();
  const no = scan({ ticket: STRANGE });
  assert.deepEqual([no.outcome, no.unverified, no.remaining], ['unknown_ticket', true, null]);
  const yes = scan({ ticket: STRANGE, count: 2, decided: 'admitted' });
  assert.deepEqual([yes.outcome, yes.admitted, yes.flags], ['admitted', 2, ['conflict', 'unidentified']]);
});

test('a 签到码, a reference, an alias and a replaced code find the ticket', () => {
  const alias = 'AAAAAAAAAAAAAAAAAAAA';
  const old = 'BBBBBBBBBBBBBBBBBBBB';
  const { scan } = bench({ ticket: { ...TICKET, aliases: [shortHash(alias)], retired: [shortHash(old)] } });
  assert.equal(scan({ ticket: '042137' }).ref, 'r1');
  assert.equal(scan({ ticket: null, ref: 'r1' }).outcome, 'admitted');
  assert.equal(scan({ ticket: alias }).outcome, 'admitted');
  assert.equal(scan({ ticket: old }).outcome, 'reissued');
  assert.equal(scan({ ticket: '999999' }).outcome, 'unknown_ticket');
});

test('entries under code, 签到码, alias and reference are one ticket’s', () => {
  const alias = 'AAAAAAAAAAAAAAAAAAAA';
  const { own, scan } = bench({ ticket: { ...TICKET, aliases: [shortHash(alias)] } });
  for (const [id, more] of Object.entries({ a: {}, b: { ticket: alias }, c: { ticket: '042137' }, d: { ticket: null, ref: 'r1' } })) own.note(row({ id, ...more }));
  assert.equal(scan().remaining, 0);
});

test('the desk’s questions are asked with their words, and answers are heard', () => {
  const questions = [{ key: 'age', label: '年龄段', required: true, ask: 'desk' }, { key: 'x', label: '问', required: true, ask: 'form' }];
  const { scan } = bench({ event: { ...EVENT, registration: { max_party: 5, questions } } });
  const asked = scan();
  assert.deepEqual([asked.outcome, asked.questions.map((each) => each.label), asked.message], ['answers_needed', ['年龄段'], '还要问1项']);
  const optional = { key: 'from', label: '从哪里来', required: false, ask: 'desk' };
  const more = bench({ event: { ...EVENT, registration: { max_party: 5, questions: [...questions, optional] } } }).scan();
  assert.deepEqual([more.questions.map((each) => each.key), more.message], [['age', 'from'], '还要问1项'], 'with those that must be answered');
  assert.equal(bench({ event: { ...EVENT, registration: { max_party: 5, questions: [optional] } } }).scan().outcome, 'admitted', 'never alone');
  assert.equal(scan({ answers: { age: '' } }).outcome, 'answers_needed');
  assert.equal(scan({ answers: { age: '60+' } }).outcome, 'admitted');
});

test('the wrong session names the ticket’s own', () => {
  const sessions = [{ key: 's1', name: '一', starts_at: '2026-08-14T12:00:00Z' }, { key: 's2', name: '夜场', starts_at: null }, { key: 's3', name: '三' }];
  const { scan } = bench({ event: { ...EVENT, sessions, checkpoints: [{ key: 'gate', name: '东门', rule: 'once', sessions: ['s3'] }] }, ticket: { ...TICKET, sessions: ['s1', 's2'] } });
  assert.equal(scan().message, '您报的是20:00、夜场场');
});

test('a walk-in is refused by the door’s times alone', () => {
  const shut = { ...EVENT, rehearsal: false, starts_at: '2026-08-20T10:00:00Z' };
  const walkin = { id: 'w', type: 'walkin', checkpoint: 'gate', count: 2 };
  assert.deepEqual([bench().judge.answer(walkin).message, bench().judge.answer(walkin).admitted], ['请进 · 现场登记2位', 2]);
  assert.equal(bench({ event: shut }).judge.answer(walkin).message, '8月20日00:00开始入场');
});

test('a clock that is known to be wrong is put right', () => {
  const event = { ...EVENT, rehearsal: false, starts_at: '2026-08-14T10:00:00Z', ends_at: '2026-08-14T13:00:00Z', checkpoints: [{ ...EVENT.checkpoints[0], opens_at: '2026-08-14T11:00:00Z' }] };
  const threeHours = 3 * 3600 * 1000;
  assert.equal(bench({ event, now: NOW - threeHours }).scan().outcome, 'not_yet_open');
  assert.equal(bench({ event, now: NOW - threeHours, skew: threeHours }).scan().outcome, 'admitted');
});

test('without a roster, or at a checkpoint that is gone, this phone says nothing', () => {
  const judge = new Judge({ index: () => null, own: new OwnEntries(), event: () => EVENT });
  assert.equal(judge.answer({ id: 'x', type: 'checkin', checkpoint: 'gate', ticket: CODE, count: 1 }), null);
  assert.equal(bench().scan({ checkpoint: 'gone' }), null);
});

test('what no answer can change is certain before anybody is asked, but for the minutes about an opening', () => {
  const event = { ...EVENT, rehearsal: false, starts_at: '2026-08-14T12:00:00Z', checkpoints: [{ ...EVENT.checkpoints[0], opens_at: '2026-08-14T11:30:00Z' }] };
  const record = { id: 'x', type: 'checkin', checkpoint: 'gate', ticket: CODE, ref: null, count: 1, direction: 'entry' };
  const minutes = (off) => bench({ event, now: NOW + off * 60000 }).judge;
  assert.deepEqual([-60, -6, -4, 0, 4, 6].map((off) => minutes(off).barred(record)), [true, true, false, false, false, false]);
  assert.equal(minutes(0).opensAt('gate'), NOW);
  assert.equal(minutes(0).opensAt('gone'), null);
  assert.deepEqual([minutes(-60).barred({ ...record, direction: 'exit' }), minutes(-60).barred({ ...record, ticket: STRANGE })], [false, true], 'the door’s times bind everybody who comes in');
  assert.equal(new Judge({ index: () => null, own: new OwnEntries(), event: () => event, clock: () => NOW - 3600000 }).barred(record), true, 'before the list is there');
  for (const status of ['cancelled', 'pending', 'waitlisted']) assert.equal(bench({ ticket: { ...TICKET, status } }).judge.barred(record), true, status);
  assert.equal(bench({ ticket: { ...TICKET, used: { gate: 4 } } }).judge.barred(record), false, 'how many went in is another question');
  assert.equal(bench().judge.barred({ ...record, ticket: STRANGE }), false, 'what is unknown may be let in');
});
