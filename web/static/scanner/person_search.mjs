// Finds a person whose badge is lost or cannot be read. The server knows the people, so this needs network.

import { isolated } from "./isolated.mjs";

const PATIENCE = 8000; // ms
const FAULTS = {
  401: "You are signed out. Sign in again, or type the badge ID.",
  403: "You may not scan at this session now. Ask the organizer.",
  429: "Too many searches. Wait a moment.",
};

export function startSearch(scanning, rooms) {
  const field = document.getElementById("person");
  const words = document.getElementById("found-words");
  const list = document.getElementById("found");

  const clear = (said) => {
    list.replaceChildren();
    words.textContent = said;
  };
  const show = ({ people, more }) => {
    const count = `${people.length} ${people.length === 1 ? "person" : "people"} found.`;
    clear(people.length ? `${count}${more ? " There are more: type more of the name." : ""}` : "No one with a badge has this name or badge ID.");
    list.append(...people.map((each) => choice(each)));
  };
  const choice = (person) => {
    const item = document.createElement("li");
    const button = document.createElement("button");
    button.type = "button";
    const name = [person.first_name, person.last_name].filter(Boolean).join(" ");
    button.append(isolated(name || person.badge_id), " ", isolated(name ? person.badge_id : ""));
    button.addEventListener("click", async () => {
      clear("");
      field.value = "";
      await scanning.person(person);
    });
    item.append(button);
    return item;
  };
  const find = async () => {
    const answer = await fetch(`${rooms.here.people}?${new URLSearchParams({ q: field.value })}`, {
      headers: { Accept: "application/json" }, signal: AbortSignal.timeout(PATIENCE), cache: "no-store",
    });
    if (!answer.ok) return clear(FAULTS[answer.status] ?? "The search does not work now. Type the badge ID.");
    return show(await answer.json());
  };

  document.getElementById("search").addEventListener("submit", async (event) => {
    event.preventDefault();
    if (field.value.trim().length < 2) {
      clear("Type at least two characters.");
      return;
    }
    clear("Searching…");
    await find().catch(() => clear("No network. Type the badge ID."));
  });
}
