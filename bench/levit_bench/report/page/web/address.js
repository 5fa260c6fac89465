// The view as a fragment of the address, and back: whatever is unknown is left out, so that links of other pages open.

import { choose, firstState, focusPanel } from "./state.js";

/** @typedef {import("./model.js").Model} Model */
/** @typedef {import("./state.js").State} State */

const VERSION = "1";
const TEXTS = /** @type {const} */ (["search", "tab", "within", "above", "across"]);
const FLAGS = /** @type {const} */ (["best", "perImage", "onlyFront", "published"]);
export const TABS = ["front", "across", "scaling", "cold", "ablations", "trend", "sessions"];
const MOST = 200;

/**
 * @param {Model} model
 * @param {State} state
 */
export function fragmentOf(model, state) {
  const words = new URLSearchParams({ v: VERSION });
  const panel = focusPanel(model, state);
  if (panel) {
    const named = model.document.fields.filter((field) => field.main || model.varying.includes(field.name));
    for (const { name } of named) words.set(name, panel.field(name));
  }
  if (state.overlay) words.set("overlay", state.overlay);
  words.set("metric", state.metric);
  for (const name of FLAGS) words.set(name, state[name] ? "1" : "0");
  for (const name of TEXTS) if (state[name]) words.set(name, state[name]);
  if (state.pins.length) words.set("pins", state.pins.join(" "));
  return words.toString();
}

/**
 * @param {Model} model
 * @param {string} fragment without its first sign
 * @returns {{state: State, unknown: string[]}} with the names of what was not understood
 */
export function stateOf(model, fragment) {
  const words = new URLSearchParams(fragment);
  /** @type {string[]} */
  const unknown = [];
  let state = firstState(model);
  if (!words.has("v")) return { state, unknown };
  if (words.get("v") !== VERSION) unknown.push("v");
  state = { ...state, overlay: "", best: false };
  for (const name of model.document.fields.map((field) => field.name)) {
    const value = words.get(name);
    if (value === null) continue;
    if (!model.panels.some((panel) => panel.field(name) === value)) unknown.push(name);
  }
  state = withFields(model, state, words);
  const overlay = words.get("overlay") ?? "";
  if (overlay && model.document.fields.some((field) => field.name === overlay && field.overlay)) {
    state = { ...state, overlay };
  } else if (overlay) unknown.push("overlay");
  if (words.get("metric") === "throughput") state = { ...state, metric: "throughput" };
  for (const name of FLAGS) state = { ...state, [name]: words.get(name) === "1" };
  for (const name of TEXTS) state = { ...state, [name]: (words.get(name) ?? "").slice(0, MOST) };
  if (!TABS.includes(state.tab)) {
    if (state.tab) unknown.push("tab");
    state = { ...state, tab: "front" };
  }
  const pins = (words.get("pins") ?? "").split(" ").filter(Boolean);
  const known = [...new Set(pins)].filter((key) => model.byKey.has(key));
  if (known.length < pins.length) unknown.push("pins");
  return { state: { ...state, pins: known }, unknown };
}

/**
 * The state with the panel that has most of the values.
 * @param {Model} model
 * @param {State} state
 * @param {URLSearchParams} words
 */
function withFields(model, state, words) {
  if (!model.varying.some((name) => words.has(name))) return state;
  const exact = model.panels.find((panel) =>
    model.varying.every((name) => !words.has(name) || words.get(name) === panel.field(name)),
  );
  if (exact) return { ...state, panel: exact.id };
  for (const name of model.varying) {
    const value = words.get(name);
    if (value !== null) state = choose(model, state, name, value).state;
  }
  return state;
}
