// Has pictures looked at by the worker, one at a time, and says which codes are in them. Codes stay in memory.
//
//   const decoder = new Decoder(address);
//   decoder.addEventListener("state", …)   decoder.state is "starting", "ready" or "broken": this browser cannot run it
//   await decoder.codes(picture)           the bytes of the codes in a picture (ImageData), of each code once
//   await decoder.anyCodes(picture)        the same, by all ways of looking

/** Each picture is looked at in one way, the next one in the next: a code that is held in view meets all of them at once. */
const PASSES = ["fast", "hard", "sharpened"];

export class Decoder extends EventTarget {
  state = "starting";
  #address;
  #worker;
  #waiting = new Map(); // number of a picture -> what is called with its codes
  #number = 0;

  constructor(address) {
    super();
    this.#address = address;
    this.#start();
  }

  /** Look at a picture in one way, or in the next one. Its pixels are given away. A worker that dies has seen no code. */
  codes(picture, pass = PASSES[this.#number % PASSES.length]) {
    if (this.state === "broken") return [];
    const number = (this.#number += 1);
    const { width, height, data: { buffer } } = picture;
    return new Promise((resolve) => {
      this.#waiting.set(number, resolve);
      this.#worker.postMessage({ number, pass, width, height, buffer }, [buffer]);
    });
  }

  async anyCodes(picture) {
    for (const pass of PASSES.slice(1)) {
      const found = await this.codes(new ImageData(picture.data.slice(), picture.width), pass);
      if (found.length) return found;
    }
    return [];
  }

  #start() {
    this.#worker = new Worker(this.#address);
    this.#worker.onmessage = ({ data }) => {
      if (data.ready) this.#tell("ready");
      else if (data.failed) this.#failed();
      else this.#answered(data);
    };
    this.#worker.onerror = () => this.#failed();
  }

  #answered({ number, codes }) {
    const answer = this.#waiting.get(number);
    this.#waiting.delete(number);
    answer(codes.map(({ bytes }) => bytes));
  }

  /** A worker that has run before is started again: after hours, a phone may have taken its memory away. */
  #failed() {
    this.#worker.terminate();
    const hasRun = this.state === "ready";
    this.#tell(hasRun ? "starting" : "broken");
    if (hasRun) this.#start();
    for (const answer of this.#waiting.values()) answer([]);
    this.#waiting.clear();
  }

  #tell(state) {
    this.state = state;
    this.dispatchEvent(new Event("state"));
  }
}
