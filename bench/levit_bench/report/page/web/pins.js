// Pinned points: each against the first, as a ratio with its interval and verdict, or why there is none.

import { commandLine, html, scrollable } from "./elements.js";
import { nameAmong, speedWords, top1Words } from "./names.js";
import { besideOne, counted, percentWords, significant } from "./numbers.js";
import { pinLetter } from "./chart.js";
import { compareCommand, compared } from "./ratios.js";
import { differing } from "./model.js";
import { pinnedPoints, shownPanels } from "./state.js";

/** @typedef {import("./types.js").Point} Point */
/** @typedef {import("./model.js").Model} Model */
/** @typedef {import("./state.js").State} State */

/** @typedef {ReturnType<typeof compared>} Compared */

/**
 * The ratio of two pinned points in a sentence.
 * @param {Model} model
 * @param {Point} first
 * @param {Point} second
 * @param {Compared} ratio
 * @param {(point: Point) => string} name
 */
function ratioSentence(model, first, second, ratio, name) {
  if ("why" in ratio) return `${name(second)} against ${name(first)}: not comparable, because ${ratio.why}.`;
  const session = model.document.sessions[ratio.session].name;
  const level = Number((100 * ratio.level).toPrecision(4));
  const more = ratio.sessions > 1 ? ` alone, the newest of ${ratio.sessions} that hold both` : "";
  return (
    `${name(second)} takes ${significant(ratio.value)} times as long as ${name(first)} ` +
    `(${level} %${ratio.level === 0.95 ? "" : ", as its session was looked at several times"}: ${besideOne(ratio.low)} to ${besideOne(ratio.high)}): ${ratio.verdict}. ` +
    `Paired by round over ${counted(ratio.runs, "run")} of session ${session}${more}.`
  );
}

/**
 * @param {HTMLElement} container
 * @param {HTMLElement} live region that is read out
 * @param {Model} model
 * @param {State} state
 * @param {{onPins: (keys: string[]) => void}} handlers
 */
export function showPins(container, live, model, state, { onPins }) {
  const points = pinnedPoints(model, state);
  if (!points.length) {
    container.replaceChildren(html("p", { class: "hint" }, "Pin two networks to see how many times as long one takes as the other, with its interval."));
    if (live.textContent) live.textContent = "";
    return;
  }
  const shown = shownPanels(model, state);
  const fields = differing(model, [...points.map((point) => point.panel), ...shown]);
  const name = (/** @type {Point} */ point) => nameAmong(model, point, fields);
  const [first, ...others] = points;
  const ratios = others.map((point) => compared(model, first, point));
  const sentences = others.map((point, at) => ratioSentence(model, first, point, ratios[at], name));
  const said = sentences.length ? sentences[sentences.length - 1] : `${name(first)} is pinned. Pin another to compare.`;
  if (live.textContent !== said) live.textContent = said;
  const { rules } = model.document;
  const parts = [
    html("p", { class: "ratio" }, sentences.length === 1 ? sentences[0] : sentences.length ? `How many times as long each takes as ${name(first)}. Each interval stands for itself: of twenty, one misses.` : said),
    pinTable(state, points, ratios, name, onPins),
    html(
      "p", { class: "buttons" },
      points.length > 1 ? html("button", { type: "button", id: "swap", click: () => onPins([points[1].key, points[0].key, ...points.slice(2).map((point) => point.key)]) }, "Swap A and B") : null,
      html("button", { type: "button", id: "clear", click: () => onPins([]) }, "Clear"),
    ),
    others.length ? html("p", { class: "quiet" }, `Slower, faster: the whole interval beyond 1, and at least ${percentWords(rules.minEffect)}. Same: the ${narrow(ratios[0])} interval within ±${percentWords(rules.margin)}. Times are medians of passes, of a batch.`) : null,
    ...others.map((point, at) => command(model, first, point, ratios[at])),
  ];
  container.replaceChildren(...parts.flatMap((each) => each ?? []));
}

/**
 * The level of the interval that decides *same*, of a pair.
 * @param {Compared} ratio
 */
function narrow(ratio) {
  return percentWords("value" in ratio ? Number((2 * ratio.level - 1).toPrecision(4)) : 0.9);
}

/**
 * @param {Model} model
 * @param {Point} first
 * @param {Point} second
 * @param {Compared} ratio
 */
function command(model, first, second, ratio) {
  if ("why" in ratio) return null;
  const words = compareCommand(model, first, second, ratio.session);
  return words ? commandLine(words) : html("p", { class: "quiet" }, "No single command computes this ratio.");
}

/**
 * @param {State} state
 * @param {Point[]} points
 * @param {Compared[]} ratios of each but the first
 * @param {(point: Point) => string} name
 * @param {(keys: string[]) => void} onPins
 */
function pinTable(state, points, ratios, name, onPins) {
  const head = ["", "network", "top-1", state.metric === "throughput" ? "throughput" : "latency", "times as long as A", "interval", "verdict", ""];
  const rows = points.map((point, at) => {
    const { value, limits } = speedWords(state, point);
    const ratio = at ? ratios[at - 1] : null;
    const cells = !ratio ? ["", "", ""] : "why" in ratio ? ["–", "", "not comparable"] : [significant(ratio.value), `${besideOne(ratio.low)} to ${besideOne(ratio.high)}`, ratio.verdict];
    const remove = html("button", { type: "button", class: "link", "aria-label": `Unpin ${name(point)}`, click: () => onPins(points.filter((each) => each !== point).map((each) => each.key)) }, "unpin");
    return html(
      "tr", {},
      html("th", { scope: "row" }, pinLetter(at)), html("td", {}, name(point)), html("td", { class: "number" }, top1Words(point)),
      html("td", { class: "number" }, `${value} (${limits})`), ...cells.map((cell) => html("td", { class: "number" }, cell)), html("td", {}, remove),
    );
  });
  return scrollable(
    "Pinned networks",
    html("table", { id: "pin-table" }, html("caption", {}, "Pinned networks"), html("thead", {}, html("tr", {}, ...head.map((text) => html("th", { scope: "col" }, text || html("span", { class: "unseen" }, "mark"))))), html("tbody", {}, ...rows)),
  );
}
