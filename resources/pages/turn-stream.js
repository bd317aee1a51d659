import { ProblemError, request } from "./api.js";
import { createEventParser } from "./sse.js";

/**
 * Asks one question and reports the stream: `on.meta`, `on.token`, `on.restart`. Resolves to the whole reply.
 * @throws {ProblemError} of the server's `error` event; `cut` when the stream ended without saying how.
 */
export async function streamTurn(body, { signal, on }) {
  const response = await request("/api/v1/chat/stream", {
    method: "POST",
    headers: { "content-type": "application/json", accept: "text/event-stream" },
    body: JSON.stringify(body),
    signal,
  });
  let reply;
  let problem;
  const parser = createEventParser(({ event, data }) => {
    if (reply || problem) return;
    const value = JSON.parse(data);
    if (event === "done") reply = value;
    else if (event === "error") problem = value;
    else on[event]?.(value);
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
