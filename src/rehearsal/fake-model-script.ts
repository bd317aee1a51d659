import type { Refusal } from "./fake-protocol.ts";

/** What a fake model does with one request. Without any field: it answers, rightly and at once. */
export interface ModelScript {
  /** Never a byte, or a connection that breaks before the first one. Hits every path, as an outage does. */
  readonly outage?: "silence" | "reset";
  /** Milliseconds before the first byte. */
  readonly delayMs?: number;
  /** Milliseconds before each piece of a stream. */
  readonly dripMs?: number;
  /** An answer that is no completion, in the words of the protocol. */
  readonly refusal?: Refusal;
  /** An answer of something that speaks no protocol of models at all. Hits every path. */
  readonly page?: {
    readonly status: number;
    readonly headers: Readonly<Record<string, string>>;
    readonly body: string;
  };
  /** A request with this field is refused with 400. */
  readonly unknownField?: "response_format" | "stream_options" | "stream";
  /** The text instead of the right one; `turn` counts the requests of one script from 1. */
  readonly text?: (right: string, turn: number) => string;
  /** It thinks aloud before it speaks. */
  readonly thinking?: boolean;
  /** It calls the first tool that it is offered, until it has seen a result. */
  readonly tools?: boolean;
  /** Null: the reply never says that it ends. */
  readonly finish?: "stop" | "length" | "content_filter" | null;
  /** Pieces after which the stream goes wrong; of a reply that is not streamed, the half is sent. */
  readonly breakAfter?: number;
  /** `heartbeats`: signs of life without content, for ever. */
  readonly breakWith?: "silence" | "heartbeats" | "end" | "reset" | "error" | "malformed";
  /** False: the mark behind the end of a stream (`[DONE]`, `message_stop`) is missing. */
  readonly done?: boolean;
  /** False: tokens are not counted. */
  readonly usage?: boolean;
  /** `bytes`: every byte of a stream on its own, with CRLF; `escapes`: half a character in each piece. */
  readonly wire?: "bytes" | "escapes";
  /** Sent before the first piece. */
  readonly line?: "heartbeat" | "huge";
  readonly endless?: boolean;
}
