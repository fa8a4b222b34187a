// Sends what waits on this phone until the server has it: nothing is lost when an answer is, and nothing counts twice, because
// the server knows each scan by its id.
//
//   const sync = startSync(queue, { scans: "/api/v1/implementations/demo/scans" });
//
//   sync.state        -> { net, waiting, lastSync, clockOff, retryAt, detail }; read it in the listener
//        net: "starting"      nothing was tried yet
//             "online"        the newest request was answered
//             "offline"       no usable answer: scans are kept on this phone and are sent later
//             "signed out"    the login ended: scans are kept; the person signs in again
//             "not allowed"   the server says that this person may not scan: scans are kept; ask the organizer
//        waiting: scans and voids that the server does not have       lastSync: Date of the newest taken batch, or null
//        clockOff: whole minutes by which this phone's clock is behind (negative: ahead), 0 if less than one
//        retryAt: Date of the next try after a failure, or null       detail: why the newest try failed, for support
//   sync.addEventListener("state", …)     state has changed
//   sync.kick()       -> try now. The page need not call it: each scan, the network and the page's own return do.
//   sync.stop()       -> no further try, for tests and before the page goes
//
// One page of the phone sends at a time. navigator.onLine is not asked: it is wrong too often in both ways.

import { asSent } from "./scan_queue.mjs";
import { BAD_BATCH, LATER, NOT_ALLOWED, SIGNED_OUT, TAKEN, send } from "./scan_sending.mjs";

const MOST = 50; // scans of a batch
const EVERY = 15_000; // ms between looks at the queue
const [SHORTEST, LONGEST] = [1000, 60_000]; // ms of back-off
const QUIET = 60_000; // ms after which an empty batch asks whether the server is still there
const FORGETS_EVERY = 600_000; // ms between looks for names that are due
const LOCK_PATIENCE = 30_000; // ms after which a page that sleeps in the middle of sending loses its turn
const DONE = new Set(["stored", "repeat", "already", "voided"]); // states in which the server has it
const NETS = { [TAKEN]: "online", [BAD_BATCH]: "online", [SIGNED_OUT]: "signed out", [NOT_ALLOWED]: "not allowed", [LATER]: "offline" };

export const SKEW = "skew";
export const LAST_SYNC = "last sync";

/** Begin to send what waits in a queue. `scans` is the address of the endpoint; that of voids is below it. */
export function startSync(queue, { scans }) {
  const sync = new ScanSync(queue, scans);
  sync.start();
  return sync;
}

export class ScanSync extends EventTarget {
  state = { net: "starting", waiting: 0, lastSync: null, clockOff: 0, retryAt: null, detail: "" };
  #queue;
  #kinds;
  #timer = null;
  #notBefore = 0; // ms since 1970: the server asked us to wait until then
  #answeredAt = 0; // as above: the newest answer that took a batch
  #forgotAt = 0; // as above
  #failures = 0; // in a row
  #running = false;
  #again = false; // something was added while we were sending
  #lockedOutSince = null;
  #ending = new AbortController();

  constructor(queue, address) {
    super();
    this.#queue = queue;
    this.#kinds = [
      { address, member: "scans", pick: queue.waiting, sent: asSent, settle: queue.settle },
      { address: `${address}/void`, member: "voids", pick: queue.waitingVoids, sent: asVoid, settle: queue.settleVoids },
    ];
  }

  start() {
    const { signal } = this.#ending;
    this.#queue.addEventListener("change", () => this.#changed(), { signal });
    for (const name of ["online", "focus", "pageshow"]) addEventListener(name, () => this.kick(), { signal });
    // It may be wrong about that; then the next try, within a second, says so.
    addEventListener("offline", () => this.#failed(LATER, null, "the browser has no network"), { signal });
    document.addEventListener("visibilitychange", () => document.hidden || this.kick(), { signal });
    const looking = setInterval(() => this.#isDue() && this.#run(), EVERY);
    signal.addEventListener("abort", () => clearInterval(looking));
    this.#remember().finally(() => this.kick());
  }

  kick() {
    clearTimeout(this.#timer);
    if (this.#ending.signal.aborted) return;
    this.#timer = setTimeout(() => this.#run(), Math.max(0, this.#notBefore - Date.now()));
  }

  stop() {
    this.#ending.abort();
    clearTimeout(this.#timer);
  }

  /** A new scan is sent at once, unless a failed try is waiting for its time. */
  #changed() {
    this.#again = true;
    if (!this.#running && this.#isDue()) this.kick();
    this.#tell({});
  }

  #isDue() {
    return this.state.retryAt === null || this.state.retryAt <= new Date();
  }

  async #remember() {
    const last = await this.#queue.noted(LAST_SYNC);
    this.state.lastSync = last ? new Date(last) : null;
    this.state.clockOff = minutes((await this.#queue.noted(SKEW)) ?? 0);
  }

  async #run() {
    if (this.#running || this.#ending.signal.aborted) return;
    this.#running = true;
    try {
      do {
        this.#again = false;
      } while ((await this.#alone(() => this.#sendAll())) && this.#again);
    } catch (fault) {
      this.#failed(LATER, null, String(fault)); // the database of the phone does not answer
    } finally {
      this.#running = false;
    }
    await this.#tell({});
  }

  /** Do the work if no other page of this phone does it now; return what it returned. */
  async #alone(work) {
    if (!navigator.locks) return work();
    const steal = this.#lockedOutSince !== null && Date.now() - this.#lockedOutSince > LOCK_PATIENCE;
    return navigator.locks.request(
      `sending scans of ${this.#queue.slug}`,
      steal ? { steal } : { ifAvailable: true },
      (lock) => {
        this.#lockedOutSince = lock ? null : (this.#lockedOutSince ?? Date.now());
        return lock ? work() : false;
      },
    );
  }

  /** Send all that waits; say whether that was possible. Where nothing waits, an empty batch tells of network, login and clock. */
  async #sendAll() {
    for (const kind of this.#kinds) {
      for (let rows = await this.#pick(kind); rows.length; rows = await this.#pick(kind)) {
        if (!(await this.#sendRows(kind, rows))) return false;
      }
    }
    if (this.state.net !== "online" || Date.now() - this.#answeredAt > QUIET) {
      if (!(await this.#sendRows(this.#kinds[0], []))) return false;
    }
    this.#failures = 0;
    await this.#tell({ net: "online", retryAt: null, detail: "" });
    await this.#forget();
    return true;
  }

  /** Drop names that are due, now and then: it reads all rows. */
  async #forget() {
    if (Date.now() - this.#forgotAt < FORGETS_EVERY) return;
    this.#forgotAt = Date.now();
    await this.#queue.forgetNames();
  }

  async #pick(kind) {
    return kind.pick.call(this.#queue, MOST);
  }

  /** Send some rows; say whether to go on. What makes a batch fail is found by halves, so that it holds up no other scan. */
  async #sendRows(kind, rows) {
    const answer = await send(kind.address, { [kind.member]: rows.map(kind.sent) });
    if (answer.meaning === BAD_BATCH) return this.#split(kind, rows, answer);
    if (answer.meaning !== TAKEN) return this.#failed(answer.meaning, answer.retryAfter, answer.detail);
    const settled = rows.map((row) => settledBy(answer.results.get(row.id), row.id)).filter((each) => each !== null);
    await kind.settle.call(this.#queue, settled);
    await this.#measured(answer.skew);
    return settled.length === rows.length || this.#failed(LATER, answer.retryAfter, "an answer without all results");
  }

  async #split(kind, rows, answer) {
    if (!rows.length) return this.#failed(LATER, answer.retryAfter, answer.detail);
    if (rows.length > 1) {
      const middle = Math.ceil(rows.length / 2);
      return (await this.#sendRows(kind, rows.slice(0, middle))) && this.#sendRows(kind, rows.slice(middle));
    }
    // It is the scan's own fault only if the server takes a batch without it. Otherwise we and the server do not understand
    // each other, and everything is kept.
    const empty = await send(kind.address, { [kind.member]: [] });
    if (empty.meaning !== TAKEN) return this.#failed(LATER, answer.retryAfter, answer.detail);
    await kind.settle.call(this.#queue, [{ id: rows[0].id, state: "refused", reason: "not_accepted" }]);
    return true;
  }

  async #measured(skew) {
    const lastSync = new Date();
    this.#answeredAt = Date.now();
    await this.#queue.note(LAST_SYNC, lastSync.toISOString());
    if (skew !== null) await this.#queue.note(SKEW, skew);
    await this.#tell({ lastSync, ...(skew === null ? {} : { clockOff: minutes(skew) }) });
  }

  /** Plan the next try after a failure; returns false. */
  #failed(meaning, retryAfter, detail) {
    this.#failures += 1;
    const doubled = Math.min(LONGEST, SHORTEST * 2 ** (this.#failures - 1));
    const own = (meaning === LATER ? doubled : LONGEST) * (0.75 + Math.random() / 4);
    const delay = Math.max(own, (retryAfter ?? 0) * 1000);
    this.#notBefore = retryAfter === null ? 0 : Date.now() + delay;
    clearTimeout(this.#timer);
    if (!this.#ending.signal.aborted) this.#timer = setTimeout(() => this.#run(), delay);
    this.#tell({ net: NETS[meaning], retryAt: new Date(Date.now() + delay), detail });
    return false;
  }

  async #tell(changes) {
    Object.assign(this.state, changes);
    this.state.waiting = await this.#queue.toSend().catch(() => this.state.waiting);
    this.dispatchEvent(new Event("state"));
  }
}

/** Return the void of a row as the endpoint takes it. */
export function asVoid(row) {
  return { id: row.id, voided_at: row.void.at, reason: row.void.reason };
}

/** Return what a result means for the row with this id; null if it says nothing. */
function settledBy(result, id) {
  if (DONE.has(result?.state)) return { id, state: "sent", first_at: result.first_at ?? null };
  if (result?.state === "refused") return { id, state: "refused", reason: String(result.reason ?? "refused") };
  return null;
}

function minutes(skew) {
  return Math.trunc(skew / 60_000);
}
