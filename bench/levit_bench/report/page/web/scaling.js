// What further threads, streams and images of a batch bring.

import { html, tableOf, visible } from "./elements.js";
import { latencyWords, significant } from "./numbers.js";
import { differing, networkKey } from "./model.js";
import { focusPanel } from "./state.js";
import { natural } from "./controls.js";
import { fieldPhrase } from "./names.js";

/** @typedef {import("./model.js").Model} Model */
/** @typedef {import("./state.js").State} State */

/**
 * @param {HTMLElement} container
 * @param {Model} model
 * @param {State} state
 */
export function showScaling(container, model, state) {
  const parts = [...shownHere(model, state), ...curves(model, state), ...byBatch(model, state)];
  if (!parts.length) parts.push(html("p", { class: "empty" }, "No network was measured on this machine with one thread and with more, nor in this setting at two batches."));
  container.replaceChildren(...parts);
}

/**
 * Which value is meant where several share the picture of the front.
 * @param {Model} model
 * @param {State} state
 */
export function shownHere(model, state) {
  const focus = focusPanel(model, state);
  if (!focus || !state.overlay) return [];
  return [html("p", { class: "quiet" }, `Of the values that share the picture of the front, this is ${visible(fieldPhrase(model, state.overlay, focus.field(state.overlay)), 60)}.`)];
}

/**
 * @param {Model} model
 * @param {State} state
 */
function curves(model, state) {
  const { scaling, sessions, machines } = model.document;
  const focus = focusPanel(model, state);
  const here = scaling.filter((curve) => focus && machines[sessions[curve.session].machine].id === focus.field("machine"));
  if (!here.length) return [];
  const rows = here.flatMap((curve) =>
    curve.steps.map((step) => [
      visible(curve.network, 60), visible(curve.setting, 80), String(step.threads), String(step.streams), step.rate === null ? "–" : significant(step.rate),
      step.speedup ? significant(step.speedup[0]) : "–",
      step.speedup && step.speedup[1] !== null && step.speedup[2] !== null && step.threads * step.streams > 1 ? `${significant(step.speedup[1])} to ${significant(step.speedup[2])}` : "",
      step.efficiency === null ? "–" : `${Math.round(100 * step.efficiency)} %`, sessions[curve.session].name,
    ]),
  );
  const columns = ["network", "setting", "threads", "streams", "images/s", "speed-up", "95 %", "efficiency", "session"].map((name, at) => ({ name, number: at > 1 && at < 8 }));
  return [
    html("h2", {}, "Threads and streams"),
    html("p", {}, "Images a second over those of one thread, paired by run in one session; efficiency is the speed-up by processor."),
    tableOf("Speed-up by threads and streams", columns, rows),
  ];
}

/**
 * @param {Model} model
 * @param {State} state
 */
function byBatch(model, state) {
  const focus = focusPanel(model, state);
  if (!focus) return [];
  const panels = model.panels
    .filter((panel) => differing(model, [focus, panel]).every((name) => name === "batch"))
    .sort((one, other) => natural(one.field("batch"), other.field("batch")));
  if (panels.length < 2) return [];
  const rows = focus.points.map((point) => [
    visible(point.label, 60),
    ...panels.map((panel) => {
      const twin = panel.points.find((each) => networkKey(each) === networkKey(point));
      return twin ? `${significant(twin.rate[0])} · ${latencyWords(twin.latency[0])}` : "–";
    }),
  ]);
  return [
    html("h2", {}, "Batches"),
    html("p", {}, "Images a second, and the latency of a batch, in the setting of the view."),
    tableOf("Images a second by batch", [{ name: "network" }, ...panels.map((panel) => ({ name: `batch ${panel.field("batch")}`, number: true }))], rows),
  ];
}
