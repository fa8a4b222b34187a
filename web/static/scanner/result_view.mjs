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
  #fading = null;

  constructor(zone, feedback, preferences) {
    super();
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
    return (!this.#hides && [first, last].filter(Boolean).join(" ")) || id;
  }

  stored({ scan, first }) {
    const name = this.nameOf(scan);
    const id = name === scan.badge_id ? "" : scan.badge_id;
    const direction = { in: "In", out: "Out" }[scan.direction] ?? "";
    if (!first) this.#tell("good", name, [direction, id]);
    else this.#tell("repeat", `Already scanned: ${name}`, [`First at ${this.#clock.time(first.scanned_at)}`, direction, id]);
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
    this.#show("none", `Undone: ${this.nameOf(scan)}`, "It does not count any more.");
  }

  noPicture() {
    this.#tell("bad", "No code in this photo", ["Take it from nearer, with light, or type the badge ID."]);
  }

  #tell(kind, words, more) {
    this.#feedback.tell(kind);
    this.#show(kind, words, more.filter(Boolean).join(" · "));
  }

  #show(kind, words, more = "") {
    clearTimeout(this.#fading);
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
