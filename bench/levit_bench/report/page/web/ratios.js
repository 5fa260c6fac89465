// The ratio of two cases of one session, paired by round, with its interval and verdict: what `levit-bench compare`
// computes, from the same medians.

import { networkKey } from "./model.js";
import { median, studentT } from "./numbers.js";

/** @typedef {import("./types.js").Point} Point */
/** @typedef {import("./types.js").Rounds} Rounds */
/** @typedef {import("./model.js").Model} Model */

/**
 * @typedef {object} Ratio
 * @property {number} value how many times as long the second takes
 * @property {number} low
 * @property {number} high
 * @property {number} level
 * @property {number} runs
 * @property {string} verdict slower, faster, same or inconclusive: of the second against the first
 * @property {number} session
 * @property {number} sessions how many hold both
 */

const NO_SCATTER = 1e-12;
const NO_TURN = 0xffffffff;
const FREE = ["runtime", "runtime_version", "form", "precision", "allocator", "isolation"];
/** @type {WeakMap<Rounds, Map<string, Float64Array>>} */
const decoded = new WeakMap();

/**
 * The ratio of the second's time over the first's in the newest session that holds both, or the reason why there is
 * none.
 * @param {Model} model
 * @param {Point} first
 * @param {Point} second
 * @returns {Ratio | {why: string}}
 */
export function compared(model, first, second) {
  const why = apart(model, first, second);
  if (why) return { why };
  const shared = first.rounds.filter((mine) => second.rounds.some((theirs) => theirs.session === mine.session));
  if (!shared.length) return { why: "no session holds both. Measure them in one session" };
  const newest = shared.reduce((best, each) => (each.session > best.session ? each : best));
  const other = /** @type {Rounds} */ (second.rounds.find((theirs) => theirs.session === newest.session));
  const logs = pairedLogs(newest, other);
  const { rules, sessions } = model.document;
  const session = sessions[newest.session];
  if (logs.length < rules.minRuns) {
    return { why: `too few runs: session ${session.name} holds both in ${logs.length}, and ${rules.minRuns} are needed` };
  }
  const judged = judge(logs, session.looks, rules);
  if (!judged) return { why: "all runs agree to the last digit, so there is no scatter to judge by" };
  return { ...judged, runs: logs.length, session: newest.session, sessions: shared.length };
}

/**
 * The ratio of the second's time over the first's from all runs that hold both, of any session: what decides picks and
 * ranks. Null where too few do.
 * @param {Model} model
 * @param {Point} first
 * @param {Point} second
 */
export function pooled(model, first, second) {
  const { rules, sessions } = model.document;
  const logs = [];
  let looks = 1;
  for (const mine of first.rounds) {
    const theirs = second.rounds.find((each) => each.session === mine.session);
    if (!theirs) continue;
    logs.push(...pairedLogs(mine, theirs));
    looks = Math.max(looks, sessions[mine.session].looks);
  }
  if (logs.length < rules.minRuns) return null;
  const { mean, error } = meanOf(logs);
  const half = studentT(logs.length - 1, 1 - rules.alpha / looks / 2) * error;
  return { value: Math.exp(mean), low: Math.exp(mean - half), high: Math.exp(mean + half) };
}

/**
 * Why two points may not be compared; empty where they may.
 * @param {Model} model
 * @param {Point} first
 * @param {Point} second
 */
function apart(model, first, second) {
  if (first === second) return "both are the same point";
  const unlike = model.document.fields.filter(({ name }) => name !== "set" && first.panel.field(name) !== second.panel.field(name));
  if (first.id === second.id && !unlike.length) return "both are the same case";
  for (const { name, words, never } of model.document.fields) {
    const [mine, theirs] = [first.panel.field(name), second.panel.field(name)];
    if (mine === theirs || FREE.includes(name) || name === "set") continue;
    if (never) return never;
    return `${words} differs: ${mine} and ${theirs}. Compare at one`;
  }
  return "";
}

/**
 * Log of the second's time over the first's, for each run that holds both: the median over their common rounds.
 * @param {Rounds} first
 * @param {Rounds} second
 */
export function pairedLogs(first, second) {
  const [mine, theirs] = [timesOf(first), timesOf(second)];
  const logs = [];
  for (const [run, times] of mine) {
    const others = theirs.get(run);
    if (!others) continue;
    const pairs = [];
    for (let round = 0; round < Math.min(times.length, others.length); round += 1) {
      if (times[round] && others[round]) pairs.push(Math.log(others[round]) - Math.log(times[round]));
    }
    if (pairs.length) logs.push(median(pairs));
  }
  return logs;
}

/**
 * Median passes in seconds by run and round; 0 in rounds without a turn.
 * @param {Rounds} rounds
 */
function timesOf(rounds) {
  let times = decoded.get(rounds);
  if (!times) {
    times = new Map();
    for (const [run, text] of Object.entries(rounds.runs)) {
      const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
      const view = new DataView(bytes.buffer);
      const seconds = new Float64Array(bytes.length / 4);
      for (let round = 0; round < seconds.length; round += 1) {
        const count = view.getUint32(4 * round, true);
        seconds[round] = count === NO_TURN ? 0 : count * rounds.unit;
      }
      times.set(run, seconds);
    }
    decoded.set(rounds, times);
  }
  return times;
}

/**
 * Mean of at least two numbers, their standard deviation, and the standard error of the mean.
 * @param {number[]} values
 */
function meanOf(values) {
  const n = values.length;
  const mean = values.reduce((sum, value) => sum + value, 0) / n;
  const deviation = Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (n - 1));
  return { mean, deviation, error: deviation / Math.sqrt(n) };
}

/**
 * Ratio, limits and verdict from one log ratio a run; null without scatter.
 * @param {number[]} logs
 * @param {number} looks how often the data could be looked at
 * @param {{minEffect: number, margin: number, alpha: number}} rules
 */
export function judge(logs, looks, { minEffect, margin, alpha }) {
  const n = logs.length;
  const { mean, deviation, error } = meanOf(logs);
  if (!(deviation > NO_SCATTER)) return null;
  const level = 1 - alpha / looks;
  const half = studentT(n - 1, (1 + level) / 2) * error;
  const inner = studentT(n - 1, 1 - alpha / looks) * error;
  const [low, high] = [mean - half, mean + half];
  const [least, most] = [Math.log1p(minEffect), Math.log1p(margin)];
  let verdict = "inconclusive";
  if (low > 0 && mean >= least) verdict = "slower";
  else if (high < 0 && mean <= -least) verdict = "faster";
  else if (-most < mean - inner && mean + inner < most) verdict = "same";
  return { value: Math.exp(mean), low: Math.exp(low), high: Math.exp(high), level, verdict };
}

/**
 * The command that computes the same ratio; empty where no single one does.
 * @param {Model} model
 * @param {Point} first
 * @param {Point} second
 * @param {number} session
 */
export function compareCommand(model, first, second, session) {
  const { fields, networks, sessions } = model.document;
  const unlike = fields
    .map((field) => field.name)
    .filter((name) => name !== "set" && first.panel.field(name) !== second.panel.field(name));
  const sameNetwork = first.network === second.network && first.size === second.size && first.unusual === second.unusual;
  const names = [first, second].map((point) => networks[point.network].name);
  const shapes = (/** @type {(point: Point) => string} */ of) =>
    new Set([...first.panel.points, ...second.panel.points].filter((point) => names.includes(networks[point.network].name)).map(of));
  // Networks are named without the shape of their images, and a comma separates two of them.
  const sizes = shapes(networkKey).size;
  const several = sizes > new Set(names).size;
  if ((first.size !== second.size && several) || shapes((point) => point.unusual).size > 1 || names.some((name) => name.includes(","))) return "";
  const follows = ["runtime_version", "isolation"];
  const axes = unlike.filter((name) => !follows.includes(name));
  let question = "";
  if (!sameNetwork && !unlike.length) {
    question = `--networks ${quoted(`${networks[first.network].name},${networks[second.network].name}`)}`;
  } else if (sameNetwork && axes.length === 1 && FREE.includes(axes[0])) {
    const values = [first, second].map((point) => point.panel.field(axes[0]));
    if (values.some((value) => value.includes(","))) return "";
    question = `--between ${quoted(`${axes[0]}=${values.join(",")}`)}`;
  } else return "";
  const beside = model.panels.filter((panel) => panel.sessions.includes(session));
  const conditions = fields
    .map((field) => field.name)
    .filter((name) => !unlike.includes(name) && name !== "set")
    .filter((name) => new Set(beside.map((panel) => panel.field(name))).size > 1)
    .map((name) => `${name}=${first.panel.field(name)}`);
  if (sameNetwork) conditions.unshift(`network=${networks[first.network].name}`);
  if (several) conditions.push(`resolution=${first.size}`);
  const where = conditions.length ? ` --where ${quoted(conditions.join(","))}` : "";
  return `levit-bench compare ${quoted(sessions[session].name)} ${question}${where}${sessions[session].store}`;
}

/**
 * A word of a shell's command line.
 * @param {string} text
 */
export function quoted(text) {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'"'"'`)}'`;
}
