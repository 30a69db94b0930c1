// @ts-check
/** The scanner in two languages: the same keys, the same places, no Chinese left in English, the door's sentences as on the server. */

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { SENTENCES, doorSays, letIn } from '../../static/js/lib/door-words.js';
import { inEnglish } from '../../static/js/scan/sentences-en.js';
import { ENGLISH } from '../../static/js/scan/words-en.js';
import { CHINESE, WORDS } from '../../static/js/scan/words.js';

const HAN = /[\u3000-\u303f\u3400-\u9fff\uff00-\uffef]/;
const cases = JSON.parse(readFileSync(new URL('../cases/sentences.json', import.meta.url), 'utf-8'));

/**
 * @param {any} words
 * @param {string} [path]
 * @returns {[string, any][]} every word with its dotted key
 */
function flat(words, path = '') {
  return Object.entries(words).flatMap(([key, value]) => (typeof value === 'object' ? flat(value, `${path}${key}.`) : [[path + key, value]]));
}

/** @param {any} chinese @param {any} english @returns {string[]} what differs in keys or kind, and what is left in Chinese */
function faults(chinese, english) {
  const [first, second] = [new Map(flat(chinese)), new Map(flat(english))];
  const keys = [...new Set([...first.keys(), ...second.keys()])];
  return keys.filter((key) => {
    const [zh, en] = [first.get(key), second.get(key)];
    if (typeof zh !== typeof en || !en) return true;
    if (key === 'say') return false; // it reads Chinese
    const said = typeof en === 'function' ? en(2, false) + en(1, true) + en(-1, 'x') : en;
    return (typeof en === 'function' && zh.length !== en.length) || HAN.test(said);
  });
}

test('both languages have the same words', () => {
  assert.deepEqual(faults(CHINESE, ENGLISH), []);
  assert.equal(WORDS, CHINESE, 'Chinese where no page says otherwise');
});

test('the test sees what is missing, too much, of another kind, or left in Chinese', () => {
  assert.deepEqual(faults({ a: '甲', b: { c: '乙' } }, { a: 'A', b: {} }), ['b.c']);
  assert.deepEqual(faults({ a: '甲' }, { a: 'A', d: 'D' }), ['d']);
  assert.deepEqual(faults({ a: (/** @type {number} */ n) => `${n}位` }, { a: 'A' }), ['a']);
  assert.deepEqual(faults({ a: (/** @type {number} */ n) => `${n}位` }, { a: (/** @type {number} */ n) => `${n}位` }), ['a']);
  assert.deepEqual(faults({ a: '甲' }, { a: '' }), ['a']);
});

test('every sentence of the door is said in English as the server says it', () => {
  for (const { zh, en } of cases) assert.equal(inEnglish(zh), en, zh);
});

test('a sentence that is not known is left to the words of the outcome', () => {
  assert.equal(inEnglish('某个以后才有的句子'), '');
});

test('the phone says each sentence as the server does', () => {
  for (const { zh, says, lets_in: against } of cases) assert.equal(against ? letIn(against) : doorSays(says.outcome, says), zh);
});

test('no sentence of the phone is without a case', () => {
  const shape = (template) => new RegExp(`^${template.replace(/\{\w+\}/g, '.+')}$`);
  for (const [name, template] of Object.entries(SENTENCES)) assert.ok(cases.some(({ zh }) => shape(template).test(zh)), name);
});
