// @ts-check
/**
 * What the door says, in English: the server's sentence is read back by its pattern and said again.
 * tests/cases/sentences.json holds every sentence with its English, for this file and for the server's own English pages.
 */

/** @type {[string, string][]} with places, those without any first, then the longer ones */
const SENTENCES = [
  ['没查到 · 请报手机尾号', 'Not found · ask for the phone’s last digits'],
  ['已换新码 · 请打开新凭证', 'Code replaced · please open the new ticket'],
  ['已取消 · 可现场登记', 'Cancelled · can register here'],
  ['候补 · 暂未递补', 'Waitlist · no place yet'],
  ['这是别的活动的码', 'Another event’s code'],
  ['主办方还没确认', 'Not confirmed by the organizer yet'],
  ['还没有开始入场', 'Entry is not open yet'],
  ['您没有报这一场', 'Not registered for this session'],
  ['请到服务台', 'Please go to the help desk'],
  ['已停止入场', 'Entry is closed'],
  ['手机上已拒绝', 'Refused on the phone'],
  ['已签到', 'Already checked in'],
  ['已记上', 'Recorded'],
  ['已撤销', 'Undone'],
  ['已放行 · 待负责人核对（{message}）', 'Let in · to be checked ({message})'],
  ['请进 · 现场登记{admitted}位', 'Go in · walk-in, party of {admitted}'],
  ['候补第{position}位 · 暂未递补', 'Waitlist, number {position} · no place yet'],
  ['这张凭证只有{party_size}位', 'This ticket is for {party_size}'],
  ['这是“{event_title}”的码', 'This is for “{event_title}”'],
  ['您报的是{sessions}场', 'Registered for {sessions}'],
  ['请进 · {admitted}位', 'Go in · party of {admitted}'],
  ['已离场 · {admitted}位', 'Left · party of {admitted}'],
  ['已签到 · {first}', 'Already checked in · {first}'],
  ['还可进{remaining}位', 'Room for {remaining} more'],
  ['还要问{questions}项', 'Questions to ask: {questions}'],
  ['{opens}开始入场', 'Entry opens at {opens}'],
];
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** @param {string} text with a Chinese date or list @returns {string} such as `14 Aug 19:02, 20:00` */
function dated(text) {
  return text.replace(/(\d{1,2})月(\d{1,2})日(\d{2}:\d{2})/g, (_, month, day, clock) => `${day} ${MONTHS[month - 1]} ${clock}`).replaceAll('、', ', ');
}

/**
 * @param {string} message the server's sentence
 * @returns {string} in English; empty for one that is not known, so that the caller's own words are used
 */
export function inEnglish(message) {
  for (const [chinese, english] of SENTENCES) {
    const found = message.match(new RegExp(`^${chinese.replace(/\{(\w+)\}/, '(?<$1>.+)')}$`));
    if (!found) continue;
    const [name, text] = Object.entries(found.groups || {})[0] || ['', ''];
    const said = name === 'message' ? inEnglish(text.replaceAll('，', ' · ')) : name === 'event_title' ? text : dated(text);
    return english.replace(`{${name}}`, () => said);
  }
  return '';
}
