// Keeps the scanner's page and files on the phone, so that it can be loaded again without network. It keeps no answer of an
// endpoint, no redirect, no error, and no name: the server leaves names out of a page that is asked for with our header.
//
// Two versions never mix. The server puts `shell = {version, files}` in front of this text. Each version has a cache of its
// own, with the files whose addresses name their version, and only pages that say they belong to it.

const CACHE = `scanner ${shell.version}`;
const OURS = /^scanner /;
const PAGE = /^\/scan\/[^/]+\/sessions\/[^/]+$/;
const HEADER = "Scanner-Shell";
const PATIENCE = 4000; // ms after which a page of the phone is better than one of the network
const MOST_PAGES = 40;
const FILES = new Set(shell.files);

addEventListener("install", (event) => event.waitUntil(install()));
addEventListener("activate", (event) => event.waitUntil(activate()));
addEventListener("message", (event) => event.waitUntil(takeOverAlone(event.source)));
addEventListener("fetch", (event) => {
  const { method, mode, url } = event.request;
  const { origin, pathname, search } = new URL(url);
  if (method !== "GET" || origin !== location.origin) return;
  if (FILES.has(pathname + search)) event.respondWith(fileOf(event.request));
  else if (mode === "navigate" && PAGE.test(pathname)) event.respondWith(pageOf(event, pathname));
});

/** Fetch the files, and the pages that are open or kept by an older version. Without all files there is no new version. */
async function install() {
  const cache = await caches.open(CACHE);
  await cache.addAll(shell.files.map((file) => new Request(file, { cache: "no-cache" })));
  const paths = new Set([...(await openPages()).map(pathOf), ...(await keptPages(await otherCaches()))]);
  for (const path of paths) await fetchPage(path).then((page) => keep(path, page), () => null);
}

async function activate() {
  await dropOlder();
  await clients.claim();
}

/** Drop older versions, once this one has a page, too: an older page is better than none. */
async function dropOlder() {
  if (registration.waiting || registration.installing) return; // the other version may be the newer one
  const older = await otherCaches();
  if (!(await keptPages([CACHE])).length && (await keptPages(older)).length) return;
  for (const name of older) await caches.delete(name);
}

/** Do not wait for the end of the page that asks, if it is the only one: it is of our version. */
async function takeOverAlone(page) {
  if ((await openPages()).every((each) => each.id === page.id)) await skipWaiting();
}

async function fileOf(request) {
  return (await caches.match(request)) ?? fetch(request);
}

/** The page of the network, if it comes soon and is no failure of the server; else the one that is kept. */
async function pageOf(event, path) {
  const fetched = fetchPage(path);
  event.waitUntil(fetched.then((page) => keep(path, page.clone()), () => null).then(dropOlder));
  const soon = await Promise.race([fetched.catch(() => null), new Promise((done) => setTimeout(done, PATIENCE, null))]);
  if (soon && soon.status < 500) return soon;
  const own = await caches.open(CACHE);
  return (await own.match(path)) ?? (await caches.match(path)) ?? fetched;
}

function fetchPage(path) {
  return fetch(path, {
    headers: { Accept: "text/html", [HEADER]: shell.version },
    credentials: "same-origin",
    redirect: "manual",
    cache: "no-store",
  });
}

/** Keep a page that is one, and of our version. */
async function keep(path, page) {
  if (page.status !== 200 || page.headers.get(HEADER) !== shell.version) return;
  const cache = await caches.open(CACHE);
  await cache.put(path, page);
  for (const old of (await keptPages([CACHE])).slice(0, -MOST_PAGES)) await cache.delete(old);
}

async function openPages() {
  const open = await clients.matchAll({ includeUncontrolled: true, type: "window" });
  return open.filter((each) => PAGE.test(pathOf(each)));
}

async function otherCaches() {
  return (await caches.keys()).filter((name) => OURS.test(name) && name !== CACHE);
}

async function keptPages(names) {
  const kept = [];
  for (const name of names) kept.push(...(await (await caches.open(name)).keys()).map(pathOf).filter((path) => PAGE.test(path)));
  return kept;
}

function pathOf({ url }) {
  return new URL(url).pathname;
}
