// The sessions behind the numbers: conditions, findings, and the commands that measure them again.

import { commandLine, html, visible } from "./elements.js";
import { counted } from "./numbers.js";
import { shownPanels } from "./state.js";

/** @typedef {import("./model.js").Model} Model */

/**
 * @param {HTMLElement} container
 * @param {Model} model
 * @param {import("./state.js").State} state
 * @param {number} opened session to show first; -1 for none
 */
export function showSessions(container, model, state, opened) {
  const { sessions, findings } = model.document;
  const panels = shownPanels(model, state);
  const inView = new Set(panels.flatMap((panel) => panel.sessions));
  if (opened >= 0) inView.add(opened);
  const excluded = panels.flatMap((panel) => panel.excluded);
  const about = [...new Set(panels.flatMap((panel) => [...panel.findings, ...panel.points.flatMap((point) => point.findings)]))].map((at) => findings[at]);
  const order = sessions.map((_, at) => at).reverse();
  const parts = [
    html("h2", {}, "Findings about this view"),
    about.length ? list(about) : html("p", { class: "quiet" }, "None."),
    ...leftOut(excluded),
    html("h2", {}, "Sessions of this view"),
    ...order.filter((at) => inView.has(at)).map((at) => one(model, at, at === opened)),
  ];
  const others = order.filter((at) => !inView.has(at));
  if (others.length) {
    const rest = html("div", {});
    const fill = (/** @type {any} */ event) => {
      if (event.target.open && !rest.childElementCount) rest.append(...others.map((at) => one(model, at, false)));
    };
    parts.push(html("details", { toggle: fill }, html("summary", {}, `${counted(others.length, "other session")}`), rest));
  }
  container.replaceChildren(...parts);
}

/** @param {[string, string][]} excluded */
function leftOut(excluded) {
  if (!excluded.length) return [];
  return [
    html("h2", {}, `Left out of this view: ${excluded.length}`),
    html("ul", { class: "findings" }, ...excluded.slice(0, 200).map(([label, reason]) => html("li", {}, html("strong", {}, visible(label, 80)), ` ${visible(reason, 400)}`))),
  ];
}

/** @param {{kind: string, text: string}[]} findings */
function list(findings) {
  return html("ul", { class: "findings" }, ...findings.map((finding) => html("li", {}, html("strong", {}, visible(finding.kind, 60)), ` ${visible(finding.text, 600)}`)));
}

/**
 * @param {Model} model
 * @param {number} at
 * @param {boolean} open
 */
function one(model, at, open) {
  const session = model.document.sessions[at];
  const machine = model.document.machines[session.machine];
  return html(
    "details", { class: "session", id: `session-${at}`, open },
    html("summary", {}, `${session.name} · ${visible(machine.words, 80)}${session.title ? ` · ${visible(session.title, 80)}` : ""}${session.findings.length ? ` · ${counted(session.findings.length, "finding")}` : ""}`),
    html("dl", {}, ...[["machine", machine.id], ["file", session.file], ...session.conditions].flatMap(([name, value]) => [html("dt", {}, visible(name, 60)), html("dd", {}, visible(value, 300))])),
    session.findings.length ? list(session.findings.map((number) => model.document.findings[number])) : null,
    html("p", {}, "To measure it again:"),
    ...session.commands.map(commandLine),
  );
}
