// The camera: opened while the page can be seen, closed while it cannot, opened again when the phone has taken it away.
//
//   const camera = new Camera(video, { remembered, remember });   what a person has chosen on this phone: { id, name } or null
//   camera.addEventListener("state", …)   camera.state is "starting", "live", "refused", "none", "busy" or "closed"
//   camera.open() / camera.close()
//   camera.picture()      the square in the middle of the newest picture (ImageData), or null
//   await camera.list()   [{ id, name }] of all cameras; camera.id is the one in use;   camera.choose(id)
//   camera.hasTorch, await camera.light(on);   camera.zoom = { min, max, step, value } or null, await camera.zoomTo(value)

/** Milliseconds after which a camera that was busy is asked once more: slow phones need a moment to let it go. */
const AGAIN = 500;
/** Pixels of a side of the square, at most: more cost time and show no code that fewer do not show. */
const LARGEST = 1080;
const SIZE = { width: { ideal: 1280 }, height: { ideal: 720 } };
const STATES = { NotAllowedError: "refused", SecurityError: "refused", NotFoundError: "none", OverconstrainedError: "none" };

export class Camera extends EventTarget {
  state = "closed";
  id = "";
  hasTorch = false;
  zoom = null;
  #video;
  #choice;
  #remember;
  #wanted = false;
  #stream = null;
  #turn = Promise.resolve(); // one opening after the other: two at once fail on many phones
  #pen = document.createElement("canvas").getContext("2d", { willReadFrequently: true });

  constructor(video, { remembered = null, remember = () => {} } = {}) {
    super();
    this.#video = video;
    this.#remember = remember;
    this.#choice = remembered;
    document.addEventListener("visibilitychange", () => (document.hidden ? this.#stop("closed") : this.#wanted && this.open()));
    addEventListener("pagehide", () => this.#stop("closed"));
  }

  open() {
    this.#wanted = true;
    this.#turn = this.#turn.then(() => this.#open());
    return this.#turn;
  }

  close() {
    this.#wanted = false;
    this.#stop("closed");
  }

  choose(id, name) {
    this.#choice = { id, name };
    this.#remember(this.#choice);
    return this.open();
  }

  async list() {
    const found = await navigator.mediaDevices.enumerateDevices();
    const cameras = found.filter((each) => each.kind === "videoinput");
    return cameras.map((each, at) => ({ id: each.deviceId, name: each.label || `Camera ${at + 1}` }));
  }

  picture() {
    const { videoWidth, videoHeight, readyState } = this.#video;
    if (this.state !== "live" || readyState < HTMLMediaElement.HAVE_CURRENT_DATA || !videoWidth) return null;
    const square = Math.min(videoWidth, videoHeight);
    const side = Math.min(square, LARGEST);
    const { canvas } = this.#pen;
    if (canvas.width !== side) canvas.width = canvas.height = side;
    this.#pen.drawImage(this.#video, (videoWidth - square) / 2, (videoHeight - square) / 2, square, square, 0, 0, side, side);
    return this.#pen.getImageData(0, 0, side, side);
  }

  /** Call back once, with the next picture. */
  onPicture(call) {
    if (this.#video.requestVideoFrameCallback) this.#video.requestVideoFrameCallback(call);
    else setTimeout(call, 66);
  }

  async light(on) {
    await this.#track?.applyConstraints({ advanced: [{ torch: on }] });
  }

  async zoomTo(value) {
    await this.#track?.applyConstraints({ advanced: [{ zoom: value }] });
  }

  get #track() {
    return this.#stream?.getVideoTracks()[0];
  }

  async #open() {
    if (document.hidden || !this.#wanted) return;
    this.#stop("starting");
    if (!navigator.mediaDevices?.getUserMedia) {
      this.#tell("none"); // a page that was not loaded securely, or a web view without cameras
      return;
    }
    try {
      this.#stream = await this.#ask();
    } catch (fault) {
      this.#tell(STATES[fault.name] ?? "busy");
      return;
    }
    if (document.hidden || !this.#wanted) this.#stop("closed");
    else await this.#show();
  }

  /** Ask for the camera that was chosen, else for the one at the back. Some phones give cameras new ids: then its name counts. */
  async #ask() {
    const back = { facingMode: { ideal: "environment" } };
    if (!this.#choice) return this.#askFor(back);
    const { id, name } = this.#choice;
    const first = await this.#askFor({ deviceId: { exact: id } }).catch((fault) => {
      if (fault.name === "OverconstrainedError") return this.#askFor(back); // it is not there
      throw fault;
    });
    const named = (await this.list()).find((each) => each.name === name);
    if (!named || first.getVideoTracks()[0].label === name) return first;
    first.getTracks().forEach((track) => track.stop());
    return this.#askFor({ deviceId: { exact: named.id } });
  }

  async #askFor(which) {
    const wish = { audio: false, video: { ...which, ...SIZE } };
    try {
      return await navigator.mediaDevices.getUserMedia(wish);
    } catch (fault) {
      if (STATES[fault.name]) throw fault;
      await new Promise((resolve) => setTimeout(resolve, AGAIN));
      return navigator.mediaDevices.getUserMedia(wish);
    }
  }

  async #show() {
    const track = this.#track;
    track.addEventListener("ended", () => this.#wanted && this.open()); // a call, another app, a cable
    const can = track.getCapabilities?.() ?? {};
    const set = track.getSettings?.() ?? {};
    this.id = set.deviceId ?? "";
    this.hasTorch = Boolean(can.torch);
    this.zoom = can.zoom ? { min: can.zoom.min, max: can.zoom.max, step: can.zoom.step || 0.1, value: set.zoom ?? can.zoom.min } : null;
    this.#video.srcObject = this.#stream;
    try {
      if (can.focusMode?.includes("continuous")) await track.applyConstraints({ advanced: [{ focusMode: "continuous" }] });
      await this.#video.play();
    } catch {
      if (this.#stream === null) return; // closed meanwhile
      this.#stop("busy");
      return;
    }
    this.#tell("live");
  }

  #stop(state) {
    this.#stream?.getTracks().forEach((track) => track.stop());
    this.#stream = null;
    this.#video.srcObject = null;
    this.hasTorch = false;
    this.zoom = null;
    this.#tell(state);
  }

  #tell(state) {
    this.state = state;
    this.dispatchEvent(new Event("state"));
  }
}
