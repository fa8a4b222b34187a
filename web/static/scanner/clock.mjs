// Times of day in the time zone of the event.

export class Clock {
  #format;

  constructor(zone) {
    this.#format = new Intl.DateTimeFormat("en-GB", { timeZone: zone, hour: "2-digit", minute: "2-digit", second: "2-digit" });
  }

  /** Return the time of a moment: a Date, or a text of RFC 3339. */
  time(moment) {
    return this.#format.format(new Date(moment));
  }
}
