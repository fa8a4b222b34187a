// The scans of this phone: each is stored before anybody is told that it was scanned, and stays until the server has it.
//
// The page loads its modules from `scanner_asset(name)`, and they import each other by relative addresses: then all of them are
// of one version, and the service worker keeps them (shell.mjs, web/scanner/shell.py).
//
//   const queue = openQueue("demo", { repeatSeconds: 120 });   one for each implementation (its slug) and page
//
//   await queue.add(scan)             -> { scan, first }: the stored row, and the row that it repeats on this phone or null
//                                        (provisional). Resolved only when the row is safe on the disk: beep now. Rejected
//                                        with NotSaved: say "NOT SAVED, scan again". `scan` has session, badge_id, last_name,
//                                        first_name, direction ("in", "out" or null), entry ("camera", "keyboard", "wedge" or
//                                        "search"), and session_ends (RFC 3339 or null), which stays on the phone.
//   await queue.counts(session)       -> { people, scans, repeats, waiting, refused } of a session; without one, of all.
//                                        `waiting` counts what is still to be sent: scans, and voids of undone ones.
//   await queue.newest(session, n)    -> the n newest rows of a session, the newest first
//   await queue.undo(id, reason)      -> the row, with its void. Nothing is deleted: the scan is sent, then voided.
//   await queue.sendAgain(id)         -> the row, waiting again after it was refused; the server judges it once more.
//   await queue.refused()             -> all rows that the server refused, the newest first
//   await queue.persist()             -> whether the browser promises to keep the database (navigator.storage.persist)
//   queue.addEventListener("change", …)   something changed, by this page or another one of this phone; read again
//
// A row: { number, id, session, badge_id, last_name, first_name, scanned_at, direction, entry, session_ends,
//   state: "waiting" | "sent" | "refused",   reason: null | why it was refused (a code of the server, or "not_accepted"),
//   repeat_of: null | id of the scan that it repeats on this phone,   first_at: null | what the server says of that,
//   void: null | { at, reason, state: "waiting" | "sent" | "refused" (then the scan counts again), refusal } }
//
// What follows is for scan_sync.mjs and saved_file.mjs: waiting, waitingVoids, undone, toSend, settle, settleVoids,
// note, noted, forgetNames.

import { ScanStore, done } from "./scan_store.mjs";
import { grouped, repeatsOf } from "./repeats.mjs";

export { NotSaved } from "./scan_store.mjs";

const NAMES_KEPT = 12 * 3600_000; // ms after the end of the session for which names of sent scans stay
const LONGEST_SESSION = 24 * 3600_000; // ms after a scan at which a session without an end is taken to have ended
const SENT_MEMBERS = ["id", "session", "badge_id", "last_name", "first_name", "scanned_at", "direction", "entry"];

/** Return the queue of an implementation. `repeatSeconds` is its setting. */
export function openQueue(slug, { repeatSeconds = 120 } = {}) {
  return new ScanQueue(slug, repeatSeconds);
}

/** Return a scan as the endpoint takes it: nothing else of the row is sent or saved. */
export function asSent(row) {
  return Object.fromEntries(SENT_MEMBERS.map((member) => [member, row[member] ?? null]));
}

export class ScanQueue extends EventTarget {
  #store;
  #others;
  #repeatSeconds;

  constructor(slug, repeatSeconds) {
    super();
    this.slug = slug;
    this.#repeatSeconds = repeatSeconds;
    this.#store = new ScanStore(`scans of ${slug}`);
    this.#others = new BroadcastChannel(`scans of ${slug}`);
    this.#others.onmessage = () => this.dispatchEvent(new Event("change"));
  }

  async add(scan) {
    const row = {
      id: newId(),
      session: scan.session,
      badge_id: scan.badge_id,
      last_name: scan.last_name ?? "",
      first_name: scan.first_name ?? "",
      scanned_at: new Date().toISOString(),
      direction: scan.direction ?? null,
      entry: scan.entry,
      session_ends: scan.session_ends ?? null,
      state: "waiting",
      reason: null,
      repeat_of: null,
      first_at: null,
      void: null,
    };
    const stored = await this.#store.write(async ({ scans }) => {
      const known = await done(scans.index("id").get(row.id)); // the first try may have been stored after all
      if (known) return { scan: known, first: null };
      const before = await done(scans.index("badge").getAll([row.session, row.badge_id]));
      const first = repeatsOf([...before.filter(isCounted), row], this.#repeatSeconds).get(row.id) ?? null;
      row.repeat_of = first?.id ?? null;
      delete row.number; // of a first try that was not stored
      row.number = await done(scans.add(row));
      return { scan: row, first };
    });
    this.#tell();
    return stored;
  }

  async counts(session) {
    return this.#store.read(async ({ scans }) => {
      const rows = await (session === undefined ? done(scans.getAll()) : ofSession(scans, session));
      const counted = rows.filter(isCounted);
      const badges = [...grouped(counted, "session").values()].map((each) => grouped(each, "badge_id"));
      const repeats = badges.flatMap((each) => [...each.values()]).map((each) => repeatsOf(each, this.#repeatSeconds).size);
      return {
        people: badges.reduce((sum, each) => sum + each.size, 0),
        scans: counted.length,
        repeats: repeats.reduce((sum, each) => sum + each, 0),
        waiting: rows.reduce((sum, row) => sum + (row.state === "waiting") + (row.void?.state === "waiting"), 0),
        refused: rows.filter((row) => row.state === "refused" && row.void === null).length,
      };
    });
  }

  async newest(session, n = 20) {
    return this.#store.read(async ({ scans }) => {
      const found = [];
      const cursors = scans.index("session").openCursor(between(session), "prev");
      for (let cursor = await done(cursors); cursor && found.length < n; cursor = await done(cursors)) {
        found.push(cursor.value);
        cursor.continue();
      }
      return found;
    });
  }

  async refused() {
    const rows = await this.#store.read(({ scans }) => done(scans.index("state").getAll(between("refused"))));
    return rows.filter((row) => row.void === null).reverse();
  }

  async undo(id, reason = "undone at the door") {
    const row = await this.#change(id, (each) => {
      // A refused scan counts nowhere: there is nothing to tell the server.
      const state = each.state === "refused" ? "sent" : "waiting";
      if (!isVoid(each)) each.void = { at: new Date().toISOString(), reason, state, refusal: null };
    });
    this.#tell();
    return row;
  }

  async sendAgain(id) {
    const row = await this.#change(id, (each) => {
      if (each.state === "refused" && !isVoid(each)) [each.state, each.reason] = ["waiting", null];
    });
    this.#tell();
    return row;
  }

  async persist() {
    return (await navigator.storage?.persist?.()) ?? false;
  }

  /** Return the oldest scans that the server does not have, at most `n`. */
  async waiting(n) {
    return this.#store.read(({ scans }) => done(scans.index("state").getAll(between("waiting"), n)));
  }

  /** Return the oldest undone scans, at most `n`, of which the server has the scan and not the void. */
  async waitingVoids(n) {
    return (await this.undone()).filter((row) => row.state === "sent").slice(0, n);
  }

  /** Return all undone scans of which the server does not have the void. */
  async undone() {
    return this.#store.read(({ scans }) => done(scans.index("void").getAll(between("waiting"))));
  }

  /** Return how many scans and voids are still to be sent. */
  async toSend() {
    return this.#store.read(async ({ scans }) => {
      const [rows, voids] = ["state", "void"].map((name) => scans.index(name).count(between("waiting")));
      return (await done(rows)) + (await done(voids));
    });
  }

  /** Store what became of scans: a list of { id, state: "sent" | "refused", reason, first_at }. What has an answer keeps it. */
  async settle(answers) {
    await this.#settle(answers, (row, answer) => {
      if (row.state !== "waiting") return;
      [row.state, row.reason, row.first_at] = [answer.state, answer.reason ?? null, answer.first_at ?? null];
      if (row.state === "refused" && row.void?.state === "waiting") row.void.state = "sent";
    });
  }

  /** Store what became of voids: a list of { id, state: "sent" | "refused", reason }. */
  async settleVoids(answers) {
    await this.#settle(answers, (row, answer) => {
      if (row.void?.state === "waiting") [row.void.state, row.void.refusal] = [answer.state, answer.reason ?? null];
    });
  }

  /** Remember a value for this implementation, by name. */
  async note(name, value) {
    await this.#store.write(({ notes }) => done(notes.put(value, name)));
  }

  /** Return a remembered value, or undefined. */
  async noted(name) {
    return this.#store.read(({ notes }) => done(notes.get(name)));
  }

  /** Drop the names of scans that the server has, some time after the end of their session. */
  async forgetNames(now = Date.now()) {
    const dropped = await this.#store.write(async ({ scans }) => {
      const sent = await done(scans.index("state").getAll(between("sent")));
      const due = sent.filter((row) => (row.last_name || row.first_name) && namesEnd(row) <= now);
      for (const row of due) scans.put({ ...row, last_name: "", first_name: "" });
      return due.length;
    });
    if (dropped) this.#tell();
    return dropped;
  }

  /** Give the connection up, for tests and before the page goes. */
  async close() {
    this.#others.close();
    await this.#store.close();
  }

  async #settle(answers, change) {
    if (!answers.length) return;
    await this.#store.write(async ({ scans }) => {
      for (const answer of answers) {
        const row = await done(scans.index("id").get(answer.id));
        if (!row) continue;
        change(row, answer);
        scans.put(row);
      }
    });
    this.#tell();
  }

  async #change(id, change) {
    return this.#store.write(async ({ scans }) => {
      const row = await done(scans.index("id").get(id));
      if (!row) throw new Error(`this phone has no scan ${id}`);
      change(row);
      scans.put(row);
      return row;
    });
  }

  #tell() {
    this.dispatchEvent(new Event("change"));
    this.#others.postMessage("change");
  }
}

function isCounted(row) {
  return row.state !== "refused" && !isVoid(row);
}

/** A void that the server refused is none. */
function isVoid(row) {
  return row.void !== null && row.void.state !== "refused";
}

function ofSession(scans, session) {
  return done(scans.index("session").getAll(between(session)));
}

/** Return the range of all keys of an index that begin with a value. */
function between(value) {
  return IDBKeyRange.bound([value], [value, []]);
}

function namesEnd(row) {
  const ends = Date.parse(row.session_ends ?? "");
  return (Number.isNaN(ends) ? Date.parse(row.scanned_at) + LONGEST_SESSION : ends) + NAMES_KEPT;
}

/** Return a random id (UUID, version 4). `crypto.randomUUID` is missing where the page is not served securely. */
function newId() {
  if (crypto.randomUUID) return crypto.randomUUID();
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  [bytes[6], bytes[8]] = [(bytes[6] & 0x0f) | 0x40, (bytes[8] & 0x3f) | 0x80];
  const digits = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return digits.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}
