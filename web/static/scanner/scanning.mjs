// From what was read to a stored scan and a told result, one after the other.
//
// Of a code, only the badge ID and the two names come here (badge_reader.mjs): nothing else is shown, stored or sent.

import { readCode, readTyped } from "./badge_reader.mjs";
import { Sightings } from "./sightings.mjs";

export class Scanning {
  #format;
  #queue;
  #rooms;
  #view;
  #names;
  #sightings = new Sightings();

  constructor({ format, queue, rooms, view, names }) {
    this.#format = format;
    this.#queue = queue;
    this.#rooms = rooms;
    this.#view = view;
    this.#names = names;
  }

  /** Take the codes of one picture. Beside a badge, other codes on it mean nothing. */
  async seen(codes) {
    const read = codes.map((bytes) => [readCode(this.#format, bytes), bytes]);
    const badges = read.filter(([found]) => found.kind === "badge");
    for (const [found, bytes] of badges.length ? badges : read.slice(0, 1)) {
      if (this.#sightings.isNew(found.badge?.badge_id ?? `${found.kind} ${bytes}`)) await this.#take(found);
    }
  }

  /** Take the codes of a photo, which a person took for one badge: it counts also if it was seen just before. */
  async photo(codes) {
    const read = codes.map((bytes) => readCode(this.#format, bytes));
    const found = read.find((each) => each.kind === "badge") ?? read[0];
    if (found) await this.#take(found);
    else this.#view.noPicture();
  }

  /** Take what was typed: by a hand scanner ("wedge") or a person ("keyboard"). */
  typed(text, entry) {
    return this.#take(readTyped(this.#format, text, entry));
  }

  /** Take a person who was found by search. */
  person(badge) {
    return this.#take({ kind: "badge", badge, entry: "search" });
  }

  async #take(found) {
    if (found.kind === "test badge") this.#view.testBadge();
    else if (found.kind === "foreign") this.#view.foreign(found.why);
    else await this.#store(found);
  }

  async #store({ badge, entry }) {
    const { id, ends_at: ends, direction, people } = this.#rooms.here;
    let stored;
    try {
      stored = await this.#queue.add({ session: id, ...badge, direction, entry, session_ends: ends });
    } catch {
      this.#view.notSaved();
      return;
    }
    this.#view.stored(stored);
    if (badge.first_name || badge.last_name) return;
    this.#names.ask(badge.badge_id, people).then((known) => known && this.#view.named(stored));
  }
}
