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
