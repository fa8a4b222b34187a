// Follows a job while its page is open. Without script the page loads itself again.
"use strict";

const PAUSE_MS = 1000;

async function look() {
  let page;
  try {
    const answer = await fetch(location.href, { credentials: "same-origin" });
    if (!answer.ok || answer.redirected) throw new Error("the page does not answer");
    page = new DOMParser().parseFromString(await answer.text(), "text/html");
  } catch {
    setTimeout(look, 5 * PAUSE_MS);
    return;
  }
  const before = document.getElementById("job");
  const now = page.getElementById("job");
  if (!now || !("refreshes" in now.dataset)) {
    location.reload();
    return;
  }
  // Only what differs: a screen reader reads the status again when it is replaced.
  if (now.innerHTML !== before.innerHTML) before.replaceWith(now);
  setTimeout(look, PAUSE_MS);
}

setTimeout(look, PAUSE_MS);
