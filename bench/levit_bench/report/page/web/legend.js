// What colours, shapes and fullness mean in the picture.

import { html, svg, visible } from "./elements.js";
import { lookOf, marker, paletteColour } from "./marks.js";
import { valueWords } from "./model.js";
import { showsFastest, shownPanels } from "./state.js";

/**
 * @param {import("./model.js").Model} model
 * @param {import("./state.js").State} state
 * @param {import("./types.js").Point[]} points
 */
export function legendOf(model, state, points) {
  const items = [];
  const sure = { standing: "member", chance: 1 };
  if (state.overlay && !showsFastest(model, state)) {
    shownPanels(model, state).forEach((panel, at) => items.push(item({ marker: "o", colour: paletteColour(at) }, sure, visible(valueWords(model, state.overlay, panel.field(state.overlay)), 40))));
  } else {
    const families = [...new Set(points.map((point) => point.family))].sort();
    for (const family of families) items.push(item(lookOf(model.document, family), sure, visible(family, 40)));
  }
  const grey = { marker: "o", colour: "#777777" };
  if (state.overlay && !showsFastest(model, state)) {
    const families = [...new Set(points.map((point) => point.family))].sort();
    for (const family of families) items.push(item({ ...lookOf(model.document, family), colour: grey.colour }, sure, visible(family, 40)));
  }
  items.push(
    item(grey, sure, "on the front (95 %)"),
    item(grey, { standing: "open", chance: 0.5 }, "undecided: the fuller, the likelier on the front"),
    item(grey, { standing: "beaten", chance: 0 }, "dominated (95 %)"),
    html("li", {}, "bars: 95 % intervals; dashed steps: undecided"),
  );
  return html("ul", { class: "legend" }, ...items);
}

/**
 * @param {{marker: string, colour: string}} look
 * @param {{standing: string, chance: number | null}} place
 * @param {string} words
 */
function item(look, place, words) {
  const picture = svg("svg", { width: 18, height: 18, viewBox: "-9 -9 18 18", "aria-hidden": "true" }, marker(look, 6, place));
  return html("li", {}, picture, words);
}
