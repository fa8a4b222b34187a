// Makes the settings pages quicker to use. Nothing here is needed to read or to send them.
"use strict";

// The colour chips write into the field which is sent.
for (const chip of document.querySelectorAll("[data-fills]")) {
  const field = document.getElementById(chip.dataset.fills);
  chip.addEventListener("change", () => { field.value = chip.value; });
  field.addEventListener("input", () => { chip.checked = chip.value === field.value.trim().toLowerCase(); });
}

// Counts what a person sees as one character, as the widget's advice does.
const segments = "Segmenter" in Intl ? new Intl.Segmenter(undefined, { granularity: "grapheme" }) : null;
const length = (text) => (segments ? [...segments.segment(text)] : [...text]).length;
for (const field of document.querySelectorAll("[data-count]")) {
  const most = Number(field.dataset.count);
  const told = document.createElement("span");
  told.className = "counter";
  told.id = field.id + "-count";
  field.after(told);
  field.setAttribute("aria-describedby", [field.getAttribute("aria-describedby"), told.id].filter(Boolean).join(" "));
  const tell = () => {
    const count = length(field.value.trim());
    told.classList.toggle("over", count > most);
    told.textContent = count > most
      ? `${count} characters: more than ${most} may not fit into the widget`
      : `${count} of ${most} characters that fit for sure`;
  };
  field.addEventListener("input", tell);
  tell();
}

// Copies an address; the button is there only where that works.
for (const button of document.querySelectorAll("[data-copy]")) {
  if (!navigator.clipboard) break;
  const field = document.getElementById(button.dataset.copy);
  const words = button.firstChild;
  button.hidden = false;
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(field.value);
    words.data = "Copied";
    setTimeout(() => { words.data = "Copy"; }, 2000);
  });
}

// Says that somebody else is being asked, and sends only once.
for (const form of document.querySelectorAll("[data-waits]")) {
  const button = form.querySelector("button");
  const words = button.textContent;
  form.addEventListener("submit", (event) => {
    if (button.ariaDisabled === "true") {
      event.preventDefault();
      return;
    }
    button.ariaDisabled = "true";
    button.textContent = form.dataset.waits;
  });
  addEventListener("pageshow", () => { button.ariaDisabled = null; button.textContent = words; });
}

// What went wrong is read first.
document.getElementById("problems")?.focus();
