// "The most accurate within 20 ms", "the fastest above 80 %": as `levit-bench pick` decides it, of the points in view.

import { fixed, significant, latencyWords, studentT } from "./numbers.js";
import { networkKey } from "./model.js";
import { pooled } from "./ratios.js";

/** @typedef {import("./types.js").Point} Point */
/** @typedef {import("./model.js").Model} Model */

const LEVEL = 0.95;

/**
 * @typedef {object} Answer
 * @property {Point | null} point
 * @property {Point[]} ties as good as the answer
 * @property {Point[]} undecided would be better if they were within the limit, which their intervals leave open
 * @property {number} level at which each is held against the limit
 */

/** @param {Point} point */
const shownTop1 = (point) => Number(fixed(/** @type {number} */ (point.top1), 1));

/**
 * The most accurate network that is surely within a latency.
 * @param {Model} model
 * @param {Point[]} points
 * @param {number} seconds a batch
 * @returns {Answer}
 */
export function mostAccurateWithin(model, points, seconds) {
  const known = points.filter((point) => point.top1 !== null);
  const level = sharedLevel(model, known, seconds);
  const sure = known.filter((point) => fit(model, point, seconds, level) === "yes");
  const open = known.filter((point) => fit(model, point, seconds, level) === "open");
  sure.sort((one, other) => shownTop1(other) - shownTop1(one) || one.latency[0] - other.latency[0]);
  const best = sure.filter((point) => shownTop1(point) === shownTop1(sure[0]));
  const point = fastest(model, best);
  const ties = best.filter((each) => each !== point && point && (networkKey(each) !== networkKey(point) || mayBeAsFast(model, each, point)));
  const undecided = open.filter((each) => !point || isBetter(model, each, point));
  undecided.sort((one, other) => shownTop1(other) - shownTop1(one) || one.latency[0] - other.latency[0]);
  return { point, ties, undecided, level };
}

/**
 * The fastest network of at least some top-1, and those that may be as fast.
 * @param {Model} model
 * @param {Point[]} points
 * @param {number} top1 percent
 * @returns {Answer}
 */
export function fastestAbove(model, points, top1) {
  const enough = points.filter((point) => point.top1 !== null && point.top1 >= top1);
  enough.sort((one, other) => one.latency[0] - other.latency[0]);
  const point = fastest(model, enough);
  const ties = point ? enough.filter((each) => each !== point && mayBeAsFast(model, each, point)) : [];
  return { point, ties, undecided: [], level: LEVEL };
}

/**
 * The point that no other is surely faster than; null of none.
 * @param {Model} model
 * @param {Point[]} points the fastest by the best estimates first
 */
function fastest(model, points) {
  let best = points[0] ?? null;
  const passed = new Set();
  for (;;) {
    const rival = points.find(
      (point) => point !== best && !passed.has(point) && lowOf(point) <= highOf(best) && ratioOf(model, best, point).high < 1,
    );
    if (!rival) return best;
    passed.add(best);
    best = rival;
  }
}

/**
 * @param {Model} model
 * @param {Point} point
 * @param {Point} answer
 */
function mayBeAsFast(model, point, answer) {
  return ratioOf(model, answer, point).low <= 1;
}

/**
 * @param {Model} model
 * @param {Point} point
 * @param {Point} answer
 */
function isBetter(model, point, answer) {
  const [mine, theirs] = [shownTop1(point), shownTop1(answer)];
  return mine > theirs || (mine === theirs && ratioOf(model, answer, point).value < 1);
}

/**
 * Time of the second over the first: paired, or by their intervals.
 * @param {Model} model
 * @param {Point} first
 * @param {Point} second
 */
function ratioOf(model, first, second) {
  const ratio = pooled(model, first, second);
  if (ratio) return ratio;
  const value = second.latency[0] / first.latency[0];
  return { value, low: lowOf(second) / highOf(first), high: highOf(second) / lowOf(first) };
}

/** @param {Point} point */
const lowOf = (point) => point.latency[1] ?? 0;
/** @param {Point} point */
const highOf = (point) => point.latency[2] ?? Infinity;

/**
 * Limits of a point's latency at another level, in each of the sessions that its panel joins.
 * @param {Point} point
 * @param {number} level
 */
function limitsAt(point, level) {
  const [fast, slow] = point.panel.drift ?? [1, 1];
  const [value, low, high] = point.latency;
  if (low === null || high === null || !(low > 0)) return [0, Infinity];
  const freedom = point.freedom;
  if (freedom === null) return [low * fast, high * slow];
  const times = studentT(freedom, (1 + level) / 2) / studentT(freedom, (1 + point.level) / 2);
  const half = times * Math.log(high / value);
  return [value * Math.exp(-half) * fast, value * Math.exp(half) * slow];
}

/**
 * @param {Model} model
 * @param {Point} point
 * @param {number} seconds
 * @param {number} level
 */
function fit(model, point, seconds, level) {
  if (point.runs < model.document.rules.minRuns) return "open";
  if (limitsAt(point, level)[1] <= seconds) return "yes";
  return limitsAt(point, LEVEL)[0] > seconds ? "no" : "open";
}

/**
 * The level at which each must be within the limit, for any answer to be so with 95 %.
 * @param {Model} model
 * @param {Point[]} points
 * @param {number} seconds
 */
function sharedLevel(model, points, seconds) {
  const { spent, minRuns } = model.document.rules;
  const first = 1 - (2 * spent * (1 - LEVEL)) / Math.max(1, points.length);
  const over = points.filter((point) => point.runs >= minRuns && limitsAt(point, first)[0] > seconds).length;
  return Math.max(LEVEL, 1 - (2 * (1 - spent) * (1 - LEVEL)) / Math.max(1, points.length - over));
}

/**
 * An answer as a sentence.
 * @param {Answer} answer
 * @param {string} question such as `within 20 ms`
 * @param {(point: Point) => string} name
 */
export function answerWords(answer, question, name) {
  const { point, ties, undecided, level } = answer;
  const sentences = [];
  if (!point) {
    sentences.push(undecided.length ? `None is sure to be ${question}.` : `None is ${question}.`);
  } else {
    const figures = `${significantTop1(point)} %, ${latencyWords(point.latency[0])}`;
    sentences.push(`${name(point)} (${figures}) is the answer ${question}.`);
  }
  if (ties.length) sentences.push(`As good: ${listed(ties.map(name))}.`);
  if (undecided.length) {
    const judged = undecided.map((each) => `${name(each)} (${limitsAt(each, level).map((limit) => significant(1e3 * limit)).join(" to ")} ms)`);
    sentences.push(`${point ? "Better, and perhaps within it" : "Perhaps"}: ${listed(judged)}. These limits allow for the choice among many, and for the drift between sessions that are joined.`);
  }
  return sentences.join(" ");
}

/** @param {Point} point */
const significantTop1 = (point) => significant(/** @type {number} */ (point.top1), 3);

/** @param {string[]} names */
function listed(names) {
  const shown = names.length > 4 ? [...names.slice(0, 3), `${names.length - 3} more`] : names;
  return shown.length < 2 ? shown.join("") : `${shown.slice(0, -1).join(", ")} and ${shown[shown.length - 1]}`;
}
