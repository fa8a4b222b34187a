// One request that sends scans or voids, and what its answer means. Whatever comes back, a scan leaves the queue's waiting
// ones only if the answer names it and says what became of it.

const PATIENCE = 8000; // ms which an answer may take
const LONGEST_RETRY = 600; // s that a Retry-After may ask for
const CLOCK_WAS_SET = 1000; // ms by which the clock and the time that passed may differ; then nothing is measured by it

/** What an answer means for the whole batch. */
export const TAKEN = "taken"; // each scan has its result, or none
export const SIGNED_OUT = "signed out"; // 401
export const NOT_ALLOWED = "not allowed"; // 403: no role of scanner; perhaps a proxy's page
export const BAD_BATCH = "bad batch"; // 400, 413, 415, 422: something in it cannot be taken
export const LATER = "later"; // no answer, or one that says nothing about the scans

const BY_STATUS = { 400: BAD_BATCH, 401: SIGNED_OUT, 403: NOT_ALLOWED, 413: BAD_BATCH, 415: BAD_BATCH, 422: BAD_BATCH };

/**
 * Post a batch as JSON. Return { meaning, results: Map from id to result, skew: ms by which this phone is behind the server or
 * null, retryAfter: s or null, detail: words for the log of the page }. Never throws for what the network or the server does.
 */
export async function send(address, body) {
  const sentAt = Date.now();
  const began = performance.now();
  let response;
  let answer;
  try {
    response = await fetch(address, {
      method: "POST",
      headers: { "Content-Type": "application/json", Accept: "application/json" },
      body: JSON.stringify({ device_time: new Date(sentAt).toISOString(), ...body }),
      redirect: "error", // a login page, ours or that of the venue's network, is not an answer
      cache: "no-store",
      signal: AbortSignal.timeout(PATIENCE),
    });
    answer = await read(response);
  } catch (fault) {
    return nothing(LATER, String(fault?.name ?? fault));
  }
  const retryAfter = secondsOf(response.headers.get("Retry-After"));
  if (response.status === 200 && Array.isArray(answer?.results)) {
    const skew = skewOf(answer.server_time, sentAt, performance.now() - began);
    return { meaning: TAKEN, results: named(answer.results), skew, retryAfter, detail: "" };
  }
  // Only an answer of ours counts as a refusal: the page of a proxy says nothing about scans or logins.
  const ours = response.headers.get("Content-Type")?.startsWith("application/problem+json");
  const meaning = (ours && BY_STATUS[response.status]) || LATER;
  return { ...nothing(meaning, `HTTP ${response.status}`), retryAfter };
}

function nothing(meaning, detail) {
  return { meaning, results: new Map(), skew: null, retryAfter: null, detail };
}

async function read(response) {
  const text = await response.text();
  try {
    return JSON.parse(text);
  } catch {
    return null; // the page of a proxy, or half an answer
  }
}

function named(results) {
  const readable = results.filter((each) => typeof each?.id === "string" && typeof each.state === "string");
  return new Map(readable.map((each) => [each.id, each]));
}

function skewOf(serverTime, sentAt, took) {
  const server = Date.parse(serverTime);
  const wasSet = Math.abs(Date.now() - sentAt - took) > CLOCK_WAS_SET;
  return Number.isNaN(server) || wasSet ? null : Math.round(server - sentAt - took / 2) + 0; // never -0
}

function secondsOf(header) {
  const seconds = Number.parseInt(header ?? "", 10);
  return seconds >= 0 ? Math.min(seconds, LONGEST_RETRY) : null;
}
