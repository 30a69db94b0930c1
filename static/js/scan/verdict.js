// @ts-check
/**
 * What the screen, the sound and the vibration say of an answer. Red means stop, amber look closer, green go in.
 *
 * @typedef {'good' | 'look' | 'stop' | 'info'} Tone
 * @typedef {{tone: Tone, word: string, line: string}} Verdict
 */

import { WORDS } from './words.js';

/** @type {Record<string, Tone>} */
const TONES = {
  admitted: 'good',
  counted: 'good',
  undone: 'info',
  too_many: 'look',
  waitlisted: 'look',
  awaiting_approval: 'look',
  wrong_session: 'look',
  not_yet_open: 'look',
  answers_needed: 'look',
  foreign: 'look',
  already_used: 'stop',
  unknown_ticket: 'stop',
  wrong_event: 'stop',
  cancelled: 'stop',
  blocked: 'stop',
  reissued: 'stop',
  closed: 'stop',
};

/**
 * @param {string} message `big word · line`
 * @returns {{word: string, line: string}}
 */
export function splitMessage(message) {
  const at = message.indexOf(' · ');
  return at < 0 ? { word: message, line: '' } : { word: message.slice(0, at), line: message.slice(at + 3) };
}

/**
 * @param {Record<string, any>} result one of the server's results
 * @returns {Verdict}
 */
export function verdictOf(result) {
  if (result.status === 'rejected') {
    return { tone: 'stop', word: WORDS.notKept, line: WORDS.rejected[result.code] || WORDS.say(result.message || '') || WORDS.askOrganizer };
  }
  const outcome = String(result.outcome || '');
  if (result.unverified) return { tone: 'look', word: WORDS.noNetwork, line: WORDS.noNetworkLine };
  const { word, line } = splitMessage(WORDS.say(String(result.message || '')) || WORDS.outcomes[outcome] || outcome);
  const conflict = (result.flags || []).includes('conflict');
  const says = conflict ? undefined : WORDS.refusedFirst[outcome];
  return { tone: conflict ? 'look' : TONES[outcome] || 'look', word: says ? says(word) : word, line };
}
