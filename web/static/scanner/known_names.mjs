// Names of people whose badges show only an ID: asked of the server while there is network, and kept nowhere but on this page.

const PATIENCE = 5000; // ms
const MOST = 500;

export class KnownNames {
  #people = new Map();

  /** Return the person with this badge ID, as far as known; {} otherwise. */
  of(id) {
    return this.#people.get(id) ?? {};
  }

  /** Ask for the name behind a badge ID at a session's address of people. Return whether it is known now. */
  async ask(id, address) {
    if (this.#people.has(id)) return true;
    const found = await ask(address, id).catch(() => null); // without network, the ID has to do
    if (!found) return false;
    if (this.#people.size >= MOST) this.#people.delete(this.#people.keys().next().value);
    this.#people.set(id, found);
    return true;
  }
}

async function ask(address, id) {
  const answer = await fetch(`${address}?${new URLSearchParams({ q: id })}`, {
    headers: { Accept: "application/json" }, signal: AbortSignal.timeout(PATIENCE), cache: "no-store",
  });
  if (!answer.ok) return null;
  const { people } = await answer.json();
  return people.find((each) => each.badge_id === id) ?? null;
}
