// A hand scanner types a code into whatever has the focus, and ends it with Enter or Tab. It is heard anywhere on the page: it
// presses no button, changes no choice, and leaves nothing behind in a field. A code is taken whole or not at all.

/** Characters of a code, at least. */
const SHORTEST = 4;
/** Milliseconds without a key after which a code begins. */
const QUIET = 1000;
/** Milliseconds from key to key, in the mean: in a field, what is slower is typed by a person. */
const FASTEST_HAND = 50;
const ENDS = new Set(["Enter", "Tab"]);

/** Call `heard` with each code that a hand scanner types on this page. */
export function listenForHandScanners(heard) {
  let typed = "";
  let before = null; // the field that has the focus, and what it had in it
  let first = 0; // when the code began
  let last = -Infinity;

  const key = (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey || event.isComposing) return;
    if (ENDS.has(event.key)) {
      if (isCode(event.timeStamp)) end(event);
      typed = "";
      return;
    }
    if (event.key.length !== 1) return; // Shift and the like
    if (!typed || event.timeStamp - last > QUIET) begin(event.timeStamp);
    last = event.timeStamp;
    typed += event.key;
    if (!before && typed.length > 1) event.preventDefault(); // a space would press a button
  };
  const begin = (now) => {
    typed = "";
    first = now;
    const field = document.activeElement;
    const isField = field instanceof HTMLInputElement && !["radio", "range", "file"].includes(field.type);
    before = isField ? { field, value: field.value } : null;
  };
  const isCode = (now) => {
    if (typed.length < SHORTEST || now - last > QUIET) return false;
    return !before || (now - first) / typed.length <= FASTEST_HAND; // a person types nothing but in a field
  };
  const end = (event) => {
    event.preventDefault();
    event.stopPropagation();
    if (before) before.field.value = before.value;
    heard(typed);
  };
  document.addEventListener("keydown", key, { capture: true });
}
