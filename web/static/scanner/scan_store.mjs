// The one IndexedDB database of an implementation on this phone. It knows how to keep rows safe, not what they mean.
//
// Safe means: a change counts only once its transaction has completed with strict durability, so that a killed browser or an
// empty battery loses nothing of it. Phones drop the connection while they sleep; then it is opened again and the work is
// done once more. If that fails, too, or takes too long, the promise is rejected, and the page says that nothing was saved.

const VERSION = 1;
const PATIENCE = 6000; // ms which opening, or a transaction, may take: some browsers never answer after they slept

export const SCANS = "scans";
export const NOTES = "notes";

/** The database failed twice, or did not answer: what was to be stored is not stored. `cause` says why. */
export class NotSaved extends Error {
  constructor(cause) {
    super("The scan could not be saved on this phone.", { cause });
    this.name = "NotSaved";
  }
}

export class ScanStore {
  #name;
  #opened = null; // the promise of a connection

  constructor(name) {
    this.#name = name;
  }

  /**
   * Do work in one transaction over both stores; `work({scans, notes})` gets the object stores and may await requests with
   * `done`. Return what it returned, after the transaction completed. Work may be done twice. Throws NotSaved.
   */
  async write(work) {
    return this.#twice("readwrite", work);
  }

  /** The same for reading. */
  async read(work) {
    return this.#twice("readonly", work);
  }

  /** Give the connection up; the next work opens it again. */
  async close() {
    const opened = this.#opened;
    this.#opened = null;
    (await opened?.catch(() => null))?.close();
  }

  async #twice(mode, work) {
    try {
      return await this.#once(mode, work);
    } catch (fault) {
      if (isFull(fault)) throw new NotSaved(fault); // to ask again would not make room
      await this.close();
    }
    try {
      return await this.#once(mode, work);
    } catch (fault) {
      throw new NotSaved(fault);
    }
  }

  async #once(mode, work) {
    this.#opened ??= this.#open();
    let database;
    try {
      database = await this.#opened;
    } catch (fault) {
      this.#opened = null; // a failed promise must not be what the next scan gets
      throw fault;
    }
    return transact(database.transaction([SCANS, NOTES], mode, { durability: "strict" }), work);
  }

  #open() {
    const request = indexedDB.open(this.#name, VERSION);
    request.onupgradeneeded = () => furnish(request.result);
    const opened = new Promise((resolve, reject) => {
      request.onsuccess = () => resolve(request.result);
      request.onerror = () => reject(request.error);
      request.onblocked = () => reject(new Error("another page holds an older database open"));
    }).then((database) => {
      database.onclose = () => (this.#opened = null);
      database.onversionchange = () => this.close();
      return database;
    });
    return withPatience(opened, () => opened.then((late) => late.close(), () => null));
  }
}

/** Return the promise of a request of IndexedDB. */
export function done(request) {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

function furnish(database) {
  const scans = database.createObjectStore(SCANS, { keyPath: "number", autoIncrement: true });
  scans.createIndex("id", "id", { unique: true });
  scans.createIndex("state", ["state", "number"]);
  scans.createIndex("void", ["void.state", "number"]);
  scans.createIndex("session", ["session", "number"]);
  scans.createIndex("badge", ["session", "badge_id"]);
  database.createObjectStore(NOTES);
}

function transact(transaction, work) {
  let value;
  const ended = new Promise((resolve, reject) => {
    transaction.oncomplete = () => resolve(value);
    transaction.onabort = () => reject(transaction.error ?? new Error("the transaction was aborted"));
  });
  const stores = { scans: transaction.objectStore(SCANS), notes: transaction.objectStore(NOTES) };
  const worked = work(stores).then(
    (result) => (value = result),
    (fault) => {
      abort(transaction);
      throw fault;
    },
  );
  const both = Promise.all([worked, ended]).then(() => value);
  return withPatience(both, () => abort(transaction));
}

function abort(transaction) {
  try {
    transaction.abort();
  } catch (fault) {
    if (fault.name !== "InvalidStateError") throw fault; // it has ended already
  }
}

function withPatience(promise, giveUp) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => {
      giveUp();
      reject(new Error("the database did not answer"));
    }, PATIENCE);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

function isFull(fault) {
  return fault?.name === "QuotaExceededError";
}
