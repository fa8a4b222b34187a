// One line about the network and what waits, below the session; and the warning before a page is left that cannot come back.

import { Clock } from "./clock.mjs";
import { saveWaiting } from "./saved_file.mjs";

const kept = (count) => (count === 1 ? "1 scan is kept on this phone" : `${count} scans are kept on this phone`);

export class StateLine {
  #element = document.getElementById("net");
  #told = document.getElementById("net-told"); // for screen readers: they would be told twice of each scan
  #clock;
  #sync;
  #rooms;
  #shell = "starting";
  #said = "";

  constructor(zone, queue, sync, rooms) {
    this.#clock = new Clock(zone);
    this.#sync = sync;
    this.#rooms = rooms;
    sync.addEventListener("state", () => this.#draw());
    rooms.addEventListener("change", () => this.#draw());
    document.getElementById("send").addEventListener("click", () => sync.kick());
    document.getElementById("save").addEventListener("click", () => this.#save(queue));
    addEventListener("beforeunload", (event) => {
      if (this.#isLossy) event.preventDefault();
    });
    this.#draw();
  }

  shellIs(shell) {
    this.#shell = shell;
    this.#draw();
  }

  /** Whether leaving the page now means that it may not come back while scans wait. They would wait until it does. */
  get #isLossy() {
    return this.#sync.state.waiting > 0 && !navigator.serviceWorker?.controller;
  }

  #draw() {
    const { net, waiting, clockOff, lastSync } = this.#sync.state;
    const parts = [this.#words(net, waiting)];
    if (net !== "online" && lastSync) parts.push(`Last sent at ${this.#clock.time(lastSync)}.`);
    if (clockOff) parts.push(`The clock of this phone is ${Math.abs(clockOff)} min ${clockOff > 0 ? "behind" : "ahead"}. Times are corrected.`);
    if (this.#shell === "unavailable" && waiting) parts.push("Keep this page open until everything is sent.");
    this.#tell(net, parts);
    document.title = `${waiting ? `(${waiting}) ` : ""}Scan badges: ${this.#rooms.here.title}`;
    document.getElementById("rescue").hidden = !waiting;
    const said = parts.join(" ");
    if (said === this.#said) return;
    this.#said = said;
    this.#element.textContent = said;
    if (net === "signed out") this.#element.append(" ", this.#login());
  }

  /** Tell a screen reader when the network or the login has changed, and not when one more scan was sent. */
  #tell(net, parts) {
    const state = net.replace(" ", "-");
    if (this.#element.dataset.net === state) return;
    this.#element.dataset.net = state;
    if (net !== "starting") this.#told.textContent = net === "online" ? "Online." : parts[0];
  }

  #words(net, waiting) {
    if (net === "starting") return "Connecting…";
    if (net === "online") return waiting ? `Online. Sending ${waiting}.` : "Online. Everything is sent.";
    const all = waiting ? `${kept(waiting)}` : "Scans are kept on this phone";
    if (net === "signed out") return `Signed out. ${all}.`;
    if (net === "not allowed") return `The server refuses scans of yours. ${all}. Ask the organizer.`;
    return `Offline. ${all} and sent later.`;
  }

  #login() {
    const link = document.createElement("a");
    link.href = this.#rooms.here.login;
    link.textContent = "Sign in again";
    return link;
  }

  async #save(queue) {
    const count = await saveWaiting(queue).catch(() => -1);
    const words = count < 0 ? "The file could not be made." : `${count} saved. Give the file to the organizer. The scans are still sent from here, too; each counts once.`;
    document.getElementById("saved").textContent = words;
  }
}
