// The counts and the last scans of this phone at this session. Each can be undone, which sends a correction and deletes nothing.

import { Clock } from "./clock.mjs";
import { isolated } from "./isolated.mjs";

const MOST = 12;
const STATES = { waiting: "waiting", sent: "sent" };

export class ScanList {
  #setup;
  #clock;
  #queue;
  #rooms;
  #view;
  #list = document.getElementById("recent");
  #drawing = Promise.resolve();

  constructor(setup, queue, rooms, view) {
    this.#setup = setup;
    this.#clock = new Clock(setup.zone);
    this.#queue = queue;
    this.#rooms = rooms;
    this.#view = view;
    queue.addEventListener("change", () => this.draw());
    this.draw();
  }

  /** Draw what the queue has now; one drawing after the other. */
  draw() {
    this.#drawing = this.#drawing.then(() => this.#draw());
  }

  async #draw() {
    const { id } = this.#rooms.here;
    const [counts, rows] = await Promise.all([this.#queue.counts(id), this.#queue.newest(id, MOST)]);
    const { people, repeats, waiting, refused } = counts;
    const parts = [
      `${people} ${people === 1 ? "person" : "people"}`, `${repeats} ${repeats === 1 ? "repeat" : "repeats"}`, `${waiting} waiting`,
    ];
    if (refused) parts.push(`${refused} refused`);
    document.getElementById("counts").textContent = `This phone: ${parts.join(" · ")}`;
    document.getElementById("none-yet").hidden = rows.length > 0;
    const focused = document.activeElement?.dataset?.scan;
    this.#list.replaceChildren(...rows.map((row) => this.#item(row)));
    // Who has undone a scan with the keyboard is still at the list.
    if (focused) (this.#list.querySelector(`[data-scan="${focused}"]`) ?? this.#list).focus({ preventScroll: true });
  }

  #item(row) {
    const item = document.createElement("li");
    const time = document.createElement("time");
    time.dateTime = row.scanned_at;
    time.textContent = this.#clock.time(row.scanned_at);
    const name = this.#view.nameOf(row);
    const rest = document.createElement("span");
    rest.className = "quiet";
    rest.append(isolated([name === row.badge_id ? "" : row.badge_id, ...this.#notes(row)].filter(Boolean).join(" · ")));
    const words = document.createElement("span");
    words.append(time, " ", isolated(name), " ", rest);
    item.append(words);
    if (row.void) item.className = "void";
    else item.append(this.#button(row, name));
    return item;
  }

  #notes(row) {
    if (row.void) return [row.void.state === "waiting" ? "undone, waiting" : row.void.state === "sent" ? "undone" : "could not be undone"];
    const refusal = `refused: ${this.#setup.refusals[row.reason] ?? row.reason}`;
    return [row.direction, row.repeat_of ? "repeat" : "", STATES[row.state] ?? refusal];
  }

  /** A refused scan can be sent again, any other can be undone. */
  #button(row, name) {
    const button = document.createElement("button");
    button.type = "button";
    button.dataset.scan = row.id;
    const isRefused = row.state === "refused";
    button.textContent = isRefused ? "Send again" : "Undo";
    button.setAttribute("aria-label", `${button.textContent}: ${name}, ${this.#clock.time(row.scanned_at)}`);
    button.addEventListener("click", () => this.#act(row, isRefused));
    return button;
  }

  async #act(row, isRefused) {
    try {
      await (isRefused ? this.#queue.sendAgain(row.id) : this.#queue.undo(row.id));
    } catch {
      this.#view.notSaved();
      return;
    }
    if (!isRefused) this.#view.undone(row);
  }
}
