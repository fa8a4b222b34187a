// What staff hear and feel without looking: one high tone for a scan, two for a repeat, a low and long one for what is wrong.

const RESULTS = {
  good: { tones: [1040], length: 0.09, shakes: [60] },
  repeat: { tones: [620, 620], length: 0.09, shakes: [60, 60, 60] },
  bad: { tones: [220, 180], length: 0.22, shakes: [200, 80, 200] },
};
const PAUSE = 0.03; // seconds between two tones
const LOUD = 0.25;

export class Feedback {
  #audio = null;

  constructor({ sound = true } = {}) {
    this.sound = sound;
    // Browsers let a page sound only after a person has touched it.
    for (const name of ["pointerdown", "keydown"]) addEventListener(name, () => this.#wake(), { passive: true });
  }

  /** Tell a result: "good", "repeat" or "bad". */
  tell(result) {
    const { tones, length, shakes } = RESULTS[result];
    if (navigator.userActivation?.hasBeenActive) navigator.vibrate?.(shakes); // before a touch, browsers refuse and complain
    if (!this.sound || this.#audio?.state !== "running") return;
    tones.forEach((tone, at) => this.#play(tone, this.#audio.currentTime + at * (length + PAUSE), length));
  }

  #wake() {
    const Audio = window.AudioContext ?? window.webkitAudioContext;
    if (!Audio) return;
    this.#audio ??= new Audio();
    if (this.#audio.state !== "running") this.#audio.resume();
  }

  #play(tone, at, length) {
    const source = this.#audio.createOscillator();
    const volume = this.#audio.createGain();
    source.frequency.value = tone;
    source.connect(volume).connect(this.#audio.destination);
    volume.gain.setValueAtTime(LOUD, at);
    volume.gain.exponentialRampToValueAtTime(0.001, at + length);
    source.start(at);
    source.stop(at + length);
  }
}
