// Cases along their sessions: what changed for good, and who changed with whom.

import { html, svg, visible } from "./elements.js";
import { counted, significant } from "./numbers.js";

/** @typedef {import("./types.js").TrendSeries} TrendSeries */
/** @typedef {import("./model.js").Model} Model */

const MOST = 60;
const [WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM] = [350, 150, 44, 8, 20, 22];
const LEAST_REACH = Math.log(1.03);

/** @param {Model} model */
export function hasTrend(model) {
  return model.document.trend !== null;
}

/**
 * @param {HTMLElement} container
 * @param {Model} model
 */
export function showTrend(container, model) {
  const trend = model.document.trend;
  if (!trend) return;
  const events = trend.events.map((event) =>
    html("li", {}, html("strong", {}, visible(event.words, 600)), event.also ? html("span", { class: "quiet" }, ` Changed there, too: ${visible(event.also, 600)}.`) : "", event.ids.length ? html("span", { class: "quiet" }, ` Alerts ${event.ids.join(", ")}.`) : ""),
  );
  const shown = [...trend.series].sort((one, other) => changesOf(other) - changesOf(one) || pointsOf(other) - pointsOf(one)).slice(0, MOST);
  const left = trend.series.length - shown.length;
  container.replaceChildren(
    html("p", {}, "Each point is a session: time as ratio to the yardstick, relative to the first sessions of its segment; the band is the 95 % interval of a session by its runs. A line in colour is a change that lasts. A dotted one begins another unit, such as a new torch."),
    html("h2", {}, events.length ? counted(events.length, "event") : "No change that lasts was found"),
    html("ol", { class: "events" }, ...events),
    html("h2", {}, counted(trend.series.length, "case")),
    html("div", { class: "trends" }, ...shown.map((series) => html("figure", {}, html("figcaption", {}, visible(series.case, 90)), drawn(trend.days, series)))),
    left > 0 ? html("p", { class: "quiet" }, `${counted(left, "more case")} in trend.json, which levit-bench trend --out writes.`) : "",
  );
}

/** @param {TrendSeries} series */
function changesOf(series) {
  return series.segments.reduce((sum, segment) => sum + segment.changes.length, 0);
}

/** @param {TrendSeries} series */
function pointsOf(series) {
  return series.segments.reduce((sum, segment) => sum + segment.points.length, 0);
}

/** @param {number} log */
function percent(log) {
  const value = 100 * Math.expm1(log);
  return `${value >= 0 ? "+" : "−"}${significant(Math.abs(value), 2)} %`;
}

/**
 * @param {string[]} days
 * @param {TrendSeries} series
 */
function drawn(days, series) {
  const logs = series.segments.flatMap((segment) => segment.points.map(([, log]) => Math.abs(log))).sort((one, other) => one - other);
  const reach = Math.max(LEAST_REACH, 1.15 * logs[Math.floor(((logs.length - 1) * 19) / 20)] + (series.half ?? 0));
  const last = Math.max(1, pointsOf(series) - 1);
  const x = (/** @type {number} */ at) => LEFT + ((WIDTH - LEFT - RIGHT) * at) / last;
  const y = (/** @type {number} */ log) => TOP + ((HEIGHT - TOP - BOTTOM) * (reach - Math.max(-reach, Math.min(reach, log)))) / (2 * reach);
  const step = [0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1].find((share) => Math.log1p(share) > reach / 2.6) ?? 2;
  const ticks = [-step, 0, step].filter((share) => share > -1 && Math.abs(Math.log1p(share)) <= reach).map((share) => Math.log1p(share));
  const parts = ticks.flatMap((tick) => [svg("line", { x1: LEFT, x2: WIDTH - RIGHT, y1: y(tick), y2: y(tick) }), svg("text", { x: LEFT - 4, y: y(tick) + 4, "text-anchor": "end" }, tick ? percent(tick) : "0 %")]);
  const body = [];
  let at = 0;
  for (const [number, segment] of series.segments.entries()) {
    const begin = at;
    const places = segment.points.map(([, log], place) => [x(begin + place), log]);
    if (number) body.push(svg("line", { class: "split", x1: x(begin - 0.5), x2: x(begin - 0.5), y1: TOP, y2: HEIGHT - BOTTOM }));
    if (series.half !== null) {
      const half = series.half;
      const upper = places.map(([px, log]) => `${px},${y(log + half)}`);
      const lower = places.map(([px, log]) => `${px},${y(log - half)}`).reverse();
      body.push(svg("polygon", { class: "band", points: [...upper, ...lower].join(" ") }));
    }
    body.push(svg("polyline", { class: "nights", points: places.map(([px, log]) => `${px},${y(log)}`).join(" ") }));
    if (places.length < 80) body.push(...places.map(([px, log]) => svg("circle", { class: "night", cx: px, cy: y(log), r: 2 })));
    const edges = [0, ...segment.changes.map(([first]) => first), places.length];
    for (let edge = 0; edge + 1 < edges.length; edge += 1) {
      const part = places.slice(edges[edge], edges[edge + 1]);
      const level = part.reduce((sum, [, log]) => sum + log, 0) / part.length;
      body.push(svg("line", { class: "level", x1: part[0][0], x2: part[part.length - 1][0], y1: y(level), y2: y(level) }));
    }
    for (const [first, log] of segment.changes) {
      const px = x(begin + first - 0.5);
      body.push(svg("line", { class: log > 0 ? "slower" : "faster", x1: px, x2: px, y1: TOP, y2: HEIGHT - BOTTOM }), svg("text", { class: log > 0 ? "slower" : "faster", x: px, y: TOP - 5, "text-anchor": "middle" }, percent(log)));
    }
    at += places.length;
  }
  const all = series.segments.flatMap((segment) => segment.points.map(([session]) => session));
  const dates = [svg("text", { x: LEFT, y: HEIGHT - 6 }, days[all[0]]), svg("text", { x: WIDTH - RIGHT, y: HEIGHT - 6, "text-anchor": "end" }, days[all[all.length - 1]])];
  const changes = series.segments.flatMap((segment) => segment.changes.map(([, log]) => percent(log)));
  const label = `${visible(series.case, 90)}: ${counted(all.length, "session")}, ${changes.length ? `changed by ${changes.join(", ")}` : "no change"}`;
  return svg("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, width: WIDTH, height: HEIGHT, role: "img", "aria-label": label }, svg("g", { class: "axes" }, ...parts, ...dates), svg("g", { class: "trend" }, ...body));
}
