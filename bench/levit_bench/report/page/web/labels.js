// Names beside points, so that nothing is covered: greedy, in the given order, on rings around each point.

/** @typedef {[number, number, number, number]} Box left, top, right, bottom */

/**
 * @typedef {object} Label
 * @property {number} x of its point
 * @property {number} y
 * @property {number} width of its text
 * @property {number} height
 */

const DIRECTIONS = [
  [1, 0], [-1, 0], [1, -1], [-1, -1], [1, 1], [-1, 1], [0, -1], [0, 1],
  [1, -0.5], [-1, -0.5], [1, 0.5], [-1, 0.5], [0.5, -1], [-0.5, -1], [0.5, 1], [-0.5, 1],
];
const RINGS = [0, 0.6, 1.4, 2.4];
const LINE_PRICE = 6;

/**
 * Left and top of each label, or null where no place is free.
 * @param {Label[]} labels the most important first
 * @param {Box[]} markers that nothing may cover
 * @param {[number, number, number, number][]} lines that text should keep off: ends of segments
 * @param {Box} bounds
 * @param {number} radius of a marker
 * @returns {({x: number, y: number, leader: [number, number] | null} | null)[]}
 */
export function placeLabels(labels, markers, lines, bounds, radius) {
  /** @type {Box[]} */
  const taken = [];
  return labels.map((label) => {
    let best = null;
    let least = Infinity;
    const far = radius + 5 + RINGS[RINGS.length - 1] * label.height;
    const around = /** @type {Box} */ ([label.x - label.width - far, label.y - label.height - far, label.x + label.width + far, label.y + label.height + far]);
    const near = [...markers, ...taken].filter((box) => touch(box, around));
    const ink = lines.filter((line) => crosses(line, around));
    RINGS.forEach((ring, ringAt) => {
      DIRECTIONS.forEach(([dx, dy], at) => {
        const away = (radius + 3 + ring * label.height) / Math.hypot(dx, dy);
        const x = label.x + dx * away + (label.width * (dx - 1)) / 2;
        const y = label.y + dy * away + (label.height * (dy - 1)) / 2;
        const box = /** @type {Box} */ ([x - 1, y - 1, x + label.width + 1, y + label.height + 1]);
        if (!inside(box, bounds)) return;
        const price = ring + 0.01 * at;
        if (price >= least) return;
        if (near.some((other) => touch(box, other))) return;
        const cost = price + LINE_PRICE * ink.filter((line) => crosses(line, box)).length;
        if (cost >= least) return;
        least = cost;
        const end = /** @type {[number, number]} */ ([clamp(label.x, x, x + label.width), clamp(label.y, y, y + label.height)]);
        best = { x, y, box, leader: ringAt ? end : null };
      });
    });
    if (!best) return null;
    const { x, y, box, leader } = /** @type {{x: number, y: number, box: Box, leader: [number, number] | null}} */ (best);
    taken.push(box);
    return { x, y, leader };
  });
}

/**
 * @param {number} value
 * @param {number} low
 * @param {number} high
 */
function clamp(value, low, high) {
  return Math.min(Math.max(value, low), high);
}

/**
 * @param {Box} box
 * @param {Box} bounds
 */
function inside(box, bounds) {
  return box[0] >= bounds[0] && box[1] >= bounds[1] && box[2] <= bounds[2] && box[3] <= bounds[3];
}

/**
 * @param {Box} one
 * @param {Box} other
 */
function touch(one, other) {
  return one[0] < other[2] && other[0] < one[2] && one[1] < other[3] && other[1] < one[3];
}

/**
 * Whether a segment passes through a rectangle, by Liang and Barsky's clipping.
 * @param {[number, number, number, number]} line
 * @param {Box} box
 */
export function crosses([x0, y0, x1, y1], box) {
  let [enter, leave] = [0, 1];
  for (const [start, delta, low, high] of [[x0, x1 - x0, box[0], box[2]], [y0, y1 - y0, box[1], box[3]]]) {
    if (delta === 0) {
      if (start < low || start > high) return false;
    } else {
      const [a, b] = [(low - start) / delta, (high - start) / delta];
      enter = Math.max(enter, Math.min(a, b));
      leave = Math.min(leave, Math.max(a, b));
    }
  }
  return enter <= leave;
}
