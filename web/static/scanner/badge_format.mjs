// Reads the code of a badge on the phone by the event's badge format: only the badge ID and the names leave it.
// The same rules, in the same order, as records/attendance/badge_formats; a test reads one corpus with both.

const MOST_BYTES = 4096;
const MOST_PARTS = 200;
const MOST_LEVELS = 16;
const LONGEST_ID = 100;
const LONGEST_NAME = 200;
const TEST_BADGE = "TEST-BADGE-";
export const ID_CHARACTERS = {
  "digits": /^[0-9]+$/,
  "letters and digits": /^[0-9A-Za-z]+$/,
  "letters, digits and - _ . : / + @": /^[0-9A-Za-z_.:/+@-]+$/,
  "any": /^[^]+$/,
};
/** White space, as Python understands it. */
const SPACE = "\\t-\\r\\x1c-\\x20\\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000";
const OUTER = new RegExp(`^[${SPACE}]+|[${SPACE}]+$`, "g");
const SPACES = new RegExp(`[${SPACE}]+`);
const ONE_SPACE = new RegExp(`[${SPACE}]`, "g");
const AROUND = /^[\0\x02\x03 \t\r\n\ufeff]+|[\0\x02\x03 \t\r\n\ufeff]+$/g;

/** A code is not of the event's format. The message says why. */
export class ForeignCode extends Error {}
/** The code is that of a printed test badge, which never counts. */
export class ScannedTestBadge extends Error {}

/** Return {badge_id, last_name, first_name} of a code: its bytes (Uint8Array), or what a hand scanner has typed. */
export function read(format, payload) {
  const plain = typeof payload === "string" ? payload : new TextDecoder().decode(payload);
  if (strip(plain).startsWith(TEST_BADGE)) throw new ScannedTestBadge("this is the test badge");
  const parts = partsOf(format, payload);
  for (const [name, value] of Object.entries(format.fixed)) {
    if ((parts.get(name) ?? "").toLowerCase() !== value.toLowerCase()) throw new ForeignCode("it is of another event");
  }
  const found = picked(format.badge_id, parts);
  if (!found) throw new ForeignCode("it has no badge ID where the badges of this event have it");
  return {
    badge_id: checkedId(found, format.id_characters),
    last_name: shownName(format.last_name, parts),
    first_name: shownName(format.first_name, parts),
  };
}

function partsOf(format, payload) {
  const parts = KINDS[format.kind](textOf(format.text, payload), format.options);
  if (parts.size > MOST_PARTS) throw new ForeignCode(`it has more than ${MOST_PARTS} parts`);
  if (format.parts && !(format.parts[0] <= parts.size && parts.size <= format.parts[1])) {
    throw new ForeignCode("it has another number of parts than the badges of this event");
  }
  return parts;
}

// The text of a code

/** What encoders choose between for each code, in the order in which they are tried: Latin-1 is part of Windows-1252. */
const WESTERN = ["utf-8", "windows-1252"];

function textOf(rule, payload) {
  const whole = (typeof payload === "string" ? payload : textIn(payload, rule.encoding)).replace(AROUND, "");
  if (new TextEncoder().encode(whole).length > MOST_BYTES) throw new ForeignCode(`it is longer than ${MOST_BYTES} bytes`);
  const framed = whole.startsWith(rule.prefix) && whole.endsWith(rule.suffix);
  if (!framed || whole.length < rule.prefix.length + rule.suffix.length) {
    throw new ForeignCode("it does not begin and end as the badges of this event");
  }
  let text = whole.slice(rule.prefix.length, whole.length - rule.suffix.length);
  if (rule.base64) text = textIn(unpacked(text), rule.encoding).replace(AROUND, "");
  if (!text) throw new ForeignCode("it is empty");
  return text;
}

/** Of one event's badges, “García” is often in Latin-1 and “Nguyễn” in UTF-8. */
function textIn(payload, encoding) {
  if (!WESTERN.includes(encoding)) return decoded(payload, encoding);
  try {
    return decoded(payload, WESTERN[0]);
  } catch (error) {
    if (!(error instanceof ForeignCode)) throw error;
    return decoded(payload, WESTERN[1]);
  }
}

function decoded(payload, encoding) {
  if (payload.length > MOST_BYTES) throw new ForeignCode(`it is longer than ${MOST_BYTES} bytes`);
  try {
    const text = new TextDecoder(encoding, { fatal: true }).decode(payload);
    if (encoding === "windows-1252" && /[\x80-\x9f]/.test(text)) throw new TypeError("bytes without a meaning");
    return text;
  } catch {
    throw new ForeignCode(`it is not written in ${encoding}`);
  }
}

function unpacked(text) {
  const standard = text.replace(/=+$/, "").replaceAll("-", "+").replaceAll("_", "/");
  if (!/^[A-Za-z0-9+/]*$/.test(standard) || standard.length % 4 === 1) throw new ForeignCode("it is not Base64");
  return Uint8Array.from(atob(standard), (each) => each.charCodeAt(0));
}

// The parts of a text, by kind

const KINDS = {
  bare(text) {
    if (text.includes("\n")) throw new ForeignCode("it has several lines");
    return new Map([["1", text]]);
  },
  delimited(text, options) {
    const values = options.quotes ? quoted(text, options.separator) : text.split(options.separator);
    if (values.length < 2) throw new ForeignCode("its parts are not separated as on the badges of this event");
    return new Map(values.map((value, at) => [String(at + 1), strip(value)]));
  },
  pairs(text, options) {
    const found = new Map();
    for (const item of text.split(options.separator)) {
      const [key, between, value] = partition(item, options.between);
      if (between) keep(found, strip(key), strip(value));
    }
    if (!found.size) throw new ForeignCode("it has no keys with values");
    return found;
  },
  vcard,
  mecard,
  json: jsonTree,
  xml: xmlTree,
  url: address,
  pattern,
};

function quoted(text, separator) {
  const values = [];
  for (let rest = text; ;) {
    let value;
    if (rest.startsWith('"')) {
      [value, rest] = untilQuote(rest.slice(1));
      if (rest && !rest.startsWith(separator)) throw new ForeignCode("a quoted part does not end where it should");
    } else {
      const [before, between, after] = partition(rest, separator);
      [value, rest] = [before, between + after];
    }
    values.push(value);
    if (!rest) return values;
    rest = rest.slice(separator.length);
  }
}

function untilQuote(text) {
  for (let value = "", rest = text; ;) {
    const [before, quote, after] = partition(rest, '"');
    value += before;
    if (!quote) throw new ForeignCode("a quoted part has no end");
    if (!after.startsWith('"')) return [value, after];
    value += '"';
    rest = after.slice(1);
  }
}

function address(text) {
  const found = /^https?:\/\/([^/?#]*)([^?#]*)(?:\?([^#]*))?(?:#(.*))?$/i.exec(text);
  const host = found ? found[1].replace(/^.*@|:[0-9]*$/g, "").toLowerCase() : "";
  if (!host || SPACES.test(text)) throw new ForeignCode("it is not a web address");
  const parts = new Map([["host", host]]);
  found[2].split("/").filter(Boolean).forEach((each, at) => parts.set(`path/${at + 1}`, percent(each)));
  for (const item of (found[3] ?? "").split("&").filter(Boolean)) {
    const [key, , value] = partition(item, "=").map((each) => percent(each.replaceAll("+", " ")));
    keep(parts, `query/${key}`, value);
  }
  if (found[4]) parts.set("fragment", percent(found[4]));
  return parts;
}

function percent(text) {
  const bytes = (run) => Uint8Array.from(run.match(/../g).map((each) => parseInt(each, 16)));
  return text.replace(/(?:%[0-9A-Fa-f]{2})+/g, (run) => new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes(run.replaceAll("%", ""))));
}

// Contact cards

const STRUCTURED = ["N", "ORG", "ADR"];
const CHARSETS = {
  "us-ascii": "windows-1252", "iso-8859-1": "windows-1252", "latin1": "windows-1252", "utf8": "utf-8",
  "utf-8": "utf-8", "windows-1252": "windows-1252", "shift_jis": "shift_jis", "gb18030": "gb18030", "big5": "big5", "euc-kr": "euc-kr",
};

function vcard(text) {
  if (!new RegExp(`^BEGIN:VCARD[${SPACE}]`, "i").test(text)) throw new ForeignCode("it is no vCard");
  const found = new Map();
  const joined = text.toUpperCase().includes("QUOTED-PRINTABLE") ? text.replace(/=\r?\n/g, "") : text;
  for (const line of joined.replace(/\r?\n[ \t]/g, "").split(/\r?\n|\r/)) {
    const [head, between, rest] = partition(line, ":");
    const [group, ...parameters] = head.split(";");
    const name = strip(group.slice(group.lastIndexOf(".") + 1)).toUpperCase();
    if (!between || !name || ["BEGIN", "END", "VERSION"].includes(name)) continue;
    const isQuoted = parameters.some((each) => each.toUpperCase().endsWith("QUOTED-PRINTABLE"));
    const value = isQuoted ? printable(rest, parameters) : rest;
    if (STRUCTURED.includes(name)) split(value, ";").forEach((each, at) => keep(found, `${name}/${at + 1}`, unescaped(each)));
    else keep(found, name, unescaped(value));
  }
  return found;
}

function printable(value, parameters) {
  const named = parameters.find((each) => each.toUpperCase().startsWith("CHARSET="));
  const charset = CHARSETS[named === undefined ? "utf-8" : partition(named, "=")[2].toLowerCase()];
  if (!charset || /[^\0-\x7f]/.test(value)) throw new ForeignCode("a quoted-printable value cannot be read");
  const latin = value.replace(/=([0-9A-Fa-f]{2})/g, (_, hex) => String.fromCharCode(parseInt(hex, 16)));
  return decoded(Uint8Array.from(latin, (each) => each.charCodeAt(0)), charset);
}

function mecard(text) {
  const [head, , body] = partition(text, ":");
  if (!["MECARD", "BIZCARD"].includes(head.toUpperCase())) throw new ForeignCode("it is neither a MECARD nor a BIZCARD");
  const found = new Map();
  for (const item of split(body, ";")) {
    const [start, between, value] = partition(item, ":");
    const key = strip(start).toUpperCase();
    if (!between || !key) continue;
    keep(found, key, unescaped(value));
    const halves = split(value, ",");
    if (key === "N" && halves.length === 2) halves.forEach((each, at) => keep(found, `N/${at + 1}`, unescaped(each)));
  }
  return found;
}

/** Split at a separator that has no backslash before it. */
function split(text, separator) {
  const parts = [""];
  let escaped = false;
  for (const each of text) {
    if (each === separator && !escaped) {
      parts.push("");
      continue;
    }
    parts[parts.length - 1] += each;
    escaped = each === "\\" && !escaped;
  }
  return parts;
}

function unescaped(value) {
  return strip(value.replace(/\\([^])/gu, (_, each) => (each === "n" || each === "N" ? "\n" : each)));
}

// JSON and XML

function jsonTree(text) {
  if (!"{[".includes(text[0]) || isDeep(text)) throw new ForeignCode("it is not a JSON object or list");
  let value;
  try {
    JSON.parse(text);
    // Numbers stay as they are written: those of badge IDs may have more digits than a number keeps.
    value = JSON.parse(text.replace(/"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g, (token) => (token[0] === '"' ? token : `"${token}"`)));
  } catch {
    throw new ForeignCode("it is not JSON");
  }
  const found = new Map();
  leaves(value, "", found);
  return found;
}

function leaves(value, path, found) {
  if (typeof value === "string") found.set(path, strip(value));
  else if (value !== null && typeof value === "object") {
    for (const [key, each] of Object.entries(value)) {
      const name = key.replace(/\p{Surrogate}/gu, "\ufffd").replaceAll("~", "~0").replaceAll("/", "~1");
      leaves(each, `${path}/${name}`, found);
    }
  }
}

function isDeep(text) {
  let level = 0;
  for (const each of text) {
    level += "[{".includes(each) - "]}".includes(each);
    if (level > MOST_LEVELS) return true;
  }
  return false;
}

function xmlTree(text) {
  if (!text.startsWith("<") || text.replaceAll("<!--", "").includes("<!")) throw new ForeignCode("it is not XML, or has a document type");
  const tree = new DOMParser().parseFromString(text, "text/xml");
  if (tree.querySelector("parsererror")) throw new ForeignCode("it is not well-formed XML");
  const found = new Map();
  element(tree.documentElement, `/${tree.documentElement.localName}`, 1, found);
  return found;
}

function element(node, path, level, found) {
  const attributes = [...node.attributes].filter((each) => each.prefix !== "xmlns" && each.name !== "xmlns");
  if (level > MOST_LEVELS || found.size + attributes.length > MOST_PARTS) throw new ForeignCode("it has too many elements");
  for (const each of attributes) found.set(`${path}/@${each.localName}`, strip(each.value));
  const counts = new Map();
  for (const each of node.children) {
    const count = (counts.get(each.localName) ?? 0) + 1;
    counts.set(each.localName, count);
    element(each, `${path}/${each.localName}${count > 1 ? `[${count}]` : ""}`, level + 1, found);
  }
  const texts = [...node.childNodes].filter((each) => each.nodeType === Node.TEXT_NODE);
  const text = strip(texts.map((each) => each.data).join(""));
  if (text) found.set(path, text);
}

// Patterns: items that match in one way at most, so there is no going back. The server has checked them.

const SHORT = { d: "0-9", w: "A-Za-z0-9_", s: " \t\r\n" };
const CONTROL = { t: "\t", r: "\r", n: "\n" };

function pattern(text, options) {
  const characters = [...text];
  const found = new Map();
  let at = 0;
  for (const item of items(options.pattern)) {
    const start = at;
    while (at < characters.length && at - start < item.most && item.matches(characters[at])) at += 1;
    if (at - start < item.least) throw new ForeignCode("it does not match the pattern of this event's badges");
    if (item.group) found.set(item.group, (found.get(item.group) ?? "") + characters.slice(start, at).join(""));
  }
  if (at < characters.length) throw new ForeignCode("it is longer than the pattern of this event's badges");
  return new Map([...found].map(([name, value]) => [name, strip(value)]));
}

function items(source) {
  const token = /\(\?P?<([a-z_]+)>|(\))|(\[\^?\]?(?:\\[^]|[^\]])*\]|\\[^]|[^])([+*?]|\{(\d{1,4})(?:(,)(\d{1,4})?)?\})?/gu;
  const found = [];
  let group = "";
  for (const [, opening, closing, atom, sign, least, comma, most] of source.replace(/^\^/, "").replace(/(?<!\\)\$$/, "").matchAll(token)) {
    if (opening) group = opening;
    else if (closing) group = "";
    else found.push({ matches: matcher(atom), group, ...counts(sign, least, comma, most) });
  }
  return found;
}

function counts(sign, least, comma, most) {
  if (!sign) return { least: 1, most: 1 };
  if (least === undefined) return { least: sign === "+" ? 1 : 0, most: sign === "?" ? 1 : MOST_BYTES };
  return { least: Number(least), most: most ? Number(most) : comma ? MOST_BYTES : Number(least) };
}

/** Return the function that says whether a character is of an item's set. */
function matcher(atom) {
  if (atom === ".") return (each) => each !== "\n";
  if (!(atom.length > 1 && atom[0] === "[")) return single(atom);
  const negated = atom[1] === "^";
  const inner = [...atom.slice(negated ? 2 : 1, -1).matchAll(/(\\[^])|([^])-([^])|([^])/gu)];
  const sets = inner.map(([, escape, low, high, one]) => (escape ? single(escape) : between(low ?? one, high ?? one)));
  return (each) => sets.some((has) => has(each)) !== negated;
}

function single(atom) {
  if (atom[0] !== "\\" || atom.length === 1) return between(atom, atom);
  const letter = [...atom][1];
  const set = SHORT[letter.toLowerCase()];
  if (!set) return between(CONTROL[letter] ?? letter, CONTROL[letter] ?? letter);
  const has = new RegExp(`^[${set}]$`);
  return (each) => has.test(each) === (letter === letter.toLowerCase());
}

function between(low, high) {
  return (each) => low.codePointAt(0) <= each.codePointAt(0) && each.codePointAt(0) <= high.codePointAt(0);
}

// What is picked

const TAKES = {
  "all": (text) => text,
  "before the comma": (text) => partition(text, ",")[0],
  "after the comma": (text) => partition(text, ",")[2],
  "first word": (text) => words(text)[0] ?? "",
  "all but the first word": (text) => words(text).slice(1).join(" "),
  "last word": (text) => words(text).at(-1) ?? "",
  "all but the last word": (text) => words(text).slice(0, -1).join(" "),
};

function picked(pick, parts) {
  const text = parts.get(pick.part);
  if (text === undefined || !text.startsWith(pick.prefix) || !text.endsWith(pick.suffix)) return null;
  if (text.length < pick.prefix.length + pick.suffix.length) return null;
  return strip(TAKES[pick.take](text.slice(pick.prefix.length, text.length - pick.suffix.length)));
}

function checkedId(found, characters) {
  const kept = [...found.normalize("NFC")].filter((each) => SPACES.test(each) || !/[\p{Cf}\p{Cc}]/u.test(each)).join("");
  const id = strip(strip(kept).normalize("NFC"));
  if ([...id].length > LONGEST_ID) throw new ForeignCode(`its badge ID must have at most ${LONGEST_ID} characters`);
  if (/[\p{Cc}\p{Cs}]/u.test(id)) throw new ForeignCode("its badge ID must not contain a control character");
  if (!ID_CHARACTERS[characters].test(id)) {
    throw new ForeignCode(`its badge ID has other characters than this event's badge IDs (${characters})`);
  }
  return id;
}

function shownName(pick, parts) {
  const found = ((pick && picked(pick, parts)) || "").normalize("NFC").replace(ONE_SPACE, " ");
  return [...strip(found.replace(/[\p{Cc}\p{Cs}\p{Cf}]/gu, ""))].slice(0, LONGEST_NAME).join("");
}

// Texts

export const strip = (text) => text.replace(OUTER, "");
const words = (text) => strip(text).split(SPACES).filter(Boolean);
const keep = (map, key, value) => map.has(key) || map.set(key, value);

function partition(text, separator) {
  const at = text.indexOf(separator);
  return at < 0 ? [text, "", ""] : [text.slice(0, at), separator, text.slice(at + separator.length)];
}
