// @ts-check
/** The live page: asks for the figures every three seconds while it is looked at, and says when it lost contact. */
import { columns, valueOf } from "./live-figures.js";
import { bindWall, fit } from "./wall.js";

const EVERY = 3000;
const SVG = "http://www.w3.org/2000/svg";
const box = document.querySelector("[data-live]");

/** @param {string} tag @param {Record<string, string | number>} attributes @param {string} [text] */
function drawn(tag, attributes, text = "") {
  const element = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, String(value));
  if (text) element.textContent = text;
  return element;
}

/** @param {{at: string, entries: number}[]} quarters */
function draw(quarters) {
  const chart = document.querySelector("[data-chart]");
  if (!(chart instanceof HTMLElement)) return;
  if (!quarters.length) {
    chart.textContent = chart.dataset.empty ?? "";
    return;
  }
  const svg = drawn("svg", { viewBox: "0 0 100 42", "aria-hidden": "true", focusable: "false" });
  const listed = columns(quarters);
  const every = Math.ceil(listed.length / 6);
  for (const [index, column] of listed.entries()) {
    svg.append(drawn("rect", { x: column.x, y: column.y, width: column.width, height: column.height, class: "chart-column" }));
    if (listed.length <= 12) svg.append(drawn("text", { x: column.x + column.width / 2, y: column.y - 0.8, class: "chart-number" }, String(column.entries)));
    if (index % every === 0) svg.append(drawn("text", { x: column.x + column.width / 2, y: 40.5, class: "chart-time" }, column.at));
  }
  chart.replaceChildren(svg);
}

/** @param {any} answer */
function show(answer) {
  for (const element of document.querySelectorAll("[data-figure]")) {
    const value = valueOf(answer.stats, /** @type {HTMLElement} */ (element).dataset.figure ?? "");
    if (value !== null && element.textContent !== String(value)) element.textContent = String(value);
  }
  for (const list of document.querySelectorAll("[data-bars]")) {
    const bars = [...list.querySelectorAll("progress")];
    const values = bars.map((bar) => valueOf(answer.stats, bar.dataset.bar ?? "") ?? 0);
    const most = Math.max(1, ...values);
    bars.forEach((bar, index) => ((bar.max = most), (bar.value = values[index])));
  }
  const at = document.querySelector("[data-as-of]");
  if (at) at.textContent = answer.as_of;
  const line = document.querySelector("[data-line]");
  if (line && line.textContent !== answer.line) line.textContent = answer.line;
  const unsynced = document.querySelector("[data-unsynced]");
  if (unsynced instanceof HTMLElement) unsynced.hidden = !answer.stats.unsynced;
  table(answer.quarters);
  draw(answer.quarters);
  if (document.body.classList.contains("wall")) fit(document.body);
}

/** @param {{at: string, entries: number}[]} quarters */
function table(quarters) {
  const body = document.querySelector("[data-quarters]");
  const details = document.querySelector("[data-quarters-box]");
  if (details instanceof HTMLElement) details.hidden = !quarters.length;
  if (!body || body.childElementCount === quarters.length && body.lastElementChild?.lastElementChild?.textContent === String(quarters.at(-1)?.entries)) return;
  body.replaceChildren(
    ...quarters.map((quarter) => {
      const row = document.createElement("tr");
      const [from, count] = [document.createElement("td"), document.createElement("td")];
      from.textContent = quarter.at;
      count.textContent = String(quarter.entries);
      count.className = "num";
      row.append(from, count);
      return row;
    }),
  );
}

/** @param {boolean} lost */
function lose(lost) {
  const notice = document.querySelector("[data-lost]");
  if (notice instanceof HTMLElement) notice.hidden = !lost;
}

async function ask() {
  if (document.hidden || !(box instanceof HTMLElement)) return;
  try {
    const answer = await fetch(box.dataset.live ?? "", { headers: { Accept: "application/json" }, signal: AbortSignal.timeout(8000) });
    if (answer.status === 401) return location.reload(); // signed out elsewhere: the reload leads to the sign-in page and back
    if (!answer.ok) throw new Error(String(answer.status));
    show(await answer.json());
    lose(false);
  } catch {
    lose(true);
  }
}

async function run() {
  await ask();
  setTimeout(run, EVERY);
}

if (box) {
  const first = [...document.querySelectorAll("[data-quarters] tr")].map((row) => ({
    at: row.firstElementChild?.textContent ?? "",
    entries: Number(row.lastElementChild?.textContent),
  }));
  draw(first);
  if (document.body.classList.contains("wall")) bindWall(document.body);
  setTimeout(run, EVERY);
  document.addEventListener("visibilitychange", ask);
}
