import type { IncomingHttpHeaders } from "node:http";

/** The fields of a JSON object. */
export type Fields = Readonly<Record<string, unknown>>;

/** What the fake model is asked. */
export interface ModelQuestion {
  readonly model: string;
  readonly system: string;
  /** A result of a tool has the role `tool`. */
  readonly messages: readonly { readonly role: string; readonly content: string }[];
  /** A JSON object is wanted. */
  readonly json: boolean;
}

export interface OfferedTool {
  readonly name: string;
  /** JSON Schema of the arguments, as far as the request has one. */
  readonly parameters: Fields;
}

/** What a request asks for, whatever protocol it speaks. */
export interface Asked {
  readonly question: ModelQuestion;
  readonly tools: readonly OfferedTool[];
  readonly stream: boolean;
  /** Tokens are wanted at the end of a stream. */
  readonly usage: boolean;
  /** Characters of the prompt, from which tokens are guessed. */
  readonly promptLength: number;
  /** Names of the fields of the request that are switched on. */
  readonly fields: readonly string[];
}

export interface ToolCall {
  readonly id: string;
  readonly name: string;
  readonly args: Fields;
}

/** What is said, before a protocol puts it into words. */
export interface Completion {
  readonly model: string;
  readonly text: string;
  readonly thinking: string;
  readonly calls: readonly ToolCall[];
  /** Null: the reply never says that it ends. */
  readonly finish: "stop" | "length" | "content_filter" | null;
  /** False: the mark that stands behind everything is missing, where the protocol has one. */
  readonly done: boolean;
  /** Null: not counted. */
  readonly usage: { readonly input: number; readonly output: number } | null;
}

/** A part of a stream as it goes over the wire. Only `content` is what a reader waits for. */
export interface Frame {
  readonly part: "opening" | "content" | "closing";
  readonly wire: string;
}

export const refusalKinds = [
  "invalid",
  "context",
  "filter",
  "auth",
  "quota",
  "permission",
  "not_found",
  "too_large",
  "rate_limit",
  "server",
  "overloaded",
] as const;
export type RefusalKind = (typeof refusalKinds)[number];

/** How a refusal says when to come again. `reset` and `hint`: as the provider does it; `skewed`: a date of a clock that is an hour ahead. */
export interface Wait {
  readonly form: "seconds" | "ms" | "date" | "skewed" | "ratelimit" | "reset" | "hint";
  readonly seconds: number;
}

/** An answer that is no completion, before a protocol puts it into words. */
export interface Refusal {
  readonly status: number;
  readonly kind: RefusalKind;
  readonly message: string;
  readonly wait?: Wait;
  /** What the OpenAI protocol has in fields of its own. */
  readonly code?: string;
  readonly type?: string;
  /** There, without the usual object around it. */
  readonly bare?: boolean;
  /** Hits every path, as an outage does. */
  readonly everywhere?: boolean;
}

/** A refusal in the words of one protocol. */
export interface Told {
  readonly status: number;
  readonly body: object;
  readonly headers: Readonly<Record<string, string>>;
}

/** How one family of providers talks. */
export interface Protocol {
  readonly streamType: string;
  /** @param path decoded, without the query. Undefined: not a request for a completion. */
  read(path: string, body: Fields): Asked | undefined;
  list(): object;
  whole(completion: Completion): object;
  /** @param texts the pieces of the text, which may never end. */
  frames(completion: Completion, texts: Iterable<string>): Iterable<Frame>;
  refuse(refusal: Refusal, wall: Date): Told;
  /** An error in the middle of a stream that has begun with 200. */
  error: string;
  malformed: string;
  /** A sign of life without content. */
  heartbeat: string;
  /** A line of that many characters. */
  longLine(length: number): string;
}

export function fieldsOf(value: unknown): Fields | undefined {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Fields) : undefined;
}

export function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

/** The text of a content, which may be one, or parts of which some have text. */
export function textOf(content: unknown): string {
  if (typeof content === "string") return content;
  const texts = listOf(content).map((part) => fieldsOf(part)?.["text"]);
  return texts.filter((text) => typeof text === "string").join("\n");
}

/** The key of a request, wherever the protocol has it. */
export function keyOf(headers: IncomingHttpHeaders): string {
  const key = headers.authorization ?? headers["x-api-key"] ?? headers["x-goog-api-key"] ?? "";
  return String(key);
}

/** An event of a stream of server-sent events. */
export function sse(data: object | string, event?: string): string {
  const text = typeof data === "string" ? data : JSON.stringify(data);
  return `${event === undefined ? "" : `event: ${event}\n`}data: ${text}\n\n`;
}

/** Two halves of the JSON of a call's arguments, which streams send in pieces. */
export function halves(args: Fields): readonly [string, string] {
  const json = JSON.stringify(args);
  const middle = Math.ceil(json.length / 2);
  return [json.slice(0, middle), json.slice(middle)];
}
