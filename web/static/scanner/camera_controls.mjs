// The camera's controls, and words for each of its states: what is the matter, and what to do.

const WORDS = {
  starting: "Starting the camera…",
  closed: "The camera is off.",
  refused:
    "This page may not use the camera. Allow it in the settings of the browser or the app, then start the camera. Until then, take photos, use a hand scanner or type badge IDs.",
  none: "No camera is found. Use a hand scanner, or type badge IDs.",
  busy: "The camera does not start. Another app may be using it.",
  "no decoder": "This browser cannot read codes. Use a hand scanner, type badge IDs, or open this page in another browser.",
};
const LARGEST_PHOTO = 1600; // pixels of the longer side

export class CameraControls {
  #camera;
  #decoder;
  #scanning;
  #state = document.getElementById("camera-state");
  #torch = document.getElementById("torch");
  #zoom = document.getElementById("zoom");
  #cameras = document.getElementById("camera");

  constructor(camera, decoder, scanning) {
    this.#camera = camera;
    this.#decoder = decoder;
    this.#scanning = scanning;
    camera.addEventListener("state", () => this.#draw());
    decoder.addEventListener("state", () => {
      if (decoder.state === "broken") camera.close();
    });
    this.#torch.addEventListener("click", () => this.#light(this.#torch.getAttribute("aria-pressed") !== "true"));
    this.#zoom.addEventListener("input", () => camera.zoomTo(Number(this.#zoom.value)));
    this.#cameras.addEventListener("change", () => {
      const [chosen] = this.#cameras.selectedOptions;
      camera.choose(chosen.value, chosen.text);
    });
  }

  async #light(on) {
    await this.#camera.light(on);
    this.#torch.setAttribute("aria-pressed", String(on));
  }

  #draw() {
    const state = this.#decoder.state === "broken" ? "no decoder" : this.#camera.state;
    document.getElementById("picture").dataset.camera = state.replace(" ", "-");
    this.#state.replaceChildren();
    if (WORDS[state]) this.#state.append(paragraph(WORDS[state]));
    if (["refused", "busy", "closed"].includes(state)) this.#state.append(this.#startButton());
    if (["refused", "none", "busy"].includes(state)) this.#state.append(this.#photoChoice());
    this.#torch.hidden = !this.#camera.hasTorch;
    this.#torch.setAttribute("aria-pressed", "false"); // a camera that was opened again has its light off
    this.#drawZoom();
    if (state === "live") this.#drawCameras();
  }

  #startButton() {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = "Start the camera";
    button.addEventListener("click", () => this.#camera.open());
    return button;
  }

  #photoChoice() {
    const label = document.createElement("label");
    label.className = "button";
    const input = Object.assign(document.createElement("input"), { type: "file", accept: "image/*", className: "unseen" });
    input.setAttribute("capture", "environment");
    input.addEventListener("change", async () => {
      if (input.files[0]) this.#scanning.photo(await this.#codesIn(input.files[0]));
      input.value = "";
    });
    label.append("Take a photo of the badge", input);
    return label;
  }

  async #codesIn(file) {
    const image = await createImageBitmap(file).catch(() => null);
    if (!image) return [];
    const scale = Math.min(1, LARGEST_PHOTO / Math.max(image.width, image.height));
    const [width, height] = [image.width, image.height].map((each) => Math.max(1, Math.round(each * scale)));
    const pen = Object.assign(document.createElement("canvas"), { width, height }).getContext("2d");
    pen.drawImage(image, 0, 0, width, height);
    return this.#decoder.anyCodes(pen.getImageData(0, 0, width, height));
  }

  #drawZoom() {
    const { zoom } = this.#camera;
    document.getElementById("zoom-choice").hidden = !zoom;
    if (zoom) Object.assign(this.#zoom, { min: zoom.min, max: zoom.max, step: zoom.step, value: zoom.value });
  }

  async #drawCameras() {
    const cameras = await this.#camera.list();
    document.getElementById("camera-choice").hidden = cameras.length < 2;
    this.#cameras.replaceChildren(...cameras.map(({ id, name }) => new Option(name, id, false, id === this.#camera.id)));
  }
}

function paragraph(words) {
  return Object.assign(document.createElement("p"), { textContent: words });
}
