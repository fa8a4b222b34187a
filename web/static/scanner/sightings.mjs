// What is in view: a badge that is held before the camera counts once, until it was gone for a while.

/** Milliseconds for which a badge must be gone before it counts once more. */
export const GONE = 1500;

export class Sightings {
  #seen = new Map(); // what is in view -> when it was seen last
  #clock;

  constructor(clock = () => performance.now()) {
    this.#clock = clock;
  }

  /** Note that something is in view; say whether it just came into view. */
  isNew(what) {
    const now = this.#clock();
    for (const [each, at] of this.#seen) if (now - at >= GONE) this.#seen.delete(each);
    const known = this.#seen.has(what);
    this.#seen.set(what, now);
    return !known;
  }
}
