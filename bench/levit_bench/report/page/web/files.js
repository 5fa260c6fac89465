// The view as files: CSV and JSON of its points, SVG and PNG of its picture.

import { nameOf } from "./names.js";
import { placeOf, placeWords } from "./state.js";
import { newestRecord } from "./model.js";

/** @typedef {import("./types.js").Point} Point */
/** @typedef {import("./model.js").Model} Model */
/** @typedef {import("./state.js").State} State */

const STYLES = ["fill", "fill-opacity", "stroke", "stroke-width", "stroke-opacity", "stroke-dasharray", "opacity", "font-family", "font-size", "font-weight"];

/**
 * @param {Model} model
 * @param {State} state
 * @param {Point[]} points
 */
export function rowsOf(model, state, points) {
  return points.map((point) => {
    const { session, line } = newestRecord(model, point);
    const fields = Object.fromEntries(model.document.fields.map((field) => [field.name, point.panel.field(field.name)]));
    return {
      label: point.label, network: model.document.networks[point.network].name, resolution: point.size, family: point.family,
      top1_percent: point.top1, latency_s: point.latency[0], latency_low_s: point.latency[1], latency_high_s: point.latency[2],
      images_per_s: point.rate[0], images_per_s_low: point.rate[1], images_per_s_high: point.rate[2], level: point.level, runs: point.runs,
      on_front: placeOf(model, state, point).front, standing: placeOf(model, state, point).standing, front_chance: placeOf(model, state, point).chance,
      place: placeWords(model, state, point), params: point.params, macs: point.macs, case: point.case, shown_as: nameOf(model, state, point),
      session: session.name, file: session.file, line, ...fields,
    };
  });
}

/**
 * Comma-separated values; text cannot become a formula in a spreadsheet.
 * @param {{[name: string]: unknown}[]} rows
 */
export function csvOf(rows) {
  if (!rows.length) return "";
  const names = Object.keys(rows[0]);
  return [names.map(cell).join(","), ...rows.map((row) => names.map((name) => cell(row[name])).join(","))].join("\n") + "\n";
}

/** @param {unknown} value */
function cell(value) {
  if (value === null || value === undefined) return "";
  if (typeof value !== "string") return String(value);
  const plain = value.replace(/[\p{Cc}\p{Cf}]/gu, " ");
  const safe = /^[\s]*[=+\-@]/.test(plain) ? `'${plain}` : plain;
  return /[",\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

/**
 * A picture with its styles written into it, so that it looks the same anywhere, and what it shows below it.
 * @param {SVGSVGElement} picture
 * @param {string[]} captions
 */
export function svgText(picture, captions) {
  const copy = /** @type {SVGSVGElement} */ (picture.cloneNode(true));
  const [originals, copies] = [[picture, ...picture.querySelectorAll("*")], [copy, ...copy.querySelectorAll("*")]];
  originals.forEach((original, at) => {
    const computed = getComputedStyle(original);
    const twin = copies[at];
    for (const name of STYLES) twin.setAttribute(name, computed.getPropertyValue(name));
    for (const name of ["class", "tabindex", "role", "aria-label", "aria-pressed", "aria-hidden", "data-key"]) twin.removeAttribute(name);
  });
  for (const reach of copy.querySelectorAll("circle[r='12']")) reach.remove();
  copy.setAttribute("xmlns", "http://www.w3.org/2000/svg");
  addCaptions(copy, picture, captions);
  const ground = document.createElementNS("http://www.w3.org/2000/svg", "rect");
  ground.setAttribute("width", "100%");
  ground.setAttribute("height", "100%");
  ground.setAttribute("fill", getComputedStyle(document.body).backgroundColor);
  copy.prepend(ground);
  return new XMLSerializer().serializeToString(copy);
}

/**
 * Lines of text below a picture.
 * @param {SVGSVGElement} copy
 * @param {SVGSVGElement} picture
 * @param {string[]} captions
 */
function addCaptions(copy, picture, captions) {
  const [width, height] = [picture.width.baseVal.value, picture.height.baseVal.value];
  const lines = captions.flatMap((caption) => wrapped(caption, Math.floor(width / 6.6)));
  lines.forEach((line, at) => {
    const text = document.createElementNS("http://www.w3.org/2000/svg", "text");
    const attributes = { x: 8, y: height + 16 + 16 * at, fill: getComputedStyle(document.body).color, "font-size": "12px", "font-family": "sans-serif" };
    for (const [name, value] of Object.entries(attributes)) text.setAttribute(name, String(value));
    text.textContent = line;
    copy.append(text);
  });
  const whole = height + 16 * lines.length + 12;
  copy.setAttribute("height", String(whole));
  copy.setAttribute("viewBox", `0 0 ${width} ${whole}`);
}

/**
 * @param {string} text
 * @param {number} limit characters of a line
 */
function wrapped(text, limit) {
  const lines = [""];
  for (const word of text.split(" ")) {
    const longer = `${lines[lines.length - 1]} ${word}`.trim();
    if (longer.length <= limit || !lines[lines.length - 1]) lines[lines.length - 1] = longer;
    else lines.push(word);
  }
  return lines;
}

/**
 * The picture as PNG, twice its size on the screen.
 * @param {SVGSVGElement} picture
 * @param {string[]} captions
 * @returns {Promise<Blob>}
 */
export async function pngOf(picture, captions) {
  const image = new Image();
  image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(svgText(picture, captions))}`;
  await image.decode();
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [2 * image.naturalWidth, 2 * image.naturalHeight];
  /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d")).drawImage(image, 0, 0, canvas.width, canvas.height);
  return new Promise((resolve, reject) => {
    canvas.toBlob((blob) => (blob ? resolve(blob) : reject(new Error("the browser made no picture"))));
  });
}

/**
 * @param {string} name
 * @param {Blob} blob
 */
export function save(name, blob) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}
