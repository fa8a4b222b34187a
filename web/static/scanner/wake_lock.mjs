// Keeps the screen on while the page can be seen, where the browser can: a door has pauses longer than a phone waits.

export function keepAwake() {
  const ask = async () => {
    if (document.hidden || !navigator.wakeLock) return;
    try {
      await navigator.wakeLock.request("screen");
    } catch {
      // Saving power: the phone has the last word.
    }
  };
  document.addEventListener("visibilitychange", ask);
  return ask();
}
