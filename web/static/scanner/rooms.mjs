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
    this.#at = Math.max(0, sessions.findIndex((each) => addressOf(each) === location.hash));
    this.#directions.addEventListener("change", ({ target }) => preferences.write(`direction at ${this.here.id}`, target.value));
    if (this.#at) this.#drawHead(); // the server has drawn that of the page
    this.#drawChoices();
  }

  /** The session, with the direction in which people go. */
  get here() {
    const session = this.#sessions[this.#at];
    const chosen = this.#directions.querySelector("input:checked");
    return { ...session, direction: session.directions ? chosen.value : null };
  }

  #go(at) {
    this.#at = at;
    history.replaceState(null, "", at ? addressOf(this.here) : location.pathname);
    this.#drawHead();
    this.#drawChoices();
    this.dispatchEvent(new Event("change"));
    document.getElementById("title").closest("h1").scrollIntoView({ block: "nearest" });
  }

  #drawHead() {
    const { id, title, times, location: room } = this.#sessions[this.#at];
    const put = (name, words) => { document.getElementById(name).textContent = words; };
    put("title", title);
    put("times", times);
    put("session", id);
    const where = document.getElementById("room");
    where.hidden = !room;
    where.querySelector("bdi").textContent = room;
  }

  #drawChoices() {
    const { id, directions } = this.#sessions[this.#at];
    this.#directions.hidden = this.#directions.disabled = !directions;
    const direction = this.#preferences.read(`direction at ${id}`, null);
    for (const each of this.#directions.querySelectorAll("input")) if (direction) each.checked = each.value === direction;
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

function addressOf({ id }) {
  return `#${encodeURIComponent(id)}`;
}
