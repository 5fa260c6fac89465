// Numbers as text, with the digits that the command line shows, and Student's t.

/**
 * A number with so many significant digits and no exponent.
 * @param {number} value
 * @param {number} digits
 */
export function significant(value, digits = 3) {
  if (!Number.isFinite(value)) return value > 0 ? "∞" : value < 0 ? "-∞" : "–";
  if (value === 0) return "0";
  const exponent = Number(value.toExponential(digits - 1).split("e")[1]);
  return fixed(value, Math.max(0, digits - 1 - exponent));
}

/**
 * A number with so many decimals; exactly between two, the even one, as Python writes it.
 * @param {number} value
 * @param {number} decimals
 */
export function fixed(value, decimals) {
  const text = value.toFixed(decimals);
  const beyond = value.toFixed(Math.min(100, decimals + 60)).slice(value.toFixed(decimals + 1).length - 1);
  if (!/^50*$/.test(beyond) || decimals > 30) return text;
  // A tie: of its neighbours the one with an even last digit. toFixed takes the one further from zero.
  const last = Number(text[text.length - 1]);
  if (last % 2 === 0) return text;
  const step = 10 ** -decimals * Math.sign(value);
  return (Number(text) - step).toFixed(decimals);
}

/**
 * Three digits, or as many as show on which side of 1 the value lies.
 * @param {number} value
 */
export function besideOne(value) {
  let shown = significant(value);
  for (let digits = 4; digits < 10; digits += 1) {
    if (value === 1 || (Number(shown) - 1) * (value - 1) > 0) break;
    shown = significant(value, digits);
  }
  return shown;
}

/** @param {number} seconds */
export function latencyUnit(seconds) {
  for (const [scale, unit] of /** @type {[number, string][]} */ ([[1, "s"], [1e-3, "ms"], [1e-6, "µs"]])) {
    if (seconds >= scale * 0.9995) return { scale, unit };
  }
  return { scale: 1e-9, unit: "ns" };
}

/** @param {number} seconds */
export function latencyWords(seconds) {
  const { scale, unit } = latencyUnit(seconds);
  return `${significant(seconds / scale)} ${unit}`;
}

/**
 * Both limits of a latency, in the unit of its value.
 * @param {import("./types.js").Estimate} estimate
 */
export function latencyLimits([value, low, high]) {
  if (low === null || high === null) return "no limits";
  const { scale, unit } = latencyUnit(value);
  return `${significant(low / scale)} to ${significant(high / scale)} ${unit}`;
}

/**
 * Both limits of a rate.
 * @param {import("./types.js").Estimate} estimate
 */
export function rateLimits([, low, high]) {
  return low === null || high === null ? "no limits" : `${significant(low)} to ${significant(high)}`;
}

/** @param {number | null} count */
export function countWords(count) {
  if (count === null) return "–";
  for (const [scale, suffix] of /** @type {[number, string][]} */ ([[1e12, "T"], [1e9, "G"], [1e6, "M"], [1e3, "k"]])) {
    if (count >= scale) return `${significant(count / scale)}${suffix}`;
  }
  return count.toFixed(0);
}

/** @param {number | null} bytes */
export function bytesWords(bytes) {
  if (bytes === null) return "–";
  const size = bytes / 2 ** 20;
  return size >= 1024 ? `${significant(size / 1024)} GiB` : `${significant(size)} MiB`;
}

/**
 * A share in percent, with the digits it was given.
 * @param {number} share
 */
export function percentWords(share) {
  return `${Number((100 * share).toPrecision(10))} %`;
}

/**
 * @param {number} count
 * @param {string} noun
 */
export function counted(count, noun) {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}

/** @param {number[]} values at least one */
export function median(values) {
  const ordered = [...values].sort((a, b) => a - b);
  const middle = ordered.length >> 1;
  return ordered.length % 2 ? ordered[middle] : (ordered[middle - 1] + ordered[middle]) / 2;
}

const quantiles = new Map();

/**
 * Quantile of Student's t, above the median: where its distribution function reaches `share`.
 * @param {number} freedom degrees of freedom
 * @param {number} share from 0.5 to 1
 */
export function studentT(freedom, share) {
  const key = `${freedom} ${share}`;
  if (!quantiles.has(key)) quantiles.set(key, findQuantile(freedom, share));
  return /** @type {number} */ (quantiles.get(key));
}

/**
 * @param {number} freedom
 * @param {number} share
 */
function findQuantile(freedom, share) {
  let low = 0;
  let high = 1;
  while (upperTail(high, freedom) > 1 - share) [low, high] = [high, 2 * high];
  for (let step = 0; step < 200; step += 1) {
    const middle = (low + high) / 2;
    if (middle === low || middle === high) break;
    if (upperTail(middle, freedom) > 1 - share) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}

/**
 * Probability beyond t on one side: half the regularised incomplete beta function.
 * @param {number} t
 * @param {number} freedom
 */
function upperTail(t, freedom) {
  return incompleteBeta(freedom / (freedom + t * t), freedom / 2, 0.5) / 2;
}

/**
 * Regularised incomplete beta function, by its continued fraction (Press et al., Numerical Recipes, section 6.4).
 * @param {number} x
 * @param {number} a
 * @param {number} b
 */
function incompleteBeta(x, a, b) {
  if (x <= 0) return 0;
  if (x >= 1) return 1;
  const front = Math.exp(logGamma(a + b) - logGamma(a) - logGamma(b) + a * Math.log(x) + b * Math.log1p(-x));
  return x < (a + 1) / (a + b + 2) ? (front * fraction(x, a, b)) / a : 1 - (front * fraction(1 - x, b, a)) / b;
}

/**
 * @param {number} x
 * @param {number} a
 * @param {number} b
 */
function fraction(x, a, b) {
  const tiny = 1e-300;
  let c = 1;
  let d = 1 / notZero(1 - ((a + b) * x) / (a + 1), tiny);
  let value = d;
  for (let m = 1; m < 1000; m += 1) {
    const even = (m * (b - m) * x) / ((a + 2 * m - 1) * (a + 2 * m));
    d = 1 / notZero(1 + even * d, tiny);
    c = notZero(1 + even / c, tiny);
    value *= d * c;
    const odd = (-(a + m) * (a + b + m) * x) / ((a + 2 * m) * (a + 2 * m + 1));
    d = 1 / notZero(1 + odd * d, tiny);
    c = notZero(1 + odd / c, tiny);
    const step = d * c;
    value *= step;
    if (Math.abs(step - 1) < 1e-16) break;
  }
  return value;
}

/**
 * @param {number} value
 * @param {number} tiny
 */
function notZero(value, tiny) {
  return Math.abs(value) < tiny ? tiny : value;
}

const LANCZOS = [
  0.99999999999980993, 676.5203681218851, -1259.1392167224028, 771.32342877765313, -176.61502916214059,
  12.507343278686905, -0.13857109526572012, 9.9843695780195716e-6, 1.5056327351493116e-7,
];

/**
 * Logarithm of the gamma function by Lanczos's approximation, of positive numbers.
 * @param {number} x
 * @returns {number}
 */
function logGamma(x) {
  if (x < 0.5) return Math.log(Math.PI / Math.sin(Math.PI * x)) - logGamma(1 - x);
  let sum = LANCZOS[0];
  for (let at = 1; at < LANCZOS.length; at += 1) sum += LANCZOS[at] / (x + at - 1);
  const shifted = x + 6.5;
  return 0.5 * Math.log(2 * Math.PI) + (x - 0.5) * Math.log(shifted) - shifted + Math.log(sum);
}
