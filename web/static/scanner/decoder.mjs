// Has pictures looked at by the worker, one at a time, and says which codes are in them. Codes stay in memory.
//
//   const decoder = new Decoder(address);
//   await decoder.ready            rejected if this browser cannot run it
//   await decoder.codes(picture)   the bytes of the codes in a picture (ImageData), of each code once

/** Each picture is looked at in one way, the next one in the next: a code that is held in view meets all of them at once. */
const PASSES = ["fast", "hard", "sharpened"];

export class Decoder {
  #worker;
  #waiting = new Map(); // number of a picture -> what is called with its codes, and with a failure
  #number = 0;

  constructor(address) {
    this.ready = new Promise((resolve, reject) => {
      this.#worker = new Worker(address);
      this.#worker.onmessage = ({ data }) => {
        if (data.ready) resolve();
        else if (data.failed) this.#failed(reject);
        else this.#answered(data);
      };
      this.#worker.onerror = () => this.#failed(reject);
    });
  }

  /** Look at a picture in one way, or in the next one. Its pixels are given away. */
  codes(picture, pass = PASSES[this.#number % PASSES.length]) {
    const number = (this.#number += 1);
    const { width, height, data: { buffer } } = picture;
    return new Promise((resolve, reject) => {
      this.#waiting.set(number, { resolve, reject });
      this.#worker.postMessage({ number, pass, width, height, buffer }, [buffer]);
    });
  }

  /** Look at a picture in all ways until a code is found. */
  async anyCodes(picture) {
    for (const pass of PASSES.slice(1)) {
      const found = await this.codes(new ImageData(picture.data.slice(), picture.width), pass);
      if (found.length) return found;
    }
    return [];
  }

  #answered({ number, codes }) {
    const { resolve } = this.#waiting.get(number);
    this.#waiting.delete(number);
    resolve(codes.map(({ bytes }) => bytes));
  }

  #failed(reject) {
    const fault = new Error("the decoder does not run in this browser");
    reject(fault);
    for (const each of this.#waiting.values()) each.reject(fault);
    this.#waiting.clear();
  }
}
