// Choosing what is in view: one list for each field that has several values, and the sentence that says what is shown.

import { html, visible } from "./elements.js";
import { fieldPhrase } from "./names.js";
import { shortValue, valueWords } from "./model.js";
import { choose, focusPanel, isOneSession, showsFastest, shownPanels } from "./state.js";

/** @typedef {import("./model.js").Model} Model */
/** @typedef {import("./state.js").State} State */

const ALL = "\u0000all";
const BEST = "\u0000best";

/**
 * @param {HTMLElement} main the usual fields
 * @param {HTMLElement} more the others
 * @param {Model} model
 * @param {State} state
 * @param {(state: State, moved: string[]) => void} onChoose
 */
export function showControls(main, more, model, state, onChoose) {
  const panel = focusPanel(model, state);
  const held = /** @type {HTMLElement | null} */ (document.activeElement)?.id ?? "";
  /** @type {HTMLElement[][]} */
  const lists = [[], []];
  if (panel) {
    for (const field of model.document.fields) {
      if (!model.varying.includes(field.name)) continue;
      lists[field.main ? 0 : 1].push(list(model, state, field, panel, onChoose));
    }
  }
  main.replaceChildren(...lists[0]);
  more.replaceChildren(...lists[1]);
  /** @type {HTMLElement} */ (more.closest("details")).hidden = !lists[1].length;
  if (held.startsWith("choose-")) document.getElementById(held)?.focus();
}

/**
 * @param {Model} model
 * @param {State} state
 * @param {import("./types.js").Document["fields"][number]} field
 * @param {import("./types.js").Panel} panel
 * @param {(state: State, moved: string[]) => void} onChoose
 */
function list(model, state, field, panel, onChoose) {
  const { name } = field;
  const values = [...new Set(model.panels.map((each) => each.field(name)))].sort(natural);
  const options = values.map((value) => {
    const moved = value === panel.field(name) ? [] : choose(model, state, name, value).moved;
    const also = moved.length ? ` (another ${moved.slice(0, 2).map((each) => fieldWords(model, each)).join(", ")})` : "";
    return html("option", { value, selected: !isOverlaid(state, name) && value === panel.field(name) }, visible(shortValue(model, name, value), 60) + also);
  });
  const together = shownPanels(model, { panel: panel.id, overlay: name });
  if (field.overlay && together.length > 1) {
    if (isOneSession(together)) options.unshift(html("option", { value: BEST, selected: isOverlaid(state, name) && state.best }, "fastest of each network"));
    options.unshift(html("option", { value: ALL, selected: isOverlaid(state, name) && !state.best }, `all ${together.length} together`));
  }
  const select = html("select", {
    id: `choose-${name}`,
    change: (event) => {
      const { value } = event.target;
      if (value === ALL || value === BEST) onChoose({ ...state, overlay: name, best: value === BEST }, []);
      else {
        const { state: next, moved } = choose(model, state, name, value);
        onChoose(next, moved);
      }
    },
  }, ...options);
  return html("label", {}, html("span", {}, field.words), select);
}

/**
 * @param {State} state
 * @param {string} name
 */
function isOverlaid(state, name) {
  return state.overlay === name;
}

/**
 * @param {Model} model
 * @param {string} name
 */
export function fieldWords(model, name) {
  return model.document.fields.find((field) => field.name === name)?.words ?? name;
}

/**
 * Digits inside text by their value: 2 before 16.
 * @param {string} one
 * @param {string} other
 */
export function natural(one, other) {
  return one.localeCompare(other, "en", { numeric: true });
}

/**
 * What the view answers, as a question.
 * @param {Model} model
 * @param {State} state
 */
export function question(model, state) {
  const panel = focusPanel(model, state);
  if (!panel) return "There is nothing to show.";
  const count = shownPanels(model, state).length;
  const parts = ["batch", "threads", "streams", "allocator", "isolation", "precision", "form"]
    .filter((name) => name !== state.overlay)
    .filter((name) => ["batch", "threads"].includes(name) || model.varying.includes(name))
    .map((name) => fieldPhrase(model, name, panel.field(name)));
  const runtime = state.overlay === "runtime" ? "" : `in ${panel.field("runtime")}, `;
  let how = "";
  if (state.overlay) {
    const noun = fieldWords(model, state.overlay);
    how = showsFastest(model, state) ? `, each in the ${noun} in which it is fastest (of ${count})` : `, in ${count} values of ${noun}`;
  }
  const what = state.metric === "throughput" ? "most images a second" : "shortest latency";
  const gpu = panel.field("device") === "cpu" ? "" : panel.field("gpu");
  const where = gpu && gpu !== "–" ? gpu : valueWords(model, "machine", panel.field("machine"));
  return `Which networks have the ${what} at their accuracy on ${visible(where, 80)}, ${runtime}${parts.join(", ")}${how}?`;
}
