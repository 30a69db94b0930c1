// @ts-check
/**
 * What the door says, as "big word · line": the mirror of eventsvc/services/wording.py, for answers that the phone gives itself.
 * tests/cases/sentences.json binds both; a page in English says it again in English, as it does with the server's sentences.
 */

/** @type {Record<string, string>} */
export const SENTENCES = {
  admitted: '请进 · {admitted}位',
  exit: '已离场 · {admitted}位',
  walkin: '请进 · 现场登记{admitted}位',
  already_used: '已签到',
  already_used_at: '已签到 · {first}',
  too_many: '还可进{remaining}位',
  too_many_for_ticket: '这张凭证只有{party_size}位',
  unknown_ticket: '没查到 · 请报手机尾号',
  wrong_event: '这是别的活动的码',
  wrong_event_of: '这是“{event_title}”的码',
  cancelled: '已取消 · 可现场登记',
  waitlisted: '候补 · 暂未递补',
  waitlisted_at: '候补第{position}位 · 暂未递补',
  awaiting_approval: '主办方还没确认',
  blocked: '请到服务台',
  reissued: '已换新码 · 请打开新凭证',
  wrong_session: '您没有报这一场',
  wrong_session_of: '您报的是{sessions}场',
  not_yet_open: '还没有开始入场',
  not_yet_open_until: '{opens}开始入场',
  closed: '已停止入场',
  answers_needed: '还要问{questions}项',
  counted: '已记上',
  undone: '已撤销',
  refused: '手机上已拒绝',
  let_in: '已放行 · 待负责人核对（{message}）',
};

/**
 * @typedef {{admitted?: number, direction?: string, remaining?: number | null, party_size?: number, first?: string, place?: string, device?: string,
 *            event_title?: string, position?: number | null, sessions?: string, opens?: string, questions?: number}} Facts
 */

/** @param {string} outcome @param {Facts} facts @returns {string} which of the sentences */
function which(outcome, { direction = 'entry', remaining = null, first, event_title: title, position, sessions, opens }) {
  if (outcome === 'admitted' && direction === 'exit') return 'exit';
  if (outcome === 'already_used' && first) return 'already_used_at';
  if (outcome === 'too_many' && remaining === null) return 'too_many_for_ticket';
  if (outcome === 'wrong_event' && title) return 'wrong_event_of';
  if (outcome === 'waitlisted' && position) return 'waitlisted_at';
  if (outcome === 'wrong_session' && sessions) return 'wrong_session_of';
  if (outcome === 'not_yet_open' && opens) return 'not_yet_open_until';
  return outcome;
}

/**
 * The sentence for one outcome.
 * @param {string} outcome
 * @param {Facts} [facts] already text, or numbers that may be shown to a volunteer
 * @returns {string}
 */
export function doorSays(outcome, facts = {}) {
  const said = which(outcome, facts);
  const first = said === 'already_used_at' ? [facts.first, facts.place, facts.device].filter(Boolean).join(' ') : facts.first;
  /** @type {Record<string, any>} */
  const values = { admitted: 0, party_size: 1, questions: 0, ...facts, first };
  return SENTENCES[said].replace(/\{(\w+)\}/g, (_, name) => String(values[name] ?? ''));
}

/** @param {string} message @returns {string} the sentence where a volunteer let somebody in against it */
export function letIn(message) {
  return SENTENCES.let_in.replace('{message}', () => message.replaceAll(' · ', '，'));
}
