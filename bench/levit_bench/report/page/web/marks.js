// How a point looks: the shape and colour of its family, and how full it is by its place on the front.

import { svg } from "./elements.js";

const OTHER = { colour: "#777777", marker: "o" };
/** Colours of values of an overlay, of Okabe and Ito, without those too weak or strong. */
const PALETTE = ["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#7A5195", "#8C6D31"];
/** Outlines of radius 1 by matplotlib's codes of shapes. */
/** @type {{[code: string]: string}} */
const SHAPES = {
  s: "M-.86-.86H.86V.86H-.86Z",
  "^": "M0-1.1 1.05.8H-1.05Z",
  v: "M0 1.1 1.05-.8H-1.05Z",
  D: "M0-1.15 1.15 0 0 1.15-1.15 0Z",
  P: "M-.38-1H.38V-.38H1V.38H.38V1H-.38V.38H-1V-.38H-.38Z",
  X: "M-.98-.6-.6-.98 0-.38.6-.98.98-.6.38 0 .98.6.6.98 0 .38-.6.98-.98.6-.38 0Z",
  "*": "M0-1.4.33-.45 1.33-.43.53.17.82 1.13 0 .56-.82 1.13-.53.17-1.33-.43-.33-.45Z",
  "<": "M-1.1 0 .8-1.05V1.05Z",
  o: "M-1 0A1 1 0 1 1 1 0 1 1 0 1 1-1 0Z",
};

/**
 * @param {import("./types.js").Document} data
 * @param {string} family
 */
export function lookOf(data, family) {
  return data.families[family] ?? OTHER;
}

/** @param {number} at */
export function paletteColour(at) {
  return PALETTE[at % PALETTE.length];
}

/**
 * The shape of a marker, its middle at the origin.
 * @param {{marker: string, colour: string}} look
 * @param {number} radius in pixels
 * @param {{standing: string, chance: number | null}} place
 */
export function marker(look, radius, { standing, chance }) {
  const fill = standing === "member" ? 1 : standing === "beaten" ? 0 : (chance ?? 0.5);
  const shape = SHAPES[look.marker] ?? SHAPES.o;
  const attributes = { d: shape, transform: `scale(${radius})`, "vector-effect": "non-scaling-stroke" };
  return svg(
    "g",
    { class: `mark ${standing}` },
    svg("path", { ...attributes, class: "ground" }),
    svg("path", { ...attributes, class: "shape", fill: look.colour, "fill-opacity": Math.max(fill, standing === "beaten" ? 0 : 0.12), stroke: look.colour }),
  );
}
