// Elements of HTML and SVG. Every text goes through `textContent`: names in a results file may be hostile.

const SVG = "http://www.w3.org/2000/svg";

/**
 * @typedef {string | number | boolean | null | undefined | ((event: any) => void)} Value
 */

/**
 * An element of HTML; attributes that are null, undefined or false are left out, functions are listeners.
 * @param {string} tag
 * @param {{[name: string]: Value}} attributes
 * @param {(Node | string | null | undefined)[]} children
 * @returns {HTMLElement}
 */
export function html(tag, attributes = {}, ...children) {
  return /** @type {HTMLElement} */ (filled(document.createElement(tag), attributes, children));
}

/**
 * An element of SVG.
 * @param {string} tag
 * @param {{[name: string]: Value}} attributes
 * @param {(Node | string | null | undefined)[]} children
 * @returns {SVGElement}
 */
export function svg(tag, attributes = {}, ...children) {
  return /** @type {SVGElement} */ (filled(document.createElementNS(SVG, tag), attributes, children));
}

/**
 * @param {Element} element
 * @param {{[name: string]: Value}} attributes
 * @param {(Node | string | null | undefined)[]} children
 */
function filled(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") element.addEventListener(name, value);
    else if (value === true) element.setAttribute(name, "");
    else if (value !== null && value !== undefined && value !== false) element.setAttribute(name, String(value));
  }
  for (const child of children) {
    if (child !== null && child !== undefined) element.append(child);
  }
  return element;
}

/**
 * The part of the page with an id.
 * @param {string} id
 */
export function part(id) {
  return /** @type {HTMLElement} */ (document.getElementById(id));
}

/**
 * A text in which control and format characters are spelled out, and which is not longer than `limit`.
 * @param {string} text
 * @param {number} limit
 */
export function visible(text, limit = 80) {
  const shown = text.replace(/[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Cn}\p{Zl}\p{Zp}]/gu, (letter) => {
    const code = /** @type {number} */ (letter.codePointAt(0));
    return code < 256 ? `\\x${code.toString(16).padStart(2, "0")}` : `\\u${code.toString(16).padStart(4, "0")}`;
  });
  const letters = [...shown];
  return letters.length <= limit ? shown : `${letters.slice(0, limit - 1).join("")}…`;
}

/**
 * A table with a head and rows of cells; numbers are aligned to the right.
 * @param {string} caption
 * @param {{name: string, number?: boolean}[]} columns
 * @param {(Node | string)[][]} rows
 */
export function tableOf(caption, columns, rows) {
  const head = html("tr", {}, ...columns.map((column) => html("th", { scope: "col", class: column.number && "number" }, column.name)));
  const body = rows.map((cells) =>
    html("tr", {}, ...cells.map((cell, at) => html(at ? "td" : "th", { scope: at ? null : "row", class: columns[at].number && "number" }, cell))),
  );
  const table = html("table", {}, html("caption", {}, caption), html("thead", {}, head), html("tbody", {}, ...body));
  return scrollable(caption, table);
}

/**
 * A region that scrolls sideways where its content is wider, also by keyboard.
 * @param {string} label
 * @param {Node} content
 */
export function scrollable(label, content) {
  return html("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": label }, content);
}

/**
 * A command line to copy.
 * @param {string} command
 */
export function commandLine(command) {
  return html("code", { class: "command" }, command);
}
