// The session at which badges are scanned, on top of the page, and the others of its room: one tap leads to them, and loads
// nothing. The address keeps the choice, so that the page comes back to it.

import { isolated } from "./isolated.mjs";

export class Rooms extends EventTarget {
  #sessions;
  #preferences;
  #at;
  #directions = document.getElementById("directions");

  constructor({ sessions }, preferences) {
    super();
    this.#sessions = sessions;
    this.#preferences = preferences;
    this.#at = Math.max(0, sessions.findIndex((each) => each.id === decodeURIComponent(location.hash.slice(1))));
    this.#directions.addEventListener("change", ({ target }) => preferences.write(`direction at ${this.here.id}`, target.value));
    this.#draw();
  }

  /** The session, with the direction in which people go. */
  get here() {
    const session = this.#sessions[this.#at];
    const chosen = this.#directions.querySelector("input:checked");
    return { ...session, direction: session.directions ? chosen.value : null };
  }

  #go(at) {
    this.#at = at;
    history.replaceState(null, "", at ? `#${encodeURIComponent(this.here.id)}` : location.pathname);
    this.#draw();
    this.dispatchEvent(new Event("change"));
    document.getElementById("title").closest("h1").scrollIntoView({ block: "nearest" });
  }

  #draw() {
    const { id, title, times, location: room, directions } = this.#sessions[this.#at];
    const put = (name, words) => { document.getElementById(name).textContent = words; };
    put("title", title);
    put("times", times);
    put("session", id);
    const where = document.getElementById("room");
    where.hidden = !room;
    where.querySelector("bdi").textContent = room;
    this.#directions.hidden = this.#directions.disabled = !directions;
    const direction = this.#preferences.read(`direction at ${id}`, null);
    for (const each of this.#directions.querySelectorAll("input")) if (direction) each.checked = each.value === direction;
    this.#drawButtons();
  }

  #drawButtons() {
    const buttons = [[this.#at + 1, "Next in this room"], [this.#at - 1, "Back to"]]
      .filter(([at]) => this.#sessions[at])
      .map(([at, words]) => this.#button(at, words));
    document.getElementById("rooms").replaceChildren(...buttons);
  }

  #button(at, words) {
    const button = document.createElement("button");
    button.type = "button";
    const label = document.createElement("span");
    label.append(`${words}: ${this.#sessions[at].starts} `, isolated(this.#sessions[at].title));
    button.append(label);
    button.addEventListener("click", () => this.#go(at));
    return button;
  }
}
