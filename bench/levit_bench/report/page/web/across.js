// The same networks on several machines, or in several runtimes: their ranks with what is uncertain about them, and who
// leaves the front. Times of two machines are never put on one axis.

import { html, scrollable, svg, tableOf, visible } from "./elements.js";
import { lookOf } from "./marks.js";
import { counted, latencyWords } from "./numbers.js";
import { pooled } from "./ratios.js";
import { choose, focusPanel } from "./state.js";
import { differing, networkKey, shortValue } from "./model.js";
import { fieldWords, natural } from "./controls.js";
import { shownHere } from "./scaling.js";

/** @typedef {import("./types.js").Point} Point */
/** @typedef {import("./types.js").Panel} Panel */
/** @typedef {import("./model.js").Model} Model */
/** @typedef {import("./state.js").State} State */

const PAIRED_UP_TO = 60;

/**
 * @typedef {{value: string, panel: Panel, ranks: Map<string, {point: Point, rank: number, from: number, to: number}>}} Column
 */

/**
 * @param {HTMLElement} container
 * @param {Model} model
 * @param {State} state
 * @param {(state: State) => void} onChoose
 */
export function showAcross(container, model, state, onChoose) {
  const focus = focusPanel(model, state);
  const fields = ["machine", "runtime", ...model.varying].filter((name, at, all) => model.varying.includes(name) && name !== "set" && all.indexOf(name) === at);
  if (!focus || !fields.length) {
    container.replaceChildren(html("p", { class: "empty" }, "Everything here was measured in one setting: there is nothing to compare across."));
    return;
  }
  const name = fields.includes(state.across) ? state.across : fields[0];
  const select = html("select", { id: "across-field", change: (event) => onChoose({ ...state, across: event.target.value }) }, ...fields.map((each) => html("option", { value: each, selected: each === name }, fieldWords(model, each))));
  const parts = [html("p", {}, html("label", {}, "Across ", select)), ...shownHere(model, state)];
  const columns = columnsOf(model, state, focus, name);
  const common = [...(columns[0]?.ranks.keys() ?? [])].filter((key) => columns.every((column) => column.ranks.has(key)));
  if (columns.length < 2 || !common.length) {
    parts.push(html("p", { class: "empty" }, `No network of this view was measured in two values of ${fieldWords(model, name)}.`));
  } else {
    const left = new Set(columns.flatMap((column) => column.panel.points.map(networkKey))).size - common.length;
    parts.push(
      html("p", {}, fronts(model, columns, common, name)),
      bumps(model, columns, common, name),
      html("p", { class: "quiet" }, `Ranks by latency among the ${common.length} networks that all ${columns.length} have${left ? `; ${counted(left, "other")} left out` : ""}. Bars reach over the ranks that the data leave open; full marks are on the front by the best estimates.`),
      ...unlike(model, focus, columns, name),
      rankTable(model, columns, common, name),
    );
  }
  container.replaceChildren(...parts);
}

/**
 * What a column is called: of a machine whose GPU was measured, the GPU.
 * @param {Model} model
 * @param {string} name
 * @param {Column} column
 */
function headingOf(model, name, column) {
  const isGpu = name === "machine" && column.panel.field("device") !== "cpu" && column.panel.field("gpu") !== "–";
  return isGpu ? column.panel.field("gpu") : shortValue(model, name, column.value);
}

/**
 * For each value of a field the panel that is most like the one in view.
 * @param {Model} model
 * @param {State} state
 * @param {Panel} focus
 * @param {string} name
 * @returns {Column[]}
 */
function columnsOf(model, state, focus, name) {
  const networks = new Set(focus.points.map(networkKey));
  const values = [...new Set(model.panels.map((panel) => panel.field(name)))].sort(natural);
  return values.flatMap((value) => {
    const id = value === focus.field(name) ? focus.id : choose(model, state, name, value).state.panel;
    const panel = /** @type {Panel} */ (model.panels.find((each) => each.id === id));
    if (!panel.points.some((point) => networks.has(networkKey(point)))) return [];
    // Times of two machines or devices are never put beside each other as values of another field.
    if (name !== "machine" && name !== "device" && ["machine", "device"].some((field) => panel.field(field) !== focus.field(field))) return [];
    return [{ value, panel, ranks: new Map() }];
  }).map((column, _, all) => {
    const shared = column.panel.points.filter((point) => all.every((other) => other.panel.points.some((each) => networkKey(each) === networkKey(point))));
    return { ...column, ranks: ranksOf(model, shared) };
  });
}

/**
 * What else differs from the view, of columns that no panel has otherwise.
 * @param {Model} model
 * @param {Panel} focus
 * @param {Column[]} columns
 * @param {string} name
 */
function unlike(model, focus, columns, name) {
  const follows = { machine: ["allowance"], runtime: ["runtime_version"], allocator: ["isolation"], device: ["gpu"] };
  const free = [name, ...(/** @type {{[field: string]: string[]}} */ (follows)[name] ?? [])];
  const words = columns.flatMap((column) => {
    const others = differing(model, [focus, column.panel]).filter((field) => !free.includes(field));
    if (!others.length) return [];
    const values = others.map((field) => `${fieldWords(model, field)} ${visible(column.panel.field(field), 40)}`);
    return [`${visible(headingOf(model, name, column), 40)} has ${values.join(", ")}`];
  });
  return words.length ? [html("p", { class: "quiet" }, `Not measured otherwise: ${words.join("; ")}.`)] : [];
}

/**
 * @param {Model} model
 * @param {Point[]} points of one panel
 */
function ranksOf(model, points) {
  const ordered = [...points].sort((one, other) => one.latency[0] - other.latency[0]);
  return new Map(
    ordered.map((point, at) => {
      const others = ordered.filter((other) => other !== point);
      const faster = others.filter((other) => isSurelyFaster(model, other, point, points.length)).length;
      const slower = others.filter((other) => isSurelyFaster(model, point, other, points.length)).length;
      // The order is of the best estimates, the range of pairs: where these disagree the range holds both.
      return [networkKey(point), { point, rank: at + 1, from: Math.min(faster, at) + 1, to: Math.max(points.length - slower, at + 1) }];
    }),
  );
}

/**
 * @param {Model} model
 * @param {Point} point
 * @param {Point} other
 * @param {number} count
 */
function isSurelyFaster(model, point, other, count) {
  const ratio = count <= PAIRED_UP_TO ? pooled(model, point, other) : null;
  if (ratio) return ratio.low > 1;
  return (point.latency[2] ?? Infinity) < (other.latency[1] ?? 0);
}

/**
 * @param {Model} model
 * @param {Column[]} columns
 * @param {string[]} common
 * @param {string} name
 */
function fronts(model, columns, common, name) {
  const on = (/** @type {Column} */ column, /** @type {string} */ key) => /** @type {any} */ (column.ranks.get(key)).point.byLatency?.front;
  const label = (/** @type {string} */ key) => visible(/** @type {any} */ (columns[0].ranks.get(key)).point.label, 40);
  const everywhere = common.filter((key) => columns.every((column) => on(column, key)));
  const some = common.filter((key) => !everywhere.includes(key) && columns.some((column) => on(column, key)));
  const words = [`On the front everywhere: ${everywhere.map(label).join(", ") || "none"}.`];
  if (some.length) {
    const each = some.map((key) => `${label(key)} (${columns.filter((column) => on(column, key)).map((column) => visible(headingOf(model, name, column), 30)).join(", ")})`);
    words.push(`On some alone: ${each.join("; ")}.`);
  }
  return words.join(" ");
}

/**
 * @param {Model} model
 * @param {Column[]} columns
 * @param {string[]} common
 * @param {string} name
 */
function bumps(model, columns, common, name) {
  const [step, gap, left, right, top] = [Math.max(14, Math.min(26, 460 / common.length)), 165, 230, 230, 40];
  const width = left + right + gap * (columns.length - 1);
  const height = top + step * common.length + 10;
  const x = (/** @type {number} */ at) => left + gap * at;
  const y = (/** @type {number} */ rank) => top + step * (rank - 0.5);
  const picture = svg("svg", { class: "bumps", width, height, viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": `Ranks of ${common.length} networks across ${columns.length} values of ${fieldWords(model, name)}; the table below has them` });
  columns.forEach((column, at) => picture.append(svg("text", { x: x(at), y: 18, "text-anchor": "middle", class: "title" }, visible(headingOf(model, name, column), 22))));
  for (const key of common) {
    const cells = columns.map((column) => /** @type {NonNullable<ReturnType<Column["ranks"]["get"]>>} */ (column.ranks.get(key)));
    const look = lookOf(model.document, cells[0].point.family);
    const line = svg("g", { class: "bump", stroke: look.colour, fill: look.colour });
    line.append(svg("path", { d: cells.map((cell, at) => `${at ? "L" : "M"}${x(at)} ${y(cell.rank)}`).join(""), fill: "none" }));
    cells.forEach((cell, at) => {
      line.append(svg("line", { x1: x(at), x2: x(at), y1: y(cell.from), y2: y(cell.to), class: "range" }));
      line.append(svg("circle", { cx: x(at), cy: y(cell.rank), r: 4, class: cell.point.byLatency?.front ? "" : "off" }));
    });
    const label = visible(cells[0].point.label, 34);
    picture.append(line, svg("text", { x: x(0) - 10, y: y(cells[0].rank) + 4, "text-anchor": "end" }, label), svg("text", { x: x(columns.length - 1) + 10, y: y(cells[cells.length - 1].rank) + 4 }, label));
  }
  return scrollable("Ranks", picture);
}

/**
 * @param {Model} model
 * @param {Column[]} columns
 * @param {string[]} common
 * @param {string} name
 */
function rankTable(model, columns, common, name) {
  const rows = [...common].sort((one, other) => /** @type {any} */ (columns[0].ranks.get(one)).rank - /** @type {any} */ (columns[0].ranks.get(other)).rank).map((key) => [
    visible(/** @type {any} */ (columns[0].ranks.get(key)).point.label, 60),
    ...columns.map((column) => {
      const { point, rank, from, to } = /** @type {any} */ (column.ranks.get(key));
      return `${rank}${from === rank && to === rank ? "" : ` (${from} to ${to})`} · ${latencyWords(point.latency[0])}${point.byLatency?.front ? " · front" : ""}`;
    }),
  ]);
  return tableOf("Rank, latency and front", [{ name: "network" }, ...columns.map((column) => ({ name: visible(headingOf(model, name, column), 40), number: true }))], rows);
}
