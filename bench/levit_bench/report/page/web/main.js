// The page: one state, drawn anew whenever it changes, and kept in the address.

import { hasAblations, showAblations } from "./ablations.js";
import { showAcross } from "./across.js";
import { TABS, fragmentOf, stateOf } from "./address.js";
import { drawFront, isSought } from "./chart.js";
import { showCold } from "./cold.js";
import { fieldWords, question, showControls } from "./controls.js";
import { showDetails } from "./details.js";
import { html, part, visible } from "./elements.js";
import { csvOf, pngOf, rowsOf, save, svgText } from "./files.js";
import { legendOf } from "./legend.js";
import { modelOf } from "./model.js";
import { nameOf } from "./names.js";
import { answerWords, fastestAbove, mostAccurateWithin } from "./picks.js";
import { showPins } from "./pins.js";
import { showScaling } from "./scaling.js";
import { showSessions } from "./sessions.js";
import { focusPanel, shownPanels, shownPoints } from "./state.js";
import { showTable } from "./table.js";
import { hasTrend, showTrend } from "./trend.js";

/** @typedef {import("./types.js").Point} Point */
/** @typedef {import("./state.js").State} State */

const model = modelOf(JSON.parse(part("data").textContent ?? ""));
/** @type {State} */
let state = stateOf(model, "").state;
/** @type {Point | undefined} */
let looked;
let opened = -1;
let ownFragment = "";

/** @param {State} next */
function go(next) {
  state = next;
  ownFragment = fragmentOf(model, state);
  try {
    history.replaceState(null, "", `#${ownFragment}`);
  } catch {
    location.hash = ownFragment;
  }
  render();
}

/** @param {Point} point */
function pin(point) {
  const pins = state.pins.includes(point.key) ? state.pins.filter((key) => key !== point.key) : [...state.pins, point.key];
  looked = point;
  go({ ...state, pins });
}

/** @param {string[]} pins */
function changePins(pins) {
  go({ ...state, pins });
  if (document.activeElement === document.body) part("pins-heading").focus();
}

/** @param {Point} point */
function look(point) {
  if (looked === point) return;
  looked = point;
  showDetails(part("details"), model, state, looked, { onPin: pin, onSession: openSession });
}

/** @param {number} session */
function openSession(session) {
  opened = session;
  go({ ...state, tab: "sessions" });
  const element = document.getElementById(`session-${session}`);
  element?.scrollIntoView({ block: "start" });
  element?.querySelector("summary")?.focus();
}

function render() {
  const points = shownPoints(model, state);
  if (looked && !points.includes(looked) && !state.pins.includes(looked.key)) looked = undefined;
  part("question").textContent = question(model, state);
  showControls(part("main-fields"), part("more-fields"), model, state, (next, moved) => {
    go(next);
    if (moved.length) note(`Also changed, because nothing was measured otherwise: ${moved.map((name) => fieldWords(model, name)).join(", ")}.`);
    else note("");
  });
  renderSwitches(points);
  renderTabs();
  if (state.tab === "front") renderFront(points);
  else if (state.tab === "across") showAcross(part("panel-across"), model, state, go);
  else if (state.tab === "scaling") showScaling(part("panel-scaling"), model, state);
  else if (state.tab === "cold") showCold(part("panel-cold"), model, state, points);
  else if (state.tab === "ablations") showAblations(part("panel-ablations"), model, state);
  else if (state.tab === "trend") showTrend(part("panel-trend"), model);
  else showSessions(part("panel-sessions"), model, state, opened);
  renderAnswers(points);
}

/** @param {Point[]} points */
function renderFront(points) {
  const handlers = { onLook: look, onPin: pin };
  drawFront(part("chart"), model, state, points, handlers);
  part("legend").replaceChildren(legendOf(model, state, points));
  showDetails(part("details"), model, state, looked, { onPin: pin, onSession: openSession });
  showPins(part("pins"), part("pin-live"), model, state, { onPins: changePins });
  showTable(part("table"), model, state, points, handlers);
  const panels = shownPanels(model, state);
  const excluded = panels.reduce((sum, panel) => sum + panel.excluded.length, 0);
  const sessions = new Set(panels.flatMap((panel) => panel.sessions));
  const names = [...sessions].sort((one, other) => other - one).map((at) => model.document.sessions[at].name);
  const from = names.length > 3 ? `${names.length} sessions, the newest ${names[0]}` : names.length > 1 ? `sessions ${names.join(", ")}` : `session ${names.join("")}`;
  const joined = panels.some((panel) => panel.joined) ? " Sessions are joined by the yardstick: intervals include the scatter between them." : " Intervals hold for its runs; another day may differ by more.";
  part("provenance").replaceChildren(
    `From ${from}.${joined} ${excluded ? `${excluded} left out. ` : ""}`,
    html("button", { type: "button", class: "link", click: () => go({ ...state, tab: "sessions" }) }, "Conditions, findings and commands"),
  );
}

/** @param {Point[]} points */
function renderSwitches(points) {
  const input = (/** @type {string} */ id) => /** @type {HTMLInputElement} */ (part(id));
  /** @type {HTMLSelectElement} */ (part("metric")).value = state.metric;
  input("per-image").checked = state.perImage;
  input("only-front").checked = state.onlyFront;
  input("published").checked = state.published;
  /** @type {HTMLElement} */ (input("published").closest("label")).hidden = !model.document.published.length;
  const batches = shownPanels(model, state).some((panel) => panel.batch > 1);
  /** @type {HTMLElement} */ (input("per-image").closest("label")).hidden = state.metric !== "latency" || !batches;
  for (const id of /** @type {const} */ (["search", "within", "above"])) if (input(id) !== document.activeElement) input(id).value = state[id];
  const sought = points.filter((point) => isSought(state, point)).length;
  part("count").textContent = sought < points.length ? `${sought} of ${points.length}` : `${points.length} shown`;
}

/** @param {Point[]} points */
function renderAnswers(points) {
  const name = (/** @type {Point} */ point) => nameOf(model, state, point);
  const everything = state.best ? shownPoints(model, { ...state, best: false }) : points;
  const [within, above] = [state.within, state.above].map((text) => Number(text.replace(",", ".").replace(/\s*(ms|%)$/, "")));
  const isLimit = (/** @type {number} */ value) => Number.isFinite(value) && value > 0;
  part("within-answer").textContent = !state.within ? "" : !isLimit(within) ? "Write milliseconds, such as 20." : answerWords(mostAccurateWithin(model, everything, within / 1e3), `within ${within} ms`, name);
  part("above-answer").textContent = !state.above ? "" : !isLimit(above) ? "Write percent, such as 80." : answerWords(fastestAbove(model, everything, above), `of at least ${above} %`, name);
}

function tabs() {
  return TABS.filter((tab) => (tab !== "ablations" || hasAblations(model)) && (tab !== "trend" || hasTrend(model)));
}

function renderTabs() {
  for (const tab of document.querySelectorAll('[role="tab"]')) {
    const name = /** @type {HTMLElement} */ (tab).dataset.tab ?? "";
    const chosen = name === state.tab;
    tab.setAttribute("aria-selected", chosen ? "true" : "false");
    tab.setAttribute("tabindex", chosen ? "0" : "-1");
    part(`panel-${name}`).hidden = !chosen;
  }
}

function makeTabs() {
  /** @type {{[tab: string]: string}} */
  const words = { front: "Front", across: "Across hardware", scaling: "Scaling", cold: "Cold starts", ablations: "Ablation", trend: "Trend", sessions: "Conditions" };
  const names = tabs();
  const buttons = names.map((name) => html("button", { type: "button", role: "tab", id: `tab-${name}`, "aria-controls": `panel-${name}`, "data-tab": name, click: () => go({ ...state, tab: name }) }, words[name]));
  part("tabs").replaceChildren(...buttons);
  part("tabs").addEventListener("keydown", (event) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    const at = (names.indexOf(state.tab) + step + names.length) % names.length;
    go({ ...state, tab: names[at] });
    buttons[at].focus();
  });
}

/** @param {string} words */
function note(words) {
  part("note").textContent = words;
  part("live").textContent = words; // for those who listen
}

/** @param {string} name */
function fileName(name) {
  return `levit-bench-${name}`;
}

function wire() {
  const change = (/** @type {string} */ id, /** @type {(element: any) => Partial<State>} */ of, event = "change") => part(id).addEventListener(event, () => go({ ...state, ...of(part(id)) }));
  change("metric", (element) => ({ metric: element.value }));
  change("per-image", (element) => ({ perImage: element.checked }));
  change("only-front", (element) => ({ onlyFront: element.checked }));
  change("published", (element) => ({ published: element.checked }));
  for (const id of ["search", "within", "above"]) change(id, (element) => ({ [id]: element.value.trim() }), "input");
  part("first").addEventListener("click", () => go(stateOf(model, "").state));
  part("copy").addEventListener("click", copyLink);
  part("save-csv").addEventListener("click", () => save(fileName("view.csv"), new Blob([csvOf(rowsOf(model, state, shownPoints(model, state)))], { type: "text/csv" })));
  part("save-json").addEventListener("click", () => save(fileName("view.json"), new Blob([JSON.stringify({ address: fragmentOf(model, state), points: rowsOf(model, state, shownPoints(model, state)) }, null, 1)], { type: "application/json" })));
  const picture = () => /** @type {SVGSVGElement | null} */ (document.querySelector("#chart svg"));
  const captions = () => [
    part("question").textContent ?? "", (part("provenance").textContent ?? "").split("Conditions,")[0], [...document.querySelectorAll("#legend li")].map((item) => item.textContent).join(" · "),
  ];
  part("save-svg").addEventListener("click", () => {
    const drawn = picture();
    if (drawn) save(fileName("front.svg"), new Blob([svgText(drawn, captions())], { type: "image/svg+xml" }));
  });
  part("save-png").addEventListener("click", async () => {
    const drawn = picture();
    if (drawn) save(fileName("front.png"), await pngOf(drawn, captions()));
  });
  window.addEventListener("hashchange", () => {
    if (location.hash.slice(1) !== ownFragment) read();
  });
  let width = 0;
  new ResizeObserver(() => {
    const now = part("chart").clientWidth;
    if (state.tab === "front" && now && Math.abs(now - width) > 8) {
      width = now;
      drawFront(part("chart"), model, state, shownPoints(model, state), { onLook: look, onPin: pin });
    }
  }).observe(part("chart"));
}

async function copyLink() {
  const link = `${location.href.split("#")[0]}#${fragmentOf(model, state)}`;
  try {
    await navigator.clipboard.writeText(link);
    note("The link to this view was copied.");
  } catch {
    const field = html("input", { type: "text", value: link, readonly: true, "aria-label": "Link to this view" });
    part("note").replaceChildren("Copy this link: ", field);
    /** @type {HTMLInputElement} */ (field).select();
  }
}

/** Take the view from the address. */
function read() {
  const { state: next, unknown } = stateOf(model, location.hash.slice(1));
  const allowed = tabs().includes(next.tab) ? next : { ...next, tab: "front" };
  ownFragment = location.hash.slice(1);
  state = allowed;
  render();
  if (unknown.length) note(`The link names what this page does not hold (${unknown.map((name) => visible(name, 30)).join(", ")}): the rest is shown.`);
}

part("view").hidden = false;
if (model.panels.length) {
  makeTabs();
  wire();
  read();
  if (!focusPanel(model, state)) go(stateOf(model, "").state);
}
part("loading").remove();
