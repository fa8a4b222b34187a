// Keeps the widget right while its page is open. The server draws the page; this module only asks for the page again at
// the right moments and takes over what differs, so there is one place that knows how a status looks.

const widget = document.getElementById("widget");
const [row, action, text, note, own, again] = ["row", "action", "text", "note", "own", "again"].map((id) => document.getElementById(id));

const CHECKING = "Checking…";
const WENT_OUT = `went out from ${location.pathname}`;
const PATIENCE = 10_000; // ms which an answer may take
const SLOWEST_RETRY = 60; // s
const FAILURES_SHOWN = 3; // failed checks in a row, after which we no longer know what is true

let timer; // the next check
let turn = 0; // the newest request; answers to older ones are dropped
let returning = false; // a return is being reported: a mere check must not overtake it
let owed = false; // a return could not be reported yet
let failures = 0;
let wentOut = false; // in case the browser keeps no storage for us
let ownsFocus = false; // the button had the focus when it was taken away
let told = -1; // the height that was told last

/** Tell a page that frames the widget how high it is, in CSS pixels; 0 while it is hidden. Nothing else is told. */
function tellHeight() {
  const height = Math.ceil(widget.getBoundingClientRect().height);
  if (parent === window || height === told) return;
  told = height;
  parent.postMessage({ widgetHeight: height }, "*"); // whoever may frame it is named in the policy of the page
}

/** Note that the user follows the link, so that coming back counts as a return. */
function leave() {
  wentOut = true;
  try {
    sessionStorage.setItem(WENT_OUT, "yes");
  } catch {
    // No storage: the variable serves as long as the page lives.
  }
}

/** Say whether the user went out since the last time we asked, and forget it. */
function hasReturned() {
  let out = wentOut;
  wentOut = false;
  try {
    out ||= sessionStorage.getItem(WENT_OUT) !== null;
    sessionStorage.removeItem(WENT_OUT);
  } catch {
    // As above.
  }
  return out;
}

/** Ask for the page as it is now, or report a return; give back the page, or throw. */
async function ask(method) {
  const response = await fetch(method === "POST" ? again.action : location.href, {
    method,
    cache: "no-store",
    headers: { Prefer: "wait=1" },
    signal: AbortSignal.timeout(PATIENCE),
  });
  if (!response.ok) return null;
  return new DOMParser().parseFromString(await response.text(), "text/html");
}

/** Load the colour of the new page before anything is drawn in it. */
async function takeTint(page) {
  const [old, fresh] = [document.getElementById("tint"), page.getElementById("tint")];
  if (old?.getAttribute("href") === fresh?.getAttribute("href")) return;
  if (fresh) {
    const link = document.importNode(fresh);
    const loaded = new Promise((done) => (link.onload = link.onerror = done));
    document.head.append(link);
    await loaded;
  }
  old?.remove();
}

/** Make one element like its new self, touching only what differs: screen readers announce every change. */
function become(element, fresh) {
  for (const { name } of [...element.attributes]) {
    if (!fresh.hasAttribute(name) && name !== "style") element.removeAttribute(name);
  }
  for (const { name, value } of fresh.attributes) {
    if (element.getAttribute(name) !== value) element.setAttribute(name, value);
  }
}

function say(element, words) {
  if (element.textContent !== words) element.textContent = words;
}

function noteFocus() {
  const focused = document.activeElement;
  ownsFocus = focused === action || (ownsFocus && focused === text);
}

/** Draw the new page's status in place of the old one. */
function draw(page) {
  noteFocus();
  const of = (element) => page.getElementById(element.id);
  for (const element of [action, text, note, own]) say(element, of(element).textContent);
  for (const element of [widget, row, action, text, note, own, again]) become(element, of(element));
  row.style.minHeight = widget.dataset.state === "checking" ? row.style.minHeight : "";
  keepFocus();
  tellHeight();
}

/** Draw "Checking…" at once, before the server has said anything. The old message stays readable, not tappable. */
function drawChecking() {
  noteFocus();
  const old = action.hidden ? text.textContent : action.textContent;
  row.style.minHeight = `${row.offsetHeight}px`;
  if (widget.dataset.state === "ready") {
    say(note, `Last shown: ${old}`);
    note.hidden = false;
  }
  widget.dataset.state = "checking";
  say(text, CHECKING);
  [action.hidden, text.hidden, again.hidden] = [true, false, true];
  keepFocus();
  tellHeight();
}

/** A keyboard must not be thrown back to the top of the page because its button went away for a moment. */
function keepFocus() {
  if (!ownsFocus) return;
  (action.hidden ? text : action).focus({ preventScroll: true });
}

/** Without internet there is no widget. */
function vanish() {
  row.hidden = true;
  widget.dataset.state = "hidden";
  tellHeight();
}

function plan(seconds) {
  clearTimeout(timer);
  if (!(seconds > 0) || document.visibilityState === "hidden") return;
  timer = setTimeout(check, seconds * 1000 * (1 + Math.random() / 20));
}

/** Ask, draw, and plan the next check; say whether the server answered. */
async function refresh(method) {
  const mine = ++turn;
  clearTimeout(timer);
  let page = null;
  let reached = true;
  try {
    page = await ask(method);
  } catch {
    reached = false;
  }
  // A page without a widget is not ours: the sign-in page of a conference's Wi-Fi, say.
  const ours = page?.getElementById("widget");
  if (ours) await takeTint(page);
  if (mine !== turn) return Boolean(ours);
  if (ours) {
    failures = 0;
    draw(page);
    plan(Number(widget.dataset.refreshAfter));
    return true;
  }
  failures += 1;
  if (!reached || page || failures > FAILURES_SHOWN) vanish();
  plan(Math.min(2 ** failures, SLOWEST_RETRY));
  return false;
}

function check() {
  if (owed) reportReturn();
  else if (!returning) refresh("GET");
}

async function reportReturn() {
  [returning, owed] = [true, false];
  drawChecking();
  owed = !(await refresh("POST"));
  returning = false;
}

/** The page is seen again. */
function arrive() {
  owed ||= hasReturned();
  check();
}

action.addEventListener("click", () => {
  if (action.dataset.kind === "link") leave();
});
again.addEventListener("submit", (event) => {
  event.preventDefault();
  reportReturn();
});
document.addEventListener("visibilitychange", () => {
  if (document.visibilityState === "visible") arrive();
  else clearTimeout(timer);
});
addEventListener("pageshow", (event) => {
  if (event.persisted) arrive();
});
addEventListener("online", arrive);
addEventListener("offline", check); // a browser may be wrong about that: a request that fails decides

new ResizeObserver(tellHeight).observe(widget); // the width changed, or a font came

// A signed return address has reported the return already when the page comes up as checking.
if (hasReturned() && widget.dataset.state !== "checking") reportReturn();
else plan(Number(widget.dataset.refreshAfter));
