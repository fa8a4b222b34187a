// Keeps "What the service did" fresh without a reload; everything is readable without this file.
const runs = document.getElementById("runs");

async function refresh() {
  if (document.hidden) return;
  try {
    const answer = await fetch(runs.dataset.address);
    if (answer.ok) {
      const text = await answer.text();
      if (text !== refresh.last) runs.innerHTML = refresh.last = text;
    }
  } catch {
    // the demo was stopped; the page keeps what it shows
  }
}

if (runs) setInterval(refresh, 2000);

// The widget says how high it is, as in any app that shows it in a frame; while it is hidden it takes no room.
const frame = document.querySelector("iframe.widget");
addEventListener("message", (event) => {
  if (event.source !== frame?.contentWindow || event.origin !== new URL(frame.src).origin) return;
  const height = event.data?.widgetHeight;
  if (!Number.isInteger(height) || height < 0 || height > 600) return;
  frame.style.height = `${height}px`;
  frame.classList.toggle("gone", height === 0);
});
