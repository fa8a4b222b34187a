// Keeps the scanner usable without network: registers the service worker, which keeps the page and its files on the phone.
//
//   await registerShell()   -> "kept" (this page can be loaded again without network), "starting" (it can be in a moment), or
//                              "unavailable" (the browser or the app has no service workers: warn before a page is left while
//                              scans wait). Never rejects.

const SCRIPT = "/scan/service_worker.js";

export async function registerShell() {
  if (!navigator.serviceWorker) return "unavailable";
  let registration;
  try {
    registration = await navigator.serviceWorker.register(SCRIPT, { updateViaCache: "none" });
  } catch {
    return "unavailable"; // switched off, or this web view has none
  }
  // A newer version takes over once no page of an older one is open. This page says that it is of no older one.
  registration.waiting?.postMessage("this page is the newest");
  return navigator.serviceWorker.controller ? "kept" : "starting";
}
