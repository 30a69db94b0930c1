// @ts-check
/**
 * The decision at the door, pure: the mirror of eventsvc/services/admission.py, bound by tests/cases/admission.json.
 * It reads nothing: no DOM, no clock, no storage. Change a rule here and there, and add a case.
 */

/**
 * @typedef {{zone: string, status: string, rule: string, starts_at?: string|null, ends_at?: string|null,
 *   closed_at?: string|null, opens_at?: string|null, closes_at?: string|null, sessions?: string[],
 *   required?: string[], rehearsal?: boolean}} Door
 * @typedef {{party_size?: number, status?: string, belongs?: boolean, reissued?: boolean, blocked?: boolean,
 *   sessions?: string[], answered?: string[], valid_from?: string|null, valid_until?: string|null}} Ticket
 * @typedef {{count: number, at: string, id?: string}} Entry  an effective admission of this ticket at this checkpoint
 * @typedef {{count: number, direction: string, now: string, answers?: string[]}} Scan
 * @typedef {{outcome: string, admitted: number, used: number, remaining: number|null, first: Entry|null,
 *   opens_at: string|null, questions: string[]}} Verdict
 */

const SIX_HOURS = 6 * 3600 * 1000;

/** @type {Map<string, Intl.DateTimeFormat>} by zone: making one costs more than a decision may */
const formats = new Map();

/** Date parts of a moment in a zone. @param {number} ms @param {string} zone */
function parts(ms, zone) {
  const format = formats.get(zone) || new Intl.DateTimeFormat("en-CA", {
    timeZone: zone, hourCycle: "h23", year: "numeric", month: "2-digit", day: "2-digit",
    hour: "2-digit", minute: "2-digit", second: "2-digit",
  });
  formats.set(zone, format);
  /** @type {Record<string, number>} */
  const found = {};
  for (const { type, value } of format.formatToParts(ms)) found[type] = Number(value);
  return found;
}

/** The day of a moment in a zone, as days since 1970. @param {number} ms @param {string} zone */
function day(ms, zone) {
  const at = parts(ms, zone);
  return Date.UTC(at.year, at.month - 1, at.day) / 86400000;
}

/** The moment at which a day (days since 1970) begins in a zone. @param {number} days @param {string} zone */
function midnight(days, zone) {
  const wanted = days * 86400000;
  let guess = wanted;
  for (let turn = 0; turn < 3; turn += 1) {
    const at = parts(guess, zone);
    guess += wanted - Date.UTC(at.year, at.month - 1, at.day, at.hour, at.minute, at.second);
  }
  return guess;
}

/**
 * When a checkpoint admits: its own times, else the event's days to six hours after the end; null = no bound.
 * @param {Door} door
 * @returns {[number|null, number|null]} milliseconds since 1970
 */
export function window(door) {
  const starts = door.starts_at ? Date.parse(door.starts_at) : null;
  let opens = door.opens_at ? Date.parse(door.opens_at) : null;
  let closes = door.closes_at ? Date.parse(door.closes_at) : null;
  if (opens === null && starts !== null) opens = midnight(day(starts, door.zone), door.zone);
  if (closes === null && door.ends_at) closes = Date.parse(door.ends_at) + SIX_HOURS;
  else if (closes === null && starts !== null) closes = midnight(day(starts, door.zone) + 1, door.zone) + SIX_HOURS;
  return [opens, closes];
}

/**
 * Why the checkpoint admits nobody now: the outcome and, if it opens later, when.
 * @param {Door} door @param {number} now
 * @returns {[string, string|null]|null}
 */
function shut(door, now) {
  if (door.status === "cancelled") return ["closed", null];
  if (door.status === "closed" && (!door.closed_at || now >= Date.parse(door.closed_at))) return ["closed", null];
  if (door.rehearsal) return null;
  if (door.status === "draft") return ["not_yet_open", null];
  const [opens, closes] = window(door);
  if (opens !== null && now < opens) return ["not_yet_open", new Date(opens).toISOString()];
  if (closes !== null && now > closes) return ["closed", null];
  return null;
}

/**
 * Decide one scan.
 * @param {Door} door @param {Ticket|null} ticket @param {Entry[]} entries @param {Scan} scan
 * @returns {Verdict}
 */
export function decide(door, ticket, entries, scan) {
  const now = Date.parse(scan.now);
  /** @type {Verdict} */
  const verdict = { outcome: "", admitted: 0, used: 0, remaining: null, first: null, opens_at: null, questions: [] };
  if (ticket === null) return { ...verdict, outcome: "unknown_ticket" };
  if (ticket.belongs === false) return { ...verdict, outcome: "wrong_event" };
  const party = ticket.party_size ?? 1;
  const counted = door.rule === "daily"
    ? entries.filter((entry) => day(Date.parse(entry.at), door.zone) === day(now, door.zone))
    : entries;
  const used = counted.reduce((sum, entry) => sum + entry.count, 0);
  const remaining = door.rule === "each_time" ? null : Math.max(0, party - used);
  if (scan.direction === "exit") return { ...verdict, outcome: "admitted", admitted: scan.count, used, remaining };
  let first = null;
  for (const entry of counted) {
    const order = first === null ? -1
      : Date.parse(entry.at) - Date.parse(first.at) || ((entry.id ?? "") < (first.id ?? "") ? -1 : 1);
    if (order < 0) first = entry;
  }
  /** @param {string} outcome @param {string|null} [opens_at] @param {string[]} [questions] @returns {Verdict} */
  const refuse = (outcome, opens_at = null, questions = []) =>
    ({ ...verdict, outcome, used, remaining, first, opens_at, questions });

  const status = ticket.status ?? "confirmed";
  if (ticket.reissued) return refuse("reissued");
  if (status === "cancelled") return refuse("cancelled");
  if (ticket.blocked) return refuse("blocked");
  if (status === "pending") return refuse("awaiting_approval");
  if (status === "waitlisted") return refuse("waitlisted");
  const barred = shut(door, now);
  if (barred) return refuse(barred[0], barred[1]);
  if (!door.rehearsal && ticket.valid_from && now < Date.parse(ticket.valid_from)) {
    return refuse("not_yet_open", ticket.valid_from);
  }
  if (!door.rehearsal && ticket.valid_until && now > Date.parse(ticket.valid_until)) return refuse("closed");
  const sessions = door.sessions ?? [];
  if (sessions.length && !sessions.some((key) => (ticket.sessions ?? []).includes(key))) return refuse("wrong_session");
  const known = new Set([...(ticket.answered ?? []), ...(scan.answers ?? [])]);
  const missing = (door.required ?? []).filter((key) => !known.has(key)).sort();
  if (missing.length) return refuse("answers_needed", null, missing);
  if (scan.count > party || (remaining !== null && scan.count > remaining)) {
    return refuse(remaining === 0 ? "already_used" : "too_many");
  }
  return {
    ...verdict, outcome: "admitted", admitted: scan.count, used: used + scan.count,
    remaining: remaining === null ? null : remaining - scan.count,
  };
}
