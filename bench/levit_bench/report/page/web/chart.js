// The picture of a front: points with their intervals and names, the staircase, and walking along it by keyboard.

import { html, svg } from "./elements.js";
import { placeLabels } from "./labels.js";
import { lookOf, marker, paletteColour } from "./marks.js";
import { nameOf, speedOf, spoken } from "./names.js";
import { linearScale, logScale, tickWords } from "./scales.js";
import { isOneSession, placeOf, showsFastest, shownPanels } from "./state.js";

/** @typedef {import("./types.js").Point} Point */
/** @typedef {import("./types.js").Panel} Panel */
/** @typedef {import("./model.js").Model} Model */
/** @typedef {import("./state.js").State} State */

const FONT = "12px system-ui, sans-serif";
const TEXT_HEIGHT = 14;
const NAMED_UP_TO = 40;
const CROWD = 120;
const [LEFT, RIGHT, TOP, BOTTOM] = [56, 16, 14, 46];

/**
 * @typedef {object} Handlers
 * @property {(point: Point) => void} onLook
 * @property {(point: Point) => void} onPin
 */

/**
 * Draw the points of a view into a container.
 * @param {HTMLElement} container
 * @param {Model} model
 * @param {State} state
 * @param {Point[]} points
 * @param {Handlers} handlers
 */
export function drawFront(container, model, state, points, handlers) {
  const held = container.contains(document.activeElement) ? /** @type {HTMLElement} */ (document.activeElement).dataset.key : "";
  const width = Math.max(300, container.clientWidth || 720);
  const height = width < 520 ? 340 : Math.min(520, Math.round(0.62 * width));
  const drawn = points.filter((point) => point.top1 !== null && isVisible(model, state, point));
  const published = state.published ? model.document.published.flatMap((file) => file.points.map((point) => ({ ...point, file: file.file }))) : [];
  const speeds = drawn.flatMap((point) => speedOf(state, point).filter((value) => value !== null && value > 0));
  const elsewhere = published.map((point) => publishedSpeed(state, point));
  const x = logScale([.../** @type {number[]} */ (speeds), ...elsewhere], [LEFT, width - RIGHT]);
  const y = linearScale([...drawn, ...published].map((point) => /** @type {number} */ (point.top1)), [height - BOTTOM, TOP]);
  const picture = svg("svg", {
    class: "front", width, height, viewBox: `0 0 ${width} ${height}`, role: "group",
    "aria-label": `Speed against top-1 of ${drawn.length} networks. Left and right arrow keys go by speed, up and down along the front, Enter pins.`,
  });
  picture.append(axes(model, state, x, y, width, height));
  const places = drawn.map((point) => [x.at(speedOf(state, point)[0]), y.at(/** @type {number} */ (point.top1))]);
  const lines = staircases(model, state, drawn, x, y, width);
  picture.append(ties(model, state, drawn, places));
  for (const line of lines) picture.append(line.element);
  picture.append(intervals(state, drawn, places, x));
  for (const point of published) picture.append(hollow(model, point, x.at(publishedSpeed(state, point)), y.at(point.top1)));
  const radius = drawn.length > CROWD ? 4 : 6;
  const marks = drawn.map((point, at) => mark(model, state, point, places[at], radius, handlers));
  picture.append(names(model, state, drawn, places, [...lines.flatMap((line) => line.segments), ...bars(state, drawn, places, x)], [LEFT, TOP - 12, width, height - BOTTOM], radius));
  const order = drawingOrder(model, state, drawn);
  for (const at of order) picture.append(marks[at]);
  walk(marks, drawn, model, state, held ?? "");
  container.replaceChildren(drawn.length ? picture : html("p", { class: "empty" }, emptyWords(state, points)));
  if (held) /** @type {SVGElement | null} */ (picture.querySelector(`[data-key="${CSS.escape(held)}"]`))?.focus({ preventScroll: true });
}

/**
 * @param {State} state
 * @param {Point[]} points
 */
function emptyWords(state, points) {
  if (!points.length) return "There is nothing to draw here.";
  if (points.every((point) => point.top1 === null)) {
    return "No accuracy is known of these networks, so they have no place in the picture: the table has their times.";
  }
  return state.search ? `No network's name holds ${state.search}.` : "Nothing is left to draw.";
}

/**
 * @param {Model} model
 * @param {State} state
 * @param {Point} point
 */
function isVisible(model, state, point) {
  return !state.onlyFront || placeOf(model, state, point).standing !== "beaten";
}

/**
 * @param {State} state
 * @param {Point} point
 */
export function isSought(state, point) {
  return !state.search || point.label.toLowerCase().includes(state.search.toLowerCase());
}

/**
 * @param {State} state
 * @param {{latency: number, rate: number}} point
 */
function publishedSpeed(state, point) {
  return state.metric === "throughput" ? point.rate : 1e3 * point.latency;
}

/**
 * @param {Model} model
 * @param {State} state
 * @param {Point[]} points
 */
function drawingOrder(model, state, points) {
  /** @type {{[standing: string]: number}} */
  const rank = { beaten: 0, unknown: 1, member: 2, open: 3 };
  const ranks = points.map((point) => rank[placeOf(model, state, point).standing] + (state.pins.includes(point.key) ? 4 : 0));
  return points.map((_, at) => at).sort((one, other) => ranks[one] - ranks[other]);
}

/**
 * @param {Model} model
 * @param {State} state
 * @param {import("./scales.js").Scale} x
 * @param {import("./scales.js").Scale} y
 * @param {number} width
 * @param {number} height
 */
function axes(model, state, x, y, width, height) {
  const group = svg("g", { class: "axes", "aria-hidden": "true" });
  let last = -Infinity;
  for (const tick of x.ticks) {
    const at = x.at(tick);
    group.append(svg("line", { x1: at, x2: at, y1: TOP, y2: height - BOTTOM }));
    if (at - last < 30) continue;
    last = at;
    group.append(svg("text", { x: at, y: height - BOTTOM + 16, "text-anchor": "middle" }, tickWords(tick)));
  }
  for (const tick of y.ticks) {
    const at = y.at(tick);
    group.append(svg("line", { x1: LEFT, x2: width - RIGHT, y1: at, y2: at }));
    group.append(svg("text", { x: LEFT - 6, y: at + 4, "text-anchor": "end" }, tickWords(tick)));
  }
  group.append(svg("text", { x: (LEFT + width - RIGHT) / 2, y: height - 8, "text-anchor": "middle", class: "title" }, speedAxis(model, state)));
  const middle = (TOP + height - BOTTOM) / 2;
  group.append(svg("text", { x: 14, y: middle, "text-anchor": "middle", class: "title", transform: `rotate(-90 14 ${middle})` }, "top-1 (%)"));
  return group;
}

/**
 * @param {Model} model
 * @param {State} state
 */
function speedAxis(model, state) {
  if (state.metric === "throughput") return "throughput (images/s), right is faster";
  const batches = new Set(shownPanels(model, state).map((panel) => panel.batch));
  const of = state.perImage || (batches.size === 1 && batches.has(1)) ? "one image" : batches.size === 1 ? `a batch of ${[...batches][0]}` : "a batch";
  return `latency of ${of} (ms), left is faster`;
}

/**
 * The lines of the fronts: one over all points, or one of each panel where its points cannot be compared with others.
 * @param {Model} model
 * @param {State} state
 * @param {Point[]} points
 * @param {import("./scales.js").Scale} x
 * @param {import("./scales.js").Scale} y
 * @param {number} width
 * @returns {{element: SVGElement, segments: [number, number, number, number][]}[]}
 */
function staircases(model, state, points, x, y, width) {
  const panels = shownPanels(model, state);
  const together = panels.length < 2 || isOneSession(panels);
  const groups = together ? [points] : panels.map((panel) => points.filter((point) => point.panel === panel));
  return groups.filter((group) => group.length).map((group, at) => {
    const members = group.filter((point) => placeOf(model, state, point).front);
    const corners = members
      .map((point) => ({ x: x.at(speedOf(state, point)[0]), y: y.at(/** @type {number} */ (point.top1)), standing: placeOf(model, state, point).standing }))
      .sort((one, other) => other.y - one.y || one.x - other.x);
    const end = state.metric === "throughput" ? LEFT : width - RIGHT;
    const element = svg("g", { class: "staircase", "aria-hidden": "true" });
    /** @type {[number, number, number, number][]} */
    const segments = [];
    corners.forEach((corner, index) => {
      const next = corners[index + 1];
      const to = next ? next.x : end;
      const path = next ? `M${corner.x} ${corner.y}H${to}V${next.y}` : `M${corner.x} ${corner.y}H${to}`;
      segments.push([corner.x, corner.y, to, corner.y]);
      if (next) segments.push([to, corner.y, to, next.y]);
      element.append(svg("path", { d: path, class: corner.standing === "member" ? "sure" : "open", stroke: together ? null : paletteColour(at) }));
    });
    return { element, segments };
  });
}

/**
 * @param {Model} model
 * @param {State} state
 * @param {Point[]} points
 * @param {number[][]} places
 */
function ties(model, state, points, places) {
  const group = svg("g", { class: "ties", "aria-hidden": "true" });
  points.forEach((point, at) => {
    for (const tied of placeOf(model, state, point).ties) {
      const other = points.indexOf(tied);
      if (other > at) group.append(svg("line", { x1: places[at][0], y1: places[at][1], x2: places[other][0], y2: places[other][1] }));
    }
  });
  return group;
}

/**
 * @param {State} state
 * @param {Point[]} points
 * @param {number[][]} places
 * @param {import("./scales.js").Scale} x
 */
function intervals(state, points, places, x) {
  const group = svg("g", { class: "intervals", "aria-hidden": "true" });
  for (const [from, y, to] of bars(state, points, places, x)) {
    group.append(svg("path", { d: `M${from} ${y}H${to}M${from} ${y - 3}V${y + 3}M${to} ${y - 3}V${y + 3}` }));
  }
  return group;
}

/**
 * The intervals as segments; none of points whose interval the data cannot bound.
 * @param {State} state
 * @param {Point[]} points
 * @param {number[][]} places
 * @param {import("./scales.js").Scale} x
 * @returns {[number, number, number, number][]}
 */
function bars(state, points, places, x) {
  return points.flatMap((point, at) => {
    const [, low, high] = speedOf(state, point);
    if (low === null || high === null || !(low > 0) || !isSought(state, point)) return [];
    return [/** @type {[number, number, number, number]} */ ([x.at(low), places[at][1], x.at(high), places[at][1]])];
  });
}

/**
 * @param {Model} model
 * @param {State} state
 * @param {Point} point
 * @param {number[]} place
 * @param {number} radius
 * @param {Handlers} handlers
 */
function mark(model, state, point, [x, y], radius, { onLook, onPin }) {
  const look = lookOf(model.document, point.family);
  const values = shownPanels(model, state).map((panel) => panel.id);
  const colour = state.overlay && !showsFastest(model, state) ? paletteColour(values.indexOf(point.panel.id)) : look.colour;
  const pinned = state.pins.indexOf(point.key);
  const group = svg(
    "g",
    {
      class: `point${isSought(state, point) ? "" : " dim"}${pinned < 0 ? "" : " pinned"}`, transform: `translate(${x} ${y})`,
      role: "button", tabindex: -1, "aria-label": spoken(model, state, point), "aria-pressed": pinned < 0 ? "false" : "true",
      "data-key": point.key, mouseenter: () => onLook(point), focus: () => onLook(point), click: () => onPin(point),
    },
    svg("circle", { r: Math.max(12, radius + 4), class: "reach" }),
    marker({ ...look, colour }, radius, placeOf(model, state, point)),
  );
  if (pinned >= 0) {
    group.append(svg("circle", { r: radius + 5, class: "ring" }));
    group.append(svg("text", { x: 0, y: -radius - 8, "text-anchor": "middle", class: "pin" }, pinLetter(pinned)));
  }
  return group;
}

/** @param {number} at */
export function pinLetter(at) {
  return at < 26 ? String.fromCharCode(65 + at) : String(at + 1);
}

/**
 * @param {Model} model
 * @param {{label: string, family: string, file: string}} point
 * @param {number} x
 * @param {number} y
 */
function hollow(model, point, x, y) {
  const look = lookOf(model.document, point.family);
  return svg("g", { class: "published", transform: `translate(${x} ${y})` }, svg("title", {}, `${point.label}: published in ${point.file}, not measured here`), marker(look, 5, { standing: "beaten", chance: null }));
}

/**
 * @param {Model} model
 * @param {State} state
 * @param {Point[]} points
 * @param {number[][]} places
 * @param {[number, number, number, number][]} lines
 * @param {import("./labels.js").Box} bounds
 * @param {number} radius
 */
function names(model, state, points, places, lines, bounds, radius) {
  const group = svg("g", { class: "names", "aria-hidden": "true" });
  const measure = /** @type {CanvasRenderingContext2D} */ (document.createElement("canvas").getContext("2d"));
  measure.font = FONT;
  const chosen = points.map((_, at) => at).filter((at) => isNamed(model, state, points, points[at]));
  const rank = (/** @type {Point} */ point) => (state.pins.includes(point.key) ? 0 : placeOf(model, state, point).front ? 1 : placeOf(model, state, point).standing === "open" ? 2 : 3);
  chosen.sort((one, other) => rank(points[one]) - rank(points[other]) || places[one][0] - places[other][0]);
  const texts = chosen.map((at) => nameOf(model, state, points[at]));
  const labels = chosen.map((at, number) => ({ x: places[at][0], y: places[at][1], width: 1.04 * measure.measureText(texts[number]).width + 2, height: TEXT_HEIGHT }));
  const markers = places.map(([x, y], at) => {
    const [around, above] = state.pins.includes(points[at].key) ? [radius + 6, radius + 20] : [radius + 1, radius + 1];
    return /** @type {import("./labels.js").Box} */ ([x - around, y - above, x + around, y + around]);
  });
  placeLabels(labels, markers, lines, bounds, radius).forEach((place, number) => {
    if (!place) return;
    const point = points[chosen[number]];
    if (place.leader) {
      const [px, py] = places[chosen[number]];
      group.append(svg("line", { x1: px, y1: py, x2: place.leader[0], y2: place.leader[1] }));
    }
    const pale = placeOf(model, state, point).standing === "beaten" || !isSought(state, point);
    group.append(svg("text", { x: place.x + 1, y: place.y + 11, class: pale ? "pale" : "" }, texts[number]));
  });
  return group;
}

/**
 * @param {Model} model
 * @param {State} state
 * @param {Point[]} points
 * @param {Point} point
 */
function isNamed(model, state, points, point) {
  if (state.pins.includes(point.key)) return true;
  if (state.search) return isSought(state, point);
  return points.length <= NAMED_UP_TO || placeOf(model, state, point).front;
}

/**
 * One stop of the tab key; arrow keys go from point to point.
 * @param {SVGElement[]} marks
 * @param {Point[]} points
 * @param {Model} model
 * @param {State} state
 * @param {string} held key of the point that had the focus
 */
function walk(marks, points, model, state, held) {
  const bySpeed = points.map((_, at) => at).sort((one, other) => speedOf(state, points[one])[0] - speedOf(state, points[other])[0]);
  const onFront = bySpeed.filter((at) => placeOf(model, state, points[at]).front);
  const first = bySpeed.find((at) => points[at].key === held) ?? onFront[0] ?? bySpeed[0];
  if (first !== undefined) marks[first].setAttribute("tabindex", "0");
  /** @type {{[key: string]: [number[], number]}} */
  const steps = {
    ArrowRight: [bySpeed, 1], ArrowLeft: [bySpeed, -1], ArrowUp: [onFront, 1], ArrowDown: [onFront, -1], Home: [bySpeed, -Infinity], End: [bySpeed, Infinity],
  };
  marks.forEach((element, at) => {
    element.addEventListener("keydown", (event) => {
      const { key } = /** @type {KeyboardEvent} */ (event);
      if (key === "Enter" || key === " ") {
        event.preventDefault();
        element.dispatchEvent(new MouseEvent("click", { bubbles: true }));
        return;
      }
      const step = steps[key];
      if (!step || !step[0].length) return;
      event.preventDefault();
      const next = marks[neighbour(step[0], bySpeed, at, step[1])];
      for (const mark of marks) mark.setAttribute("tabindex", mark === next ? "0" : "-1");
      next.focus();
    });
  });
}

/**
 * The next of a sequence from a place that need not be part of it.
 * @param {number[]} sequence
 * @param {number[]} order all, which the sequence is a part of
 * @param {number} from
 * @param {number} by
 */
function neighbour(sequence, order, from, by) {
  const rank = new Map(order.map((at, place) => [at, place]));
  const here = /** @type {number} */ (rank.get(from));
  if (by === -Infinity) return sequence[0];
  if (by === Infinity) return sequence[sequence.length - 1];
  const beyond = sequence.filter((at) => by * (/** @type {number} */ (rank.get(at)) - here) > 0);
  if (!beyond.length) return by > 0 ? sequence[sequence.length - 1] : sequence[0];
  return by > 0 ? beyond[0] : beyond[beyond.length - 1];
}
