// What points are called in a view, and what is said of them.

import { visible } from "./elements.js";
import { countWords, counted, fixed, latencyLimits, latencyWords, rateLimits, significant } from "./numbers.js";
import { placeWords } from "./state.js";
import { shortValue } from "./model.js";

/** @typedef {import("./types.js").Point} Point */
/** @typedef {import("./types.js").Estimate} Estimate */
/** @typedef {import("./model.js").Model} Model */
/** @typedef {import("./state.js").State} State */

/**
 * The name of a point; with its value where several are shown together.
 * @param {Model} model
 * @param {State} state
 * @param {Point} point
 */
export function nameOf(model, state, point) {
  const label = visible(point.label, 60);
  if (!state.overlay) return label;
  const value = point.panel.field(state.overlay);
  return `${label} · ${visible(state.overlay === "threads" ? fieldPhrase(model, "threads", value) : value, 30)}`;
}

/**
 * The name of a point beside points of other panels: with each field in which the two differ.
 * @param {Model} model
 * @param {Point} point
 * @param {string[]} fields in which the panels differ
 */
export function nameAmong(model, point, fields) {
  const telling = fields.filter((name) => !["runtime_version", "isolation"].includes(name));
  const values = (telling.length ? telling : fields)
    .map((name) => visible(fieldPhrase(model, name, point.panel.field(name)), 50));
  return [visible(point.label, 60), ...values].join(" · ");
}

/**
 * A field with its value in words: `batch 16`, `2 threads`, `openvino`.
 * @param {Model} model
 * @param {string} name
 * @param {string} value
 */
export function fieldPhrase(model, name, value) {
  if (name === "threads" || name === "streams") return counted(Number(value), name.slice(0, -1));
  if (["machine", "runtime", "device"].includes(name)) return shortValue(model, name, value);
  const field = model.document.fields.find((each) => each.name === name);
  return `${field ? field.words : name} ${value}`;
}

/**
 * Seconds on the axis: of a batch, or of an image.
 * @param {State} state
 * @param {Point} point
 * @returns {Estimate}
 */
export function latencyOf(state, point) {
  const by = state.perImage ? point.panel.batch : 1;
  return /** @type {Estimate} */ (point.latency.map((value) => (value === null ? null : value / by)));
}

/**
 * The speed of the view: milliseconds, or images a second.
 * @param {State} state
 * @param {Point} point
 * @returns {Estimate}
 */
export function speedOf(state, point) {
  if (state.metric === "throughput") return point.rate;
  return /** @type {Estimate} */ (latencyOf(state, point).map((value) => (value === null ? null : 1e3 * value)));
}

/**
 * The speed of the view in words: the value, and its limits.
 * @param {State} state
 * @param {Point} point
 */
export function speedWords(state, point) {
  if (state.metric === "throughput") {
    return { value: `${significant(point.rate[0])} images/s`, limits: rateLimits(point.rate) };
  }
  const latency = latencyOf(state, point);
  return { value: latencyWords(latency[0]), limits: latencyLimits(latency) };
}

/** @param {Point} point */
export function top1Words(point) {
  return point.top1 === null ? "–" : fixed(point.top1, 1);
}

/**
 * Everything that is said of a point, as one sentence for those who listen.
 * @param {Model} model
 * @param {State} state
 * @param {Point} point
 */
export function spoken(model, state, point) {
  const { value, limits } = speedWords(state, point);
  const findings = point.findings.length ? counted(point.findings.length, "finding") : "no findings";
  const top1 = point.top1 === null ? "top-1 unknown" : `top-1 ${top1Words(point)} %`;
  return `${nameOf(model, state, point)}, ${top1}, ${value} (${limits}), ${placeWords(model, state, point)}, ${findings}`;
}

/**
 * The wider half of an interval as a share of the value.
 * @param {Estimate} estimate
 */
export function plusMinus([value, low, high]) {
  if (low === null || high === null) return "± ∞";
  const share = Math.max(high / value - 1, 1 - low / value);
  if (share > 10) return "> 1000 %";
  return share >= 1e-4 ? `± ${significant(100 * share, 2)} %` : "< 0.01 %";
}

/** @param {Point} point */
export function countsWords(point) {
  return { params: countWords(point.params), macs: countWords(point.macs) };
}
