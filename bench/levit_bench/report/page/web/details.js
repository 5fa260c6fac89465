// What is known of one point: figures, place, findings, and where they come from.

import { commandLine, html, visible } from "./elements.js";
import { countsWords, nameOf, latencyOf, top1Words } from "./names.js";
import { latencyLimits, latencyWords, percentWords, rateLimits, significant } from "./numbers.js";
import { placeWords } from "./state.js";
import { newestRecord } from "./model.js";
import { quoted } from "./ratios.js";

/** @typedef {import("./types.js").Point} Point */
/** @typedef {import("./model.js").Model} Model */
/** @typedef {import("./state.js").State} State */

/**
 * @param {HTMLElement} container
 * @param {Model} model
 * @param {State} state
 * @param {Point | undefined} point
 * @param {{onPin: (point: Point) => void, onSession: (session: number) => void}} handlers
 */
export function showDetails(container, model, state, point, { onPin, onSession }) {
  if (!point) {
    container.replaceChildren(html("p", { class: "hint" }, "Point at a network, or walk with the arrow keys, to see its figures. Click, or press Enter, to pin it and compare."));
    return;
  }
  const { session, line } = newestRecord(model, point);
  const counts = countsWords(point);
  const latency = latencyOf(state, point);
  /** @type {[string, Node | string][]} */
  const facts = [
    ["top-1", point.top1 === null ? "unknown" : `${top1Words(point)} % (${visible(point.source, 60)})`],
    [state.perImage ? "median latency of an image" : "median latency of a batch", `${latencyWords(latency[0])} (${latencyLimits(latency)})`],
    ["throughput, images over time", `${significant(point.rate[0])} images/s (${rateLimits(point.rate)})`],
    ["interval", `${percentWords(point.level)}, ${point.runs} fresh runs${point.panel.joined ? ", scatter between sessions included" : ""}`],
    ["place", placeWords(model, state, point)],
    ["size", `${counts.params} parameters, ${counts.macs} MACs an image, ${point.size} pixels`],
    ["setting", visible(point.panel.line, 400)],
  ];
  const pinned = state.pins.includes(point.key);
  container.replaceChildren(
    html("h3", {}, nameOf(model, state, point)),
    html("dl", {}, ...facts.flatMap(([name, value]) => [html("dt", {}, name), html("dd", {}, value)])),
    findingsOf(model, point),
    html("p", { class: "source" }, `${point.records.length > 1 ? `Newest of ${point.records.length} records` : "Record"}: ${visible(session.file || session.name, 120)}${line ? `, line ${line}` : ""} `, html("button", { type: "button", class: "link", click: () => onSession(point.records[point.records.length - 1][0]) }, "session and command")),
    commandLine(point.panel.joined ? frontCommand(model, point) : `levit-bench show --session ${session.name}${session.store}`),
    html("button", { type: "button", class: "pin-button", "aria-pressed": pinned ? "true" : "false", click: () => onPin(point) }, pinned ? "Unpin" : "Pin to compare"),
  );
}

/**
 * The command that shows a point of several sessions.
 * @param {Model} model
 * @param {Point} point
 */
function frontCommand(model, point) {
  const conditions = model.varying.filter((name) => name !== "set").map((name) => `${name}=${point.panel.field(name)}`);
  return `levit-bench front --where ${quoted(conditions.join(","))}${model.document.store}`;
}

/**
 * @param {Model} model
 * @param {Point} point
 */
function findingsOf(model, point) {
  if (!point.findings.length) return html("p", { class: "quiet" }, "No findings.");
  const items = point.findings.map((at) => model.document.findings[at]);
  return html("ul", { class: "findings" }, ...items.map((finding) => html("li", {}, html("strong", {}, visible(finding.kind, 60)), ` ${visible(finding.text, 600)}`)));
}
