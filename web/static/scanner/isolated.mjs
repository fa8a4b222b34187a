// Texts that come from elsewhere, such as names and titles, whose direction must disturb nothing around them.

/** Return an element with the text. */
export function isolated(words) {
  const element = document.createElement("bdi");
  element.textContent = words;
  return element;
}
