// A hand scanner types a code into whatever has the focus, faster than people type, and ends it with Enter or Tab. It is heard
// anywhere on the page: it presses no button, changes no choice, and leaves nothing behind in a field.

/** Characters of a code at least, and milliseconds between two keys at most: no person types like that. */
const SHORTEST = 4;
const FASTEST_HAND = 60;
const ENDS = new Set(["Enter", "Tab"]);

/** Call `heard` with each code that a hand scanner types on this page. */
export function listenForHandScanners(heard) {
  let typed = "";
  let before = null; // the field that has the focus, and what it had in it
  let last = -Infinity;

  const key = (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey || event.isComposing) return;
    const isFast = event.timeStamp - last <= FASTEST_HAND;
    if (ENDS.has(event.key)) {
      if (isFast && typed.length >= SHORTEST) end(event);
      typed = "";
      return;
    }
    if (event.key.length !== 1) return; // Shift and the like
    if (!isFast) begin();
    last = event.timeStamp;
    typed += event.key;
    if (typed.length > 1 && !before) event.preventDefault(); // a space would press a button
  };
  const begin = () => {
    typed = "";
    const field = document.activeElement;
    const isField = field instanceof HTMLInputElement || field instanceof HTMLTextAreaElement;
    before = isField ? { field, value: field.value } : null;
  };
  const end = (event) => {
    event.preventDefault();
    event.stopPropagation();
    if (before) before.field.value = before.value;
    heard(typed);
  };
  document.addEventListener("keydown", key, { capture: true });
}
