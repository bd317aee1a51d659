import { allPatterns } from "./fake-model-patterns.ts";
import { refuse } from "./fake-model-refusals.ts";
import type { ModelScript } from "./fake-model-script.ts";

/** What some faults look at. */
export interface FaultContext {
  /** The key of the request, which a careless endpoint repeats. */
  readonly key: string;
  /** How often this fault has been met, this time included. */
  readonly turn: number;
  /** Milliseconds since the fault began; of one that a model's name asks for, since the server started. */
  readonly sinceMs: number;
}

const HTML = "<!doctype html><html><body><h1>Welcome</h1></body></html>";
const WRONG = '{"unexpected":true}';

const scripts: Readonly<Record<string, ModelScript>> = {
  ok: {},
  hang: { outage: "silence" },
  reset: { outage: "reset" },
  html: { page: { status: 200, headers: { "content-type": "text/html" }, body: HTML } },
  redirect: { page: { status: 307, headers: { location: "/elsewhere" }, body: "" } },
  "bad-key": refuse("bad-key"),
  quota: refuse("quota"),
  "quota-400": refuse("quota-400"),
  "quota-402": refuse("quota-402"),
  "quota-403": refuse("quota-403"),
  overloaded: refuse("overloaded"),
  context: refuse("context"),
  "context-words": refuse("context-words"),
  "filter-400": refuse("filter-400"),
  filter: { finish: "content_filter", text: () => "" },
  "no-response-format": { unknownField: "response_format" },
  "no-stream-options": { unknownField: "stream_options" },
  "no-stream": { unknownField: "stream" },
  "role-then-hang": { breakAfter: 0, breakWith: "silence" },
  "comments-then-hang": { breakAfter: 0, breakWith: "heartbeats" },
  malformed: { breakAfter: 1, breakWith: "malformed" },
  "error-in-stream": { breakAfter: 1, breakWith: "error" },
  "error-at-start": { breakAfter: 0, breakWith: "error" },
  empty: { text: () => "" },
  blank: { text: () => " \n" },
  "not-json": { text: () => "I would rather talk." },
  fenced: { text: (right) => `Here you are:\n\n\`\`\`json\n${right}\n\`\`\`\nAnything else?` },
  "wrong-schema": { text: () => WRONG },
  "wrong-schema-once": { text: (right, turn) => (turn === 1 ? WRONG : right) },
  "unknown-tool": { text: () => '{"calls":[{"name":"delete_everything","arguments":{}}]}' },
  thinking: { thinking: true },
  tools: { tools: true },
  length: { finish: "length" },
  "no-terminator": { finish: null, done: false },
  "no-done": { done: false },
  "no-usage": { usage: false },
  bytes: { wire: "bytes" },
  escapes: { wire: "escapes" },
  comment: { line: "heartbeat" },
  "huge-line": { line: "huge" },
  endless: { endless: true },
};

/** The faults by name, those with a number as they are written. */
export function faultNames(): readonly string[] {
  return [...Object.keys(scripts), "echo-key", ...allPatterns.map(({ shown }) => shown), "flap-MS", "script-A,B,..."];
}

/**
 * What the fault of that name does with a request. `script-A,B,C` plays one fault after the other, request by request, and stays
 * with the last one; `flap-MS` is good and refuses (503) in turns of that many milliseconds.
 * @throws {RangeError} for a name that is none of the faults.
 */
export function scriptOf(fault: string, context: FaultContext): ModelScript {
  const [, steps] = /^script-(.*)$/.exec(fault) ?? [];
  if (steps !== undefined) {
    const played = steps.split(",").map((step) => scriptOf(step, context));
    return played[Math.min(context.turn, played.length) - 1] ?? {};
  }
  const [, flapMs] = /^flap-([1-9]\d*)$/.exec(fault) ?? [];
  if (flapMs !== undefined)
    return Math.floor(context.sinceMs / Number(flapMs)) % 2 === 0 ? {} : scriptOf("503", context);
  if (fault === "echo-key") return refuse("bad-key", `Incorrect API key provided: ${context.key}`);
  const named = Object.hasOwn(scripts, fault) ? scripts[fault] : undefined;
  if (named) return named;
  for (const { pattern, make } of allPatterns) {
    const match = pattern.exec(fault);
    if (match) return make(Number(match.at(-1)), Number(match.groups?.["status"]));
  }
  throw new RangeError(`"${fault}" is not a fault of the fake model; there are ${faultNames().join(", ")}`);
}
