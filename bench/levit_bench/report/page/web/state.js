// What the reader looks at: one panel, the axis whose values are shown together, and everything else of the view.

import { differing, networkKey } from "./model.js";

/** @typedef {import("./types.js").Panel} Panel */
/** @typedef {import("./types.js").Point} Point */
/** @typedef {import("./model.js").Model} Model */

/**
 * @typedef {object} State
 * @property {string} panel id of the panel in view; empty where there is none
 * @property {string} overlay the field of which several values are shown together; empty for one
 * @property {boolean} best of several values, the fastest of each network alone
 * @property {string} metric `latency` or `throughput`
 * @property {boolean} perImage latency of an image, not of a batch
 * @property {boolean} onlyFront
 * @property {boolean} published
 * @property {string} search
 * @property {string[]} pins keys of points, the first of which others are compared with
 * @property {string} tab
 * @property {string} within milliseconds, as written
 * @property {string} above percent, as written
 * @property {string} across the field whose values are compared in the tab of that name
 */

/** Fields that differ wherever another does. @type {{[field: string]: string[]}} */
const FOLLOWERS = { runtime: ["runtime_version"], allocator: ["isolation"] };
const FOLLOWS = Object.values(FOLLOWERS).flat();

/**
 * A field and those that differ wherever it does.
 * @param {string} name
 */
function withFollowers(name) {
  return [name, ...(FOLLOWERS[name] ?? [])];
}

/**
 * The first view: newest machine, batch 1, one thread, every runtime.
 * @param {Model} model
 * @returns {State}
 */
export function firstState(model) {
  const panel = firstPanel(model);
  const state = {
    panel: panel ? panel.id : "", overlay: "", best: false, metric: "latency", perImage: false, onlyFront: false,
    published: false, search: "", pins: [], tab: "front", within: "", above: "", across: "",
  };
  if (panel && shownPanels(model, { ...state, overlay: "runtime" }).length > 1) {
    return { ...state, overlay: "runtime", best: isOneSession(shownPanels(model, { ...state, overlay: "runtime" })) };
  }
  return state;
}

/** @param {Model} model */
function firstPanel(model) {
  const newest = Math.max(-1, ...model.panels.map((panel) => panel.newest));
  const of = model.panels.find((panel) => panel.newest === newest);
  /** @type {{[field: string]: string}} */
  const wanted = { batch: "1", threads: "1", streams: "1", allocator: "pinned", form: "shipped", precision: "fp32", runtime: "eager" };
  /** @param {Panel} panel */
  const rank = (panel) => [
    ["machine", "device"].filter((name) => of && panel.field(name) === of.field(name)).length,
    ...["batch", "threads", "streams"].map((name) => Number(panel.field(name) === wanted[name])),
    ...["allocator", "form", "precision", "runtime"].map((name) => Number(panel.field(name) === wanted[name])),
    panel.points.filter((point) => point.top1 !== null).length,
    panel.newest,
  ];
  return [...model.panels].sort((one, other) => compareRanks(rank(other), rank(one)))[0];
}

/**
 * @param {number[]} one
 * @param {number[]} other
 */
function compareRanks(one, other) {
  const at = one.findIndex((value, place) => value !== other[place]);
  return at < 0 ? 0 : one[at] - other[at];
}

/**
 * The panel in view.
 * @param {Model} model
 * @param {State} state
 * @returns {Panel | undefined}
 */
export function focusPanel(model, state) {
  return model.panels.find((panel) => panel.id === state.panel);
}

/**
 * The panels that share the axes of the picture: the one in view, and those that differ from it in the overlaid field
 * alone, in their order.
 * @param {Model} model
 * @param {Pick<State, "panel" | "overlay">} state
 */
export function shownPanels(model, state) {
  const focus = model.panels.find((panel) => panel.id === state.panel);
  if (!focus) return [];
  if (!state.overlay) return [focus];
  const free = withFollowers(state.overlay);
  const { overlay } = state;
  return model.panels.filter(
    (panel) =>
      panel === focus ||
      (panel.field(overlay) !== focus.field(overlay) && differing(model, [focus, panel]).every((name) => free.includes(name))),
  );
}

/**
 * Whether the cases of panels took turns with each other: only then one front over all of them says anything.
 * @param {Panel[]} panels
 */
export function isOneSession(panels) {
  return panels.every((panel) => !panel.joined && panel.newest === panels[0].newest);
}

/**
 * Whether of several values the fastest of each network is shown alone: of one session, where they can be told apart.
 * @param {Model} model
 * @param {State} state
 */
export function showsFastest(model, state) {
  return Boolean(state.overlay) && state.best && isOneSession(shownPanels(model, state));
}

/**
 * The points of the view: all of the shown panels, or of each network the fastest.
 * @param {Model} model
 * @param {State} state
 * @returns {Point[]}
 */
export function shownPoints(model, state) {
  const points = shownPanels(model, state).flatMap((panel) => panel.points);
  if (!showsFastest(model, state)) return points;
  /** @type {Map<string, Point>} */
  const fastest = new Map();
  for (const point of points) {
    const key = networkKey(point);
    const other = fastest.get(key);
    if (!other || point.latency[0] < other.latency[0]) fastest.set(key, point);
  }
  return points.filter((point) => fastest.get(networkKey(point)) === point);
}

/**
 * The state after a field was given a value: of the panels with that value the one most like the one in view.
 * @param {Model} model
 * @param {State} state
 * @param {string} name
 * @param {string} value
 * @returns {{state: State, moved: string[]}} with the names of other fields that had to change
 */
export function choose(model, state, name, value) {
  const focus = focusPanel(model, state);
  const order = model.document.fields.map((field) => field.name);
  const candidates = model.panels.filter((panel) => panel.field(name) === value);
  if (!focus || !candidates.length) return { state, moved: [] };
  /** @param {Panel} panel */
  const rank = (panel) => {
    const same = order.filter((field) => panel.field(field) === focus.field(field));
    return [same.filter((field) => !FOLLOWS.includes(field)).length, same.length, panel.newest];
  };
  const chosen = [...candidates].sort((one, other) => compareRanks(rank(other), rank(one)))[0];
  const free = withFollowers(name);
  return {
    state: { ...state, panel: chosen.id, overlay: state.overlay === name ? "" : state.overlay },
    moved: differing(model, [focus, chosen]).filter((field) => !free.includes(field)),
  };
}

/**
 * The pinned points that exist.
 * @param {Model} model
 * @param {State} state
 * @returns {Point[]}
 */
export function pinnedPoints(model, state) {
  return state.pins.flatMap((key) => model.byKey.get(key) ?? []);
}

/**
 * Place of a point in the view: among all values of an overlay of one session, or the fastest of each network, else in
 * its panel.
 * @param {Model} model
 * @param {State} state
 * @param {Point} point
 * @returns {{front: boolean, standing: string, chance: number | null, by: Point | null, ties: Point[], whole: boolean}}
 */
export function placeOf(model, state, point) {
  const metric = state.metric === "latency" ? "byLatency" : "byRate";
  const own = point[metric];
  const among = state.overlay ? point.among[state.overlay]?.[metric] : undefined;
  const known = own ?? { front: false, standing: "unknown", chance: null, by: null, ties: [] };
  if (among?.fastest && state.best) {
    const { by, ties, ...place } = among.fastest;
    return {
      ...place, by: by === null ? null : (model.byKey.get(by) ?? null), ties: ties.flatMap((key) => model.byKey.get(key) ?? []), whole: true,
    };
  }
  if (among?.all) return { ...among.all, chance: null, by: null, ties: [], whole: true };
  return {
    ...known, by: known.by === null ? null : point.panel.points[known.by],
    ties: known.ties.map((at) => point.panel.points[at]), whole: false,
  };
}

/**
 * The place in words.
 * @param {Model} model
 * @param {State} state
 * @param {Point} point
 */
export function placeWords(model, state, point) {
  if (point.top1 === null) return "not placed: no accuracy is known";
  const { front, standing, chance, by, ties, whole } = placeOf(model, state, point);
  const words = [];
  if (standing === "member") words.push("on the front (95 %)");
  else if (standing === "beaten") words.push(by ? `dominated by ${by.label} (95 %)` : "dominated (95 %)");
  else {
    const share = chance === null ? "" : `, ${Math.round(100 * Math.min(Math.max(chance, 0.01), 0.99))} % on the front`;
    words.push(`undecided${share}`);
    if (by) words.push(`measured below ${by.label}`);
    else if (whole && !front) words.push("measured below another");
  }
  const others = ties.filter((tied) => tied !== by).map((tied) => tied.label);
  if (others.length > 3) others.splice(2, others.length, `${others.length - 2} more`);
  if (others.length) words.push(`tied with ${others.join(", ")}`);
  return words.join(", ");
}
