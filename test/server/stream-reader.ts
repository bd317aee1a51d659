import { onTestFinished, vi } from "vitest";
import { LayerError } from "../../src/fallbacks/core/errors.ts";
import type { Chat, ChatEvent, ChatReply, ChatRequest } from "../../src/graph/chat-types.ts";
import { chatReply } from "./test-server.ts";

export interface ReadEvent {
  /** Empty: a notice, which has none. */
  readonly id: string;
  readonly event: string;
  readonly data: Readonly<Record<string, unknown>>;
}

/** A client of the stream that looks at what has come so far. */
export interface StreamReader {
  readonly status: number;
  readonly headers: Headers;
  /** All text so far, comments included. */
  readonly text: string;
  readonly events: readonly ReadEvent[];
  /** The words of the tokens since the last `meta` or `restart`: what a client shows. */
  readonly shown: string;
  /** Settles when `count` events have come. */
  has(count: number): Promise<void>;
  /** Settles when the server has ended the stream, or broken it. */
  readonly over: Promise<void>;
  /** Hangs up. */
  leave(): void;
}

/** Posts a turn and reads what comes, until it ends or the test does. */
export async function readStream(
  url: string,
  body: object,
  headers: Readonly<Record<string, string>> = {},
): Promise<StreamReader> {
  const controller = new AbortController();
  onTestFinished(() => controller.abort());
  const response = await fetch(`${url}/api/v1/chat/stream`, {
    method: "POST",
    body: JSON.stringify(body),
    headers: { "content-type": "application/json", ...headers },
    signal: controller.signal,
  });
  let text = "";
  const events = () => parse(text);
  return {
    status: response.status,
    headers: response.headers,
    get text() {
      return text;
    },
    get events() {
      return events();
    },
    get shown() {
      return shownBy(events());
    },
    has: (count) =>
      vi.waitFor(
        () => {
          if (events().length < count) throw new Error(`${events().length} of ${count} events: ${text}`);
        },
        { timeout: 20_000, interval: 5 },
      ),
    over: readAll(response, (piece) => {
      text += piece;
    }),
    leave: () => controller.abort(),
  };
}

async function readAll(response: Response, take: (piece: string) => void): Promise<void> {
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
  try {
    for (let part = await reader?.read(); part && !part.done; part = await reader?.read()) take(part.value);
  } catch {
    // Broken off, by this side or the other: that is an end too, and what has come is what counts.
  }
}

function parse(text: string): readonly ReadEvent[] {
  return text
    .split("\n\n")
    .map((block) => /^(?:id: (\S+)\n)?event: (\w+)\ndata: ([^\n]*)$/.exec(block))
    .filter((match) => match !== null)
    .map(([, id = "", event = "", data = ""]) => ({ id, event, data: JSON.parse(data) as ReadEvent["data"] }));
}

function shownBy(events: readonly ReadEvent[]): string {
  let shown = "";
  for (const { event, data } of events) {
    if (event === "meta" || event === "restart") shown = "";
    if (event === "token") shown += String(data["text"]);
  }
  return shown;
}

/** One run of a turn, for the test to play. */
export interface PlayedRun {
  readonly request: ChatRequest;
  emit(event: ChatEvent): void;
  say(text: string): void;
  end(change?: Partial<ChatReply>): void;
  fail(error: Error): void;
}

export interface PlayedChat extends Chat {
  readonly runs: readonly PlayedRun[];
  /** Settles when that run, the first is 1, has begun. */
  begun(number: number): Promise<PlayedRun>;
}

/** A chat whose turns are played by the test; like the real one, it fails when its signal aborts. */
export function playedChat(): PlayedChat {
  const runs: PlayedRun[] = [];
  return {
    runs,
    begun: (number) =>
      vi.waitFor(
        () => {
          const run = runs[number - 1];
          if (!run) throw new Error(`run ${number} has not begun`);
          return run;
        },
        { timeout: 20_000, interval: 5 },
      ),
    run: (request, emit = () => {}) =>
      new Promise((resolve, reject) => {
        request.signal.addEventListener("abort", () => reject(new LayerError("aborted", "the client has gone")));
        runs.push({
          request,
          emit,
          say: (text) => emit({ type: "token", text, by: "primary" }),
          end: (change) => resolve(chatReply(request, change)),
          fail: reject,
        });
      }),
  };
}
