// The scanner page: puts its parts together. What each of them does is told at its head.

import { Camera } from "./camera.mjs";
import { CameraControls } from "./camera_controls.mjs";
import { Decoder } from "./decoder.mjs";
import { Feedback } from "./feedback.mjs";
import { watch } from "./frame_loop.mjs";
import { startHandEntry } from "./hand_entry.mjs";
import { startSearch } from "./person_search.mjs";
import { Preferences } from "./preferences.mjs";
import { openQueue } from "./scan_queue.mjs";
import { startSync } from "./scan_sync.mjs";
import { ResultView } from "./result_view.mjs";
import { Rooms } from "./rooms.mjs";
import { ScanList } from "./scan_list.mjs";
import { Scanning } from "./scanning.mjs";
import { registerShell } from "./shell.mjs";
import { StateLine } from "./state_line.mjs";
import { keepAwake } from "./wake_lock.mjs";
import { listenForHandScanners } from "./wedge.mjs";

const page = document.getElementById("scanner");
const setup = JSON.parse(page.dataset.setup);

function start() {
  const preferences = new Preferences(setup.implementation);
  const queue = openQueue(setup.implementation, { repeatSeconds: setup.repeatSeconds });
  const rooms = new Rooms(setup, preferences);
  const feedback = new Feedback({ sound: preferences.read("sound", true) });
  const view = new ResultView(setup.zone, feedback, preferences);
  const scanning = new Scanning({ format: setup.format, queue, rooms, view });
  const list = new ScanList(setup, queue, rooms, view);
  const sync = startSync(queue, { scans: setup.scans });
  const line = new StateLine(setup.zone, queue, sync, rooms);

  for (const each of document.querySelectorAll(".scripted")) each.hidden = false;
  document.querySelector(".unscripted").remove(); // it has names
  startHandEntry(scanning);
  startSearch(scanning, rooms);
  listenForHandScanners((typed) => scanning.typed(typed, "wedge"));
  rooms.addEventListener("change", () => list.draw());
  view.addEventListener("names", () => list.draw());
  registerShell().then((shell) => line.shellIs(shell));
  queue.persist();
  keepAwake();

  const camera = new Camera(document.getElementById("video"), {
    remembered: preferences.read("camera", null),
    remember: (choice) => preferences.write("camera", choice),
  });
  const decoder = new Decoder(setup.worker);
  new CameraControls(camera, decoder, scanning);
  watch(camera, decoder, (codes) => scanning.seen(codes));
  camera.open();
}

start();
