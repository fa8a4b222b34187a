// What a person has chosen on this phone: kept with it, and no part of any scan.

export class Preferences {
  #prefix;

  constructor(slug) {
    this.#prefix = `scanner ${slug} `;
  }

  read(name, otherwise) {
    try {
      return JSON.parse(localStorage.getItem(this.#prefix + name)) ?? otherwise;
    } catch {
      return otherwise; // a browser without storage, or a value that is none of ours
    }
  }

  write(name, value) {
    try {
      localStorage.setItem(this.#prefix + name, JSON.stringify(value));
    } catch {
      // It holds for this visit: a choice is no reason to stop scanning.
    }
  }
}
