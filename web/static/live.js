// Keeps the counts of an open page current. Without script the page has a link that counts again.
"use strict";

// A page that takes long to answer is asked for less often, and one that nobody looks at is not asked for at all.
const LEAST_MS = 15_000;
const MOST_MS = 300_000;
const TIMES_LONGER = 20;

let failures = 0;
let timer = 0;

function region() {
  return document.getElementById("live");
}

function pause(tookMs) {
  const usual = Math.max(LEAST_MS, TIMES_LONGER * tookMs) * 2 ** Math.min(failures, 4);
  return Math.min(usual, MOST_MS) * (0.9 + 0.2 * Math.random());
}

function wait(ms) {
  clearTimeout(timer);
  timer = setTimeout(look, ms);
}

// What has the focus keeps it, what was typed stays, and so does an opened list.
function replace(now) {
  const before = region();
  const links = (of) => [...of.querySelectorAll("a[href], summary, input, button")];
  const focused = links(before).indexOf(document.activeElement);
  const open = [...before.querySelectorAll("details")].map((one) => one.open);
  before.replaceWith(now);
  const typed = [...before.querySelectorAll("input")].map((one) => one.value);
  [...now.querySelectorAll("input")].forEach((one, place) => (one.value = typed[place] ?? one.value));
  [...now.querySelectorAll("details")].forEach((one, place) => (one.open = open[place] ?? false));
  links(now)[focused]?.focus();
  now.querySelector("[data-refreshing]")?.removeAttribute("hidden");
}

function stale(is) {
  const words = document.getElementById("stale");
  if (words.hidden === is) words.hidden = !is;
}

async function look() {
  if (document.hidden) return;
  const started = performance.now();
  try {
    const headers = { "If-None-Match": region().dataset.edition };
    const answer = await fetch(location.href, { credentials: "same-origin", cache: "no-store", headers });
    if (answer.status !== 304) {
      if (!answer.ok || answer.redirected) throw new Error("the page does not answer");
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      replace(document.adoptNode(page.getElementById("live")));
    }
    failures = 0;
  } catch {
    failures += 1;
  }
  stale(failures > 0);
  wait(pause(performance.now() - started));
}

document.addEventListener("visibilitychange", () => {
  if (!document.hidden) wait(500);
});
region()?.querySelector("[data-refreshing]")?.removeAttribute("hidden");
wait(pause(0));
