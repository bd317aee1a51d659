import { ProblemError, request } from "./api.js";
import { createEventParser } from "./sse.js";

// Milliseconds before each try to get the connection back. The server waits ten seconds for whoever it has lost.
const WAITS = [0, 500, 1000, 2000, 4000];
// One that has said that it goes away needs the time of a restart; another one may answer sooner.
const LONG_WAITS = [500, 1000, 2000, 4000, 8000, 8000, 8000, 8000, 8000, 8000];

/**
 * Asks one question and reports the stream: `on.meta` (the answer begins, also again), `on.token`, `on.restart`, `on.shutdown` (the
 * server goes away; what it has not said by then is said after `on.back`). A connection that breaks off is taken up again where it
 * broke. Resolves to the whole reply.
 * @throws {ProblemError} of the server's `error` event; `cut` or `network` when the connection did not come back.
 */
export async function streamTurn(body, { signal, on }) {
  let lastId;
  let tries = 0;
  let leaving = false;
  const hear = ({ event, id, value }) => {
    if (event === "shutdown") leaving = true;
    else {
      if (leaving && tries > 0) on.back();
      if (tries > 0) leaving = false;
      tries = 0;
    }
    lastId = id;
    on[event]?.(value);
  };
  for (;;) {
    try {
      return await readStream(body, { signal, lastId, hear });
    } catch (error) {
      if (isShutDown(error)) {
        if (!leaving) on.shutdown();
        leaving = true;
      }
      const waits = leaving ? LONG_WAITS : WAITS;
      const resumes = leaving ? isShutDown(error) || isAway(error) : isLost(error) && canBeResumed(lastId);
      if (!resumes || tries === waits.length) throw error;
      await pause(waits[tries], signal);
      tries += 1;
    }
  }
}

/** Tells the server that nobody wants the rest: from a connection that ends it could not know. */
export function stopTurn(turnId) {
  const path = `/api/v1/turns/${encodeURIComponent(turnId)}/stop`;
  const headers = { "content-type": "application/json" };
  request(path, { method: "POST", headers, body: "{}", keepalive: true }).catch(() => {
    // Then it goes on for ten seconds without a reader, and stops by itself.
  });
}

async function readStream(body, { signal, lastId, hear }) {
  const response = await request("/api/v1/chat/stream", {
    method: "POST",
    headers: {
      "content-type": "application/json",
      accept: "text/event-stream",
      ...(lastId && { "last-event-id": lastId }),
    },
    body: JSON.stringify(body),
    signal,
  });
  let reply;
  let problem;
  const parser = createEventParser(({ event, data, id }) => {
    if (reply || problem) return;
    const value = JSON.parse(data);
    if (event === "done") reply = value;
    else if (event === "error") problem = value;
    else hear({ event, id, value });
  });
  try {
    await readText(response, parser.push);
  } catch (error) {
    if (error.name === "AbortError") throw error;
    if (!reply && !problem) throw new ProblemError({ code: "cut" }, { cause: error });
  }
  if (problem) throw new ProblemError(problem);
  if (!reply) throw new ProblemError({ code: "cut" });
  return reply;
}

const isLost = (error) => error instanceof ProblemError && ["cut", "network"].includes(error.problem.code);

/** The server goes away, and this turn is answered by the next one. */
const isShutDown = (error) => error instanceof ProblemError && error.problem.code === "shutting_down";

/** Nobody answers; what stands before the server may say so in its own words. */
const isAway = (error) => isLost(error) || /^http_50[234]$/.test(error.problem?.code ?? "");

/** Events that the server keeps have ids with the name of the run before the number. */
const canBeResumed = (id) => id?.includes("-");

function pause(ms, signal) {
  const stopped = new Promise((_resolve, reject) => {
    signal.addEventListener("abort", () => reject(signal.reason), { once: true });
  });
  return Promise.race([new Promise((resolve) => setTimeout(resolve, ms)), stopped]);
}

async function readText(response, push) {
  const reader = response.body.getReader();
  // Bytes of one character may arrive in two pieces, which the decoder joins.
  const decoder = new TextDecoder();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    push(decoder.decode(value, { stream: true }));
  }
}
