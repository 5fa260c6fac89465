// Axes: a logarithmic one of speed and a linear one of top-1, with round ticks.

/**
 * @typedef {object} Scale
 * @property {(value: number) => number} at pixels of a value
 * @property {number[]} ticks
 * @property {[number, number]} domain
 */

/**
 * A logarithmic scale that holds the values, with some room at both ends.
 * @param {number[]} values positive
 * @param {[number, number]} range pixels
 * @returns {Scale}
 */
export function logScale(values, range) {
  const [least, most] = values.length ? [Math.min(...values), Math.max(...values)] : [1, 10];
  const room = Math.max(0.05 * Math.log(most / least), 0.12);
  const [low, high] = [Math.log(least) - room, Math.log(most) + room];
  const at = (/** @type {number} */ value) => range[0] + ((Math.log(value) - low) / (high - low)) * (range[1] - range[0]);
  const domain = /** @type {[number, number]} */ ([Math.exp(low), Math.exp(high)]);
  return { at, ticks: logTicks(domain), domain };
}

/**
 * Round numbers of a logarithmic axis: 1, 2 and 5 of each decade, or finer where the axis is short.
 * @param {[number, number]} domain
 */
export function logTicks([low, high]) {
  for (const steps of [[1], [1, 3], [1, 2, 5], [1, 1.5, 2, 3, 5, 7], [1, 1.2, 1.4, 1.6, 1.8, 2, 2.5, 3, 3.5, 4, 5, 6, 7, 8, 9]]) {
    const ticks = [];
    for (let power = Math.floor(Math.log10(low)); power <= Math.ceil(Math.log10(high)); power += 1) {
      for (const step of steps) {
        const tick = Number((step * 10 ** power).toPrecision(6));
        if (tick >= low && tick <= high) ticks.push(tick);
      }
    }
    if (ticks.length >= 4) return ticks;
  }
  return linearTicks([low, high]);
}

/**
 * A linear scale that holds the values, with some room at both ends.
 * @param {number[]} values
 * @param {[number, number]} range pixels
 * @returns {Scale}
 */
export function linearScale(values, range) {
  const [least, most] = values.length ? [Math.min(...values), Math.max(...values)] : [0, 1];
  const room = Math.max(0.06 * (most - least), 0.4, (2 - (most - least)) / 2);
  const domain = /** @type {[number, number]} */ ([least - room, most + room]);
  const at = (/** @type {number} */ value) => range[0] + ((value - domain[0]) / (domain[1] - domain[0])) * (range[1] - range[0]);
  return { at, ticks: linearTicks(domain), domain };
}

/** @param {[number, number]} domain */
export function linearTicks([low, high]) {
  const rough = (high - low) / 6;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((times) => times * power).find((each) => each >= rough) ?? rough;
  const ticks = [];
  for (let tick = Math.ceil(low / step) * step; tick <= high + 1e-9; tick += step) ticks.push(Number(tick.toPrecision(6)));
  return ticks;
}

/** @param {number} tick */
export function tickWords(tick) {
  return tick >= 1e4 ? tick.toLocaleString("en") : String(tick);
}
