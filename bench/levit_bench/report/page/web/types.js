// The shape of the document that the page holds: what `levit_bench.report.page.document` writes.

/**
 * Value, lower and upper limit; null for a limit that the data cannot give.
 * @typedef {[number, number | null, number | null]} Estimate
 */

/**
 * Place of a point among those of its panel: whether it is on the front by the best estimates, `member`, `open` or
 * `beaten`, the chance that it is on the front, and numbers of points of the same panel: the one that dominates it, and
 * those that it ties with.
 * @typedef {{front: boolean, standing: string, chance: number | null, by: number | null, ties: number[]}} Place
 */

/**
 * Place of a point among the points of all values of an axis, and among those of each network in its fastest value;
 * the latter names others by their keys.
 * @typedef {object} Among
 * @property {{front: boolean, standing: string} | null} all
 * @property {{front: boolean, standing: string, chance: number | null, by: string | null, ties: string[]} | null} fastest
 */

/**
 * Median passes of a case in one session: `unit` seconds times a whole number of 32 bits, four bytes for each round in
 * base 64, by run. The largest number stands for a round in which the case took no turn.
 * @typedef {{session: number, unit: number, runs: {[run: string]: string}}} Rounds
 */

/**
 * One case of a panel. `latency` is seconds a batch, `rate` images a second; `top1` percent, null where unknown.
 * @typedef {object} PointData
 * @property {string} id
 * @property {number} network
 * @property {string} label
 * @property {string} size
 * @property {string} unusual
 * @property {string} case
 * @property {number | null} top1
 * @property {string} source
 * @property {Estimate} latency
 * @property {Estimate} rate
 * @property {number} runs
 * @property {number} level
 * @property {number | null} freedom
 * @property {Place | null} byLatency
 * @property {Place | null} byRate
 * @property {{[axis: string]: {byLatency: Among, byRate: Among}}} among
 * @property {number | null} params
 * @property {number | null} macs
 * @property {number[]} findings
 * @property {[number, number][]} records
 * @property {Rounds[]} rounds
 * @property {(number | null)[] | null} cold
 */

/**
 * Cases that may be compared: one value of each field. `drift` are the factors between which the yardstick lies in the
 * sessions that it joins, of latencies and of images.
 * @typedef {object} PanelData
 * @property {string} id
 * @property {string[]} values
 * @property {string} line
 * @property {number[]} sessions
 * @property {boolean} joined
 * @property {[number, number, number, number] | null} drift
 * @property {number} batch
 * @property {number[]} findings
 * @property {PointData[]} points
 * @property {[string, string][]} excluded
 */

/**
 * @typedef {object} SessionData
 * @property {string} name
 * @property {string} at
 * @property {string} file
 * @property {string} store
 * @property {string} title
 * @property {number} machine
 * @property {number} looks
 * @property {[string, string][]} conditions
 * @property {number[]} findings
 * @property {string[]} commands
 */

/**
 * @typedef {{file: string, title: string, batch: number, set: string,
 *   points: {label: string, family: string, top1: number, latency: number, rate: number}[]}} PublishedData
 */

/**
 * @typedef {{network: string, session: number, setting: string,
 *   steps: {threads: number, streams: number, speedup: Estimate | null, efficiency: number | null,
 *     rate: number | null}[]}} CurveData
 */

/**
 * A case along its sessions: points are the number of the session among the days and the log ratio to the level
 * of the segment's first sessions; changes the number of their first point and the log of their size; `half` half of a session's interval.
 * @typedef {{case: string, half: number | null,
 *   segments: {points: [number, number][], changes: [number, number][]}[]}} TrendSeries
 */

/**
 * @typedef {{days: string[], events: {words: string, also: string, ids: string[]}[], series: TrendSeries[]}} TrendData
 */

/**
 * @typedef {object} Document
 * @property {number} format
 * @property {string} bench
 * @property {string} title
 * @property {string} store
 * @property {{id: string, words: string}[]} machines
 * @property {{name: string, family: string}[]} networks
 * @property {{[family: string]: {colour: string, marker: string}}} families
 * @property {{name: string, words: string, main: boolean, overlay: boolean, never: string}[]} fields
 * @property {SessionData[]} sessions
 * @property {PanelData[]} panels
 * @property {PublishedData[]} published
 * @property {CurveData[]} scaling
 * @property {TrendData | null} trend
 * @property {{kind: string, text: string}[]} findings
 * @property {{minEffect: number, margin: number, alpha: number, minRuns: number, spent: number}} rules
 */

/**
 * A point with what it belongs to.
 * @typedef {PointData & {panel: Panel, key: string, family: string, at: number}} Point
 */

/**
 * A panel with its points.
 * @typedef {Omit<PanelData, "points"> & {points: Point[], field: (name: string) => string, newest: number}} Panel
 */

export {};
