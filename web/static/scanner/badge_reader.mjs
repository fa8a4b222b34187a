// From a code to a badge: all that is on the badge ends here, and the badge ID and the two names go on.
//
// Both functions return { kind: "badge", badge, entry }, { kind: "test badge" } or { kind: "foreign", why }.

import { ForeignCode, ScannedTestBadge, read } from "./badge_format.mjs";

/** The characters of an ID while the event has no badge format, and the reader of an ID alone. */
const USUAL = "letters, digits and - _ . : / + @";
const ID_ALONE = {
  kind: "bare", options: {}, parts: null, fixed: {}, text: { encoding: "utf-8", prefix: "", suffix: "", base64: false },
  badge_id: { part: "1", take: "all", prefix: "", suffix: "" }, last_name: null, first_name: null,
};

/** Read the bytes of a code that the camera has seen. */
export function readCode(format, bytes) {
  if (!format) return outcome(() => readId(null, new TextDecoder().decode(bytes)), "camera");
  return outcome(() => read(format, bytes), "camera");
}

/**
 * Read what was typed, as the server does without script: a whole code, else an ID. `entry`: how it came, "keyboard" or
 * "wedge"; a whole code is always of a hand scanner.
 */
export function readTyped(format, typed, entry) {
  const whole = format && format.kind !== "bare" ? outcome(() => read(format, typed), "wedge") : null;
  if (whole && whole.kind !== "foreign") return whole;
  const alone = outcome(() => readId(format, typed), entry);
  return whole && alone.kind === "foreign" ? whole : alone;
}

function readId(format, typed) {
  const any = !format || format.id_characters === "any";
  return read(format?.kind === "bare" ? format : { ...ID_ALONE, id_characters: any ? USUAL : format.id_characters }, typed);
}

function outcome(reading, entry) {
  try {
    return { kind: "badge", badge: reading(), entry };
  } catch (fault) {
    if (fault instanceof ScannedTestBadge) return { kind: "test badge" };
    if (fault instanceof ForeignCode) return { kind: "foreign", why: fault.message };
    throw fault;
  }
}
