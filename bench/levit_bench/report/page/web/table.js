// The points of the view as a table that can be sorted: the same figures as in the picture, for those who read.

import { html, scrollable } from "./elements.js";
import { isSought } from "./chart.js";
import { countsWords, nameOf, plusMinus, speedOf, speedWords, top1Words } from "./names.js";
import { latencyWords, significant } from "./numbers.js";
import { placeOf, placeWords } from "./state.js";
import { newestRecord } from "./model.js";

/** @typedef {import("./types.js").Point} Point */
/** @typedef {import("./model.js").Model} Model */
/** @typedef {import("./state.js").State} State */

const SHOWN = 400;
/** @type {{[standing: string]: number}} */
const RANK = { member: 0, open: 1, beaten: 2, unknown: 3 };
/** @type {{column: number, descending: boolean, all: boolean}} */
const order = { column: 2, descending: false, all: false };
let metricBefore = "";
/** What the table shows, without the pins: these change alone most often, and hundreds of rows take long. */
let shownNow = "";

/**
 * @param {HTMLElement} container
 * @param {Model} model
 * @param {State} state
 * @param {Point[]} points
 * @param {{onPin: (point: Point) => void, onLook: (point: Point) => void}} handlers
 */
export function showTable(container, model, state, points, handlers) {
  const wanted = JSON.stringify([{ ...state, pins: [], tab: "", within: "", above: "" }, order, points.map((point) => point.key)]);
  if (wanted === shownNow && container.firstChild) {
    markPins(container, model, state);
    return;
  }
  shownNow = wanted;
  if (metricBefore !== state.metric && order.column === 2) order.descending = state.metric === "throughput";
  metricBefore = state.metric;
  const columns = columnsOf(model, state);
  const again = () => showTable(container, model, state, points, handlers);
  const chosen = points.filter((point) => isSought(state, point));
  const { value } = columns[order.column] ?? columns[0];
  const sorted = [...chosen].sort((one, other) => {
    const [mine, theirs] = [value(one), value(other)];
    const difference = typeof mine === "string" ? mine.localeCompare(String(theirs)) : mine - Number(theirs);
    return (order.descending ? -difference : difference) || one.latency[0] - other.latency[0];
  });
  const head = columns.map((column, at) => {
    const direction = at === order.column ? (order.descending ? "descending" : "ascending") : null;
    const sort = () => {
      order.descending = order.column === at ? !order.descending : false;
      order.column = at;
      again();
      /** @type {HTMLElement} */ (container.querySelectorAll("thead button")[at]).focus();
    };
    return html("th", { scope: "col", "aria-sort": direction, class: column.number && "number" }, html("button", { type: "button", click: sort }, column.name));
  });
  const shown = order.all ? sorted : sorted.slice(0, SHOWN);
  const body = shown.map((point) => {
    const pin = html("button", { type: "button", class: "link", click: () => handlers.onPin(point) });
    const cells = columns.map((column, at) => html(at ? "td" : "th", { scope: at ? null : "row", class: column.number && "number" }, column.text(point)));
    return html("tr", { "data-key": point.key, mouseenter: () => handlers.onLook(point) }, html("td", {}, pin), ...cells);
  });
  const table = html("table", { id: "points" }, html("caption", {}, `The ${chosen.length} networks of this view`), html("thead", {}, html("tr", {}, html("th", { scope: "col" }, html("span", { class: "unseen" }, "pin")), ...head)), html("tbody", {}, ...body));
  const more = shown.length < sorted.length ? html("button", { type: "button", click: () => { order.all = true; again(); } }, `Show all ${sorted.length}`) : null;
  container.replaceChildren(scrollable("Networks of this view", table), ...(more ? [more] : []));
  markPins(container, model, state);
}

/**
 * Show which rows are pinned.
 * @param {HTMLElement} container
 * @param {Model} model
 * @param {State} state
 */
function markPins(container, model, state) {
  for (const row of /** @type {NodeListOf<HTMLElement>} */ (container.querySelectorAll("tbody tr"))) {
    const point = model.byKey.get(row.dataset.key ?? "");
    const button = row.querySelector("td button");
    if (!point || !button) continue;
    const pinned = state.pins.includes(point.key);
    if (button.getAttribute("aria-pressed") === String(pinned)) continue;
    row.classList.toggle("pinned", pinned);
    button.textContent = pinned ? "unpin" : "pin";
    button.setAttribute("aria-pressed", String(pinned));
    button.setAttribute("aria-label", `${pinned ? "Unpin" : "Pin"} ${nameOf(model, state, point)}`);
  }
}

/**
 * @param {Model} model
 * @param {State} state
 * @returns {{name: string, number?: boolean, value: (point: Point) => number | string, text: (point: Point) => string}[]}
 */
function columnsOf(model, state) {
  const isRate = state.metric === "throughput";
  return [
    { name: "network", value: (point) => nameOf(model, state, point), text: (point) => nameOf(model, state, point) },
    { name: "top-1", number: true, value: (point) => point.top1 ?? -1, text: top1Words },
    { name: isRate ? "images/s" : "latency", number: true, value: (point) => speedOf(state, point)[0], text: (point) => speedWords(state, point).value },
    { name: "95 %", number: true, value: (point) => half(state, point), text: (point) => plusMinus(speedOf(state, point)) },
    isRate
      ? { name: "latency", number: true, value: (point) => point.latency[0], text: (point) => latencyWords(point.latency[0]) }
      : { name: "images/s", number: true, value: (point) => point.rate[0], text: (point) => significant(point.rate[0]) },
    { name: "parameters", number: true, value: (point) => point.params ?? -1, text: (point) => countsWords(point).params },
    { name: "MACs", number: true, value: (point) => point.macs ?? -1, text: (point) => countsWords(point).macs },
    { name: "place", value: (point) => RANK[placeOf(model, state, point).standing], text: (point) => placeWords(model, state, point) },
    { name: "session", value: (point) => newestRecord(model, point).session.name, text: (point) => newestRecord(model, point).session.name + (point.records.length > 1 ? ` and ${point.records.length - 1} more` : "") },
  ];
}

/**
 * @param {State} state
 * @param {Point} point
 */
function half(state, point) {
  const [value, , high] = speedOf(state, point);
  return high === null ? Infinity : high / value;
}
