// The last resort where there is no network at all: what waits on this phone is saved to a file, which an organizer imports in
// the console or with `session-status scans import`. The scans stay in the queue; the server knows them again by their ids.
//
//   await saveWaiting(queue)   -> how many scans and voids the file has; 0 if nothing waits: then there is no file. The browser
//                                 asks or says where it goes. Rejects if the queue cannot be read.

import { asSent } from "./scan_queue.mjs";
import { SKEW, asVoid } from "./scan_sync.mjs";

const FORMAT = "session-status scans";
const ALL = 4_294_967_295;

export async function saveWaiting(queue) {
  const content = await waitingContent(queue);
  const count = content.scans.length + content.voids.length;
  if (count) download(content, `scans-${queue.slug}-${content.saved_at.replaceAll(/[:.]/g, "-")}.json`);
  return count;
}

/** Return what the file has. docs/app-integration.md describes it. */
export async function waitingContent(queue) {
  const [scans, voids, skew] = [await queue.waiting(ALL), await queue.undone(), await queue.noted(SKEW)];
  return {
    format: FORMAT,
    version: 1,
    implementation: queue.slug,
    saved_at: new Date().toISOString(),
    skew_ms: skew ?? null,
    scans: scans.map(asSent),
    voids: voids.map(asVoid),
  };
}

function download(content, name) {
  const address = URL.createObjectURL(new Blob([JSON.stringify(content, null, 1)], { type: "application/json" }));
  const link = Object.assign(document.createElement("a"), { href: address, download: name, hidden: true });
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(address), 60_000);
}
