// From a code to a badge: all that is on the badge ends here, and the badge ID and the two names go on.
//
// Both functions return { kind: "badge", badge, entry }, { kind: "test badge" } or { kind: "foreign", why }.

import { ForeignCode, ID_CHARACTERS, ScannedTestBadge, read, strip } from "./badge_format.mjs";

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
  if (format && format.kind !== "bare") {
    const whole = outcome(() => read(format, typed), "wedge");
    if (whole.kind !== "foreign" || !ID_CHARACTERS[charactersOf(format)].test(strip(typed))) return whole;
  }
  return outcome(() => readId(format, typed), entry);
}

function readId(format, typed) {
  return read(format?.kind === "bare" ? format : { ...ID_ALONE, id_characters: charactersOf(format) }, typed);
}

/** Return the characters of IDs; any would also be those of a foreign code. */
function charactersOf(format) {
  return format && format.id_characters !== "any" ? format.id_characters : USUAL;
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
