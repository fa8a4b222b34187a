// Which scans repeat others: the rule of records/attendance/minutes.py, for the scans of this phone alone. What it says is
// provisional, because other phones scan the same badges.

/** Return a Map from the id of each repeat to the scan that it repeats; `scans` are of one badge at one session. */
export function repeatsOf(scans, repeatSeconds) {
  const found = new Map();
  let last = null;
  for (const scan of [...scans].sort(byMoment)) {
    const again = last !== null && directionOf(scan) === directionOf(last) && secondsBetween(last, scan) <= repeatSeconds;
    if (again) found.set(scan.id, last);
    else last = scan;
  }
  return found;
}

/** Group rows by a member: a Map from its values to lists. */
export function grouped(rows, member) {
  const groups = new Map();
  for (const row of rows) {
    if (!groups.has(row[member])) groups.set(row[member], []);
    groups.get(row[member]).push(row);
  }
  return groups;
}

function directionOf(scan) {
  return scan.direction ?? "in";
}

function secondsBetween(first, second) {
  return (Date.parse(second.scanned_at) - Date.parse(first.scanned_at)) / 1000;
}

function byMoment(one, other) {
  return (
    Date.parse(one.scanned_at) - Date.parse(other.scanned_at) ||
    (directionOf(one) !== "out") - (directionOf(other) !== "out") ||
    (one.id < other.id ? -1 : 1)
  );
}
