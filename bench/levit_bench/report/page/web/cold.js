// What a network costs before its first timed pass.

import { html, tableOf } from "./elements.js";
import { nameOf } from "./names.js";
import { bytesWords, latencyWords } from "./numbers.js";

/**
 * @param {HTMLElement} container
 * @param {import("./model.js").Model} model
 * @param {import("./state.js").State} state
 * @param {import("./types.js").Point[]} points
 */
export function showCold(container, model, state, points) {
  const known = points.filter((point) => point.cold && point.cold.some((figure) => figure !== null));
  if (!known.length) {
    container.replaceChildren(html("p", { class: "empty" }, "No cold start is stored of the networks of this view."));
    return;
  }
  const seconds = (/** @type {number | null} */ value) => (value === null ? "–" : latencyWords(value));
  const rows = known.map((point) => {
    const [compile, load, first, grown, peak] = /** @type {(number | null)[]} */ (point.cold);
    return [nameOf(model, state, point), seconds(compile), seconds(load), seconds(first), first === null ? "–" : `${(first / point.latency[0]).toFixed(1)} ×`, bytesWords(grown), bytesWords(peak)];
  });
  const names = ["network", "compiled", "loaded", "first pass", "over a timed pass", "memory", "peak"];
  container.replaceChildren(
    html("p", {}, "Compiled once for all runs; loaded from the artifact on disk; the first pass in a fresh process. Memory is what loading and the first pass added; the peak is of a process that holds nothing else."),
    tableOf("Cold starts, from the newest session of each", names.map((name, at) => ({ name, number: at > 0 })), rows),
  );
}
