import { ProblemError, request } from "./api.js";
import { createEventParser } from "./sse.js";

// Milliseconds before each try to get the connection back. The server waits ten seconds for whoever it has lost.
const WAITS = [0, 500, 1000, 2000, 4000];

/**
 * Asks one question and reports the stream: `on.meta` (the answer begins, also again), `on.token`, `on.restart`. A connection
 * that breaks off is taken up again where it broke. Resolves to the whole reply.
 * @throws {ProblemError} of the server's `error` event; `cut` or `network` when the connection did not come back.
 */
export async function streamTurn(body, { signal, on }) {
  let lastId;
  let tries = 0;
  const hear = ({ event, id, value }) => {
    lastId = id;
    tries = 0;
    on[event]?.(value);
  };
  for (;;) {
    try {
      return await readStream(body, { signal, lastId, hear });
    } catch (error) {
      if (!isLost(error) || !canBeResumed(lastId) || tries === WAITS.length) throw error;
      await pause(WAITS[tries], signal);
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
