// @ts-check
/** Times as the API wants them (RFC 3339 with the phone's offset) and as people read them. */

/** @param {number} number @param {number} [width] */
const pad = (number, width = 2) => String(number).padStart(width, '0');

/**
 * @param {Date} date
 * @returns {string} such as `2026-08-14T19:02:11.042+08:00`
 */
export function rfc3339(date) {
  const offset = -date.getTimezoneOffset();
  const sign = offset < 0 ? '-' : '+';
  const zone = `${sign}${pad(Math.trunc(Math.abs(offset) / 60))}:${pad(Math.abs(offset) % 60)}`;
  const day = `${pad(date.getFullYear(), 4)}-${pad(date.getMonth() + 1)}-${pad(date.getDate())}`;
  const clock = `${pad(date.getHours())}:${pad(date.getMinutes())}:${pad(date.getSeconds())}.${pad(date.getMilliseconds(), 3)}`;
  return `${day}T${clock}${zone}`;
}

/** @type {Map<string, Intl.DateTimeFormat>} making one is dear, and lists say many times */
const formats = new Map();

/**
 * @param {string} locale @param {Intl.DateTimeFormatOptions} options
 * @returns {Intl.DateTimeFormat}
 */
function formatOf(locale, options) {
  const key = `${locale} ${JSON.stringify(options)}`;
  const format = formats.get(key) || new Intl.DateTimeFormat(locale, options);
  formats.set(key, format);
  return format;
}

/**
 * @param {string | number | Date} moment
 * @param {string} [zone] an IANA name; the phone's own zone where it is not given or not known
 * @returns {string} such as `19:02`
 */
export function clockTime(moment, zone) {
  const date = new Date(moment);
  try {
    return formatOf('zh-CN', { hour: '2-digit', minute: '2-digit', hourCycle: 'h23', timeZone: zone }).format(date);
  } catch {
    return `${pad(date.getHours())}:${pad(date.getMinutes())}`;
  }
}

/**
 * @param {string | number | Date} moment
 * @param {string} [zone] an IANA name; the phone's own zone where it is not given or not known
 * @returns {{month: number, day: number}}
 */
export function dayOf(moment, zone) {
  const date = new Date(moment);
  try {
    const parts = formatOf('en', { month: 'numeric', day: 'numeric', timeZone: zone }).formatToParts(date);
    const [month, day] = ['month', 'day'].map((type) => Number(parts.find((part) => part.type === type)?.value));
    return { month, day };
  } catch {
    return { month: date.getMonth() + 1, day: date.getDate() };
  }
}
