// @ts-check
/**
 * The desk's questions as fields, and their answers as the record wants them: an object by the question's key.
 *
 * @typedef {{key: string, label: string, type?: string, choices?: string[], required?: boolean}} Question
 */

import { make } from '../lib/dom.js';
import { WORDS } from './words.js';

/** @param {Question} question @returns {string[]} what can be tapped; none = a text field */
export function choicesOf({ type, choices }) {
  if (choices?.length) return choices;
  return type === 'yes_no' ? [WORDS.yes, WORDS.no] : [];
}

/** @param {Question[]} questions @returns {HTMLElement[]} */
export function questionFields(questions) {
  return questions.map((question) => {
    const { key, type } = question;
    const needed = question.required !== false;
    const label = needed ? question.label : `${question.label}${WORDS.optional}`;
    const choices = choicesOf(question);
    if (!choices.length) return make('label', {}, label, make('input', { class: 'form-control', name: key, maxlength: 200, required: needed, autocomplete: 'off', inputmode: type === 'number' ? 'numeric' : null }));
    const many = type === 'multi';
    const chips = choices.map((choice) => make('label', { class: 'choice' }, make('input', { type: many ? 'checkbox' : 'radio', name: key, value: choice, required: needed && !many }), choice));
    return make('fieldset', {}, make('legend', {}, label), ...chips);
  });
}

/**
 * @param {{get(name: string): any, getAll(name: string): any[]}} data a FormData
 * @param {Question[]} questions
 * @returns {Record<string, any>}
 */
export function readAnswers(data, questions) {
  return Object.fromEntries(questions.map(({ key, type }) => [key, readAnswer(type, data.getAll(key).map((each) => String(each).trim()))]));
}

/** @param {string | undefined} type @param {string[]} given */
function readAnswer(type, given) {
  if (type === 'multi') return given;
  if (type === 'yes_no') return given[0] ? given[0] === WORDS.yes : '';
  if (type === 'number' && given[0] && Number.isFinite(Number(given[0]))) return Number(given[0]);
  return given[0] || '';
}
