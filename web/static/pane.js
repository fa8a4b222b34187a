// Runs the test pane without loading the page again, so that the editor beside it stays as it is.
"use strict";

const BUSY = "aria-busy";

async function send(button) {
  const form = button.form;
  const pane = document.getElementById("pane");
  if (pane.getAttribute(BUSY) === "true") return;
  pane.setAttribute(BUSY, "true");
  const data = new FormData(form);
  data.set("do", button.value);
  let page;
  try {
    const answer = await fetch(form.action, { method: "POST", body: new URLSearchParams(data), credentials: "same-origin" });
    if (answer.redirected || ![200, 422].includes(answer.status)) throw new Error("the page does not answer");
    page = new DOMParser().parseFromString(await answer.text(), "text/html");
  } catch {
    pane.removeAttribute(BUSY);
    form.requestSubmit(button);
    return;
  }
  const now = page.getElementById("pane");
  if (!now) {
    form.requestSubmit(button);
    return;
  }
  const revision = page.querySelector("input[name=revision]");
  if (revision) form.elements.revision.value = revision.value;
  pane.replaceChildren(...now.childNodes);
  pane.removeAttribute(BUSY);
  const target = document.getElementById(button.value === "fill" ? "case_input" : "ran");
  (document.querySelector("#pane #problems") || target)?.focus();
}

document.addEventListener("click", (event) => {
  const button = event.target.closest?.("button[data-pane]");
  if (!button || event.defaultPrevented) return;
  event.preventDefault();
  send(button);
});

// Enter in a field of the pane fills it in, and saves or submits nothing.
document.addEventListener("keydown", (event) => {
  const line = event.target.closest?.("#pane input:not([type=hidden])");
  if (!line || event.key !== "Enter") return;
  event.preventDefault();
  const keep = line.name === "scenario_name";
  send(document.querySelector(`#pane button[value=${keep ? "keep" : "fill"}]`));
});
