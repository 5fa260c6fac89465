// The ablation of LeViT-128S: each row against the network that it is a change of.

import { html, tableOf, visible } from "./elements.js";
import { countsWords, top1Words } from "./names.js";
import { besideOne, significant } from "./numbers.js";
import { compared } from "./ratios.js";
import { shownPoints } from "./state.js";

/** @typedef {import("./model.js").Model} Model */

const BASE = "levit_128s_one_head";
const ROW = /^levit_128s_a\d+$/;

/**
 * Whether any panel holds the base of the ablation and a row of it.
 * @param {Model} model
 */
export function hasAblations(model) {
  const names = model.document.networks.map((network) => network.name);
  return names.includes(BASE) && names.some((name) => ROW.test(name));
}

/**
 * @param {HTMLElement} container
 * @param {Model} model
 * @param {import("./state.js").State} state
 */
export function showAblations(container, model, state) {
  const name = (/** @type {import("./types.js").Point} */ point) => model.document.networks[point.network].name;
  const points = shownPoints(model, { ...state, best: false });
  const rows = points.filter((point) => ROW.test(name(point))).flatMap((point) => {
    const base = points.find((other) => name(other) === BASE && other.panel === point.panel);
    if (!base) return [];
    const ratio = compared(model, base, point);
    const figures = "value" in ratio ? [significant(ratio.value), `${besideOne(ratio.low)} to ${besideOne(ratio.high)}`, ratio.verdict] : ["–", "", ratio.why];
    const counts = countsWords(point);
    return [[visible(point.label, 60), top1Words(point), counts.params, counts.macs, ...figures]];
  });
  if (!rows.length) {
    container.replaceChildren(html("p", { class: "empty" }, "The view holds no row of the ablation beside its base. Choose the setting in which they were measured."));
    return;
  }
  const names = ["network", "top-1", "parameters", "MACs", "times as long", "interval", "verdict"];
  container.replaceChildren(
    html("p", {}, `Each row of the ablation against ${BASE}, paired by round in one session.`),
    tableOf("Rows of the ablation", names.map((each, at) => ({ name: each, number: at > 0 && at < 6 })), rows),
  );
}
