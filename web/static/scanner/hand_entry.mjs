// The field for a badge: with script, what is typed goes through the queue of the phone like any other scan.

export function startHandEntry(scanning) {
  const form = document.getElementById("by-hand");
  const field = document.getElementById("badge");
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const typed = field.value;
    if (!typed.trim()) return;
    field.value = ""; // a hand scanner types the next code behind this one
    await scanning.typed(typed, "keyboard");
  });
  // On a phone the picture is what is looked at, and a keyboard would hide it.
  if (matchMedia("(pointer: coarse)").matches) field.blur();
  scrollTo(0, 0);
}
