// What became of the last badge, over the picture: in words, with a sign, a colour, a sound and a shake.

import { Clock } from "./clock.mjs";
import { isolated } from "./isolated.mjs";

/** Milliseconds for which a result is fresh; then it steps back, and stays to be read. */
const FRESH = 2500;

export class ResultView extends EventTarget {
  #band = document.getElementById("result");
  #clock;
  #feedback;
  #hides;
  #names;
  #fading = null;
  #shown = null; // what was stored last, while its result is the newest

  constructor(zone, feedback, preferences, names) {
    super();
    this.#names = names;
    this.#clock = new Clock(zone);
    this.#feedback = feedback;
    this.#hides = preferences.read("hide names", false);
    toggled("sound", feedback.sound, (on) => {
      feedback.sound = on;
      preferences.write("sound", on);
      if (on) feedback.tell("good");
    });
    toggled("hide-names", this.#hides, (on) => {
      this.#hides = on;
      preferences.write("hide names", on);
      this.#show("none", "Names are " + (on ? "hidden." : "shown."));
      this.dispatchEvent(new Event("names"));
    });
  }

  /** Return how a person is called on this page. */
  nameOf({ badge_id: id, first_name: first, last_name: last }) {
    if (this.#hides) return id;
    const known = first || last ? { first_name: first, last_name: last } : this.#names.of(id);
    return [known.first_name, known.last_name].filter(Boolean).join(" ") || id;
  }

  stored(stored) {
    const [kind, words, more] = this.#result(stored);
    this.#tell(kind, words, more);
    this.#shown = stored;
  }

  /** The name behind a scan is known now: say it where only the ID was said. */
  named(stored) {
    if (this.#shown === stored) {
      const [kind, words, more] = this.#result(stored);
      this.#show(kind, words, more);
      this.#shown = stored;
    }
    this.dispatchEvent(new Event("names"));
  }

  #result({ scan, first }) {
    const name = this.nameOf(scan);
    const id = name === scan.badge_id ? "" : scan.badge_id;
    const leaving = scan.direction === "out" ? "Out: " : "";
    const direction = scan.direction === "in" ? "In" : "";
    if (!first) return [leaving ? "good out" : "good", `${leaving}${name}`, [direction, id]];
    return ["repeat", `Already scanned: ${name}`, [`First at ${this.#clock.time(first.scanned_at)}`, leaving ? "Out" : direction, id]];
  }

  testBadge() {
    this.#tell("good", "The test badge works.", ["It does not count."]);
  }

  foreign(why) {
    this.#tell("bad", "Not a badge of this event", [`${why[0].toUpperCase()}${why.slice(1)}.`]);
  }

  notSaved() {
    this.#tell("bad", "NOT SAVED – scan again", ["This phone could not store it. If it happens again, use another phone."]);
  }

  undone(scan) {
    this.#show("none", `Undone: ${this.nameOf(scan)}`, ["It does not count any more."]);
  }

  noPicture() {
    this.#tell("bad", "No code in this photo", ["Take it from nearer, with light, or type the badge ID."]);
  }

  #tell(kind, words, more) {
    this.#feedback.tell(kind.split(" ")[0]);
    this.#show(kind, words, more);
  }

  #show(kind, words, parts = []) {
    clearTimeout(this.#fading);
    this.#shown = null;
    const more = parts.filter(Boolean).join(" · ");
    this.#band.className = `result ${kind} fresh`;
    const strong = document.createElement("strong");
    strong.append(isolated(words));
    this.#band.replaceChildren(strong);
    if (more) {
      const rest = document.createElement("span");
      rest.append(isolated(more));
      this.#band.append(" ", rest);
    }
    this.#fading = setTimeout(() => this.#band.classList.remove("fresh"), FRESH);
  }
}

function toggled(id, isOn, change) {
  const button = document.getElementById(id);
  button.setAttribute("aria-pressed", String(isOn));
  button.addEventListener("click", () => {
    const on = button.getAttribute("aria-pressed") !== "true";
    button.setAttribute("aria-pressed", String(on));
    change(on);
  });
}
