// The document with its parts joined: points know their panel, panels their fields by name.

/** @typedef {import("./types.js").Document} Document */
/** @typedef {import("./types.js").Panel} Panel */
/** @typedef {import("./types.js").Point} Point */

/**
 * @typedef {object} Model
 * @property {Document} document
 * @property {Panel[]} panels those with points
 * @property {Panel[]} empty those without
 * @property {Map<string, Point>} byKey
 * @property {string[]} varying names of the fields in which panels differ
 */

/**
 * @param {Document} data
 * @returns {Model}
 */
export function modelOf(data) {
  const index = new Map(data.fields.map((field, at) => [field.name, at]));
  const byKey = new Map();
  const panels = data.panels.map((stored) => {
    const newest = Math.max(-1, ...stored.sessions);
    const panel = /** @type {any} */ ({ ...stored, newest, field: (/** @type {string} */ name) => stored.values[index.get(name) ?? -1] });
    panel.points = stored.points.map((point, at) => {
      const whole = { ...point, panel, at, key: `${stored.id}.${point.id}`, family: data.networks[point.network].family };
      byKey.set(whole.key, whole);
      return whole;
    });
    return /** @type {Panel} */ (panel);
  });
  const shown = panels.filter((panel) => panel.points.length);
  const varying = data.fields
    .map((field) => field.name)
    .filter((name) => new Set(shown.map((panel) => panel.field(name))).size > 1);
  return { document: data, panels: shown, empty: panels.filter((panel) => !panel.points.length), byKey, varying };
}

/**
 * Equal for the points of one network at one size.
 * @param {Point} point
 */
export function networkKey(point) {
  return `${point.network} ${point.size}`;
}

/**
 * A value of a field as people read it: machines by their words.
 * @param {Model} model
 * @param {string} name
 * @param {string} value
 */
export function valueWords(model, name, value) {
  if (name === "machine") {
    const same = model.document.machines.filter((machine) => machine.id === value);
    const words = same.length ? same[0].words : value;
    const alike = model.document.machines.filter((machine) => machine.words === words);
    return alike.length > 1 ? `${words}, ${value}` : words;
  }
  return value;
}

/**
 * The same in few characters: of machines with equal words the id.
 * @param {Model} model
 * @param {string} name
 * @param {string} value
 */
export function shortValue(model, name, value) {
  const words = valueWords(model, name, value);
  return words.endsWith(`, ${value}`) ? value : words;
}

/**
 * The fields in which some panels differ, as names.
 * @param {Model} model
 * @param {Panel[]} panels
 */
export function differing(model, panels) {
  return model.document.fields
    .map((field) => field.name)
    .filter((name) => new Set(panels.map((panel) => panel.field(name))).size > 1);
}

/**
 * Where a point's newest numbers come from: its session, and the line of its case in that session's file.
 * @param {Model} model
 * @param {Point} point
 */
export function newestRecord(model, point) {
  const [session, line] = point.records[point.records.length - 1];
  return { session: model.document.sessions[session], line };
}
