import { LayerError } from "../core/errors.ts";
import { parseJson } from "./fields.ts";

/** How an answer comes: as one JSON value, as server-sent events that each hold one, or as lines that each are one. */
export type AnswerForm = "json" | "events" | "lines";

/** Bytes of one message of a stream, and of a whole answer: no reply is longer. */
const LONGEST_MESSAGE = 1_048_576;
const LONGEST_ANSWER = 8 * 1_048_576;

export interface MessagesOptions {
  readonly form: AnswerForm;
  /** Stands at the beginning of error messages. */
  readonly name: string;
  /** Hears of each message, parsed, before it is passed on. What it throws ends the answer. */
  readonly onMessage: (message: unknown) => void;
}

/**
 * The same answer, passed on one whole message at a time. A message that is no JSON fails here, so that no vendor's client has
 * to decide what to do with it: some print it, some leave it out.
 * @throws {LayerError} `bad_response` for a message that is no JSON or longer than a reply can be.
 */
export async function* wholeMessages(
  chunks: AsyncIterable<Uint8Array>,
  { form, name, onMessage }: MessagesOptions,
): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  const pattern = ends[form];
  let rest = "";
  let searched = 0;
  let size = 0;

  const checked = (text: string): string => {
    const data = dataOf(text, form);
    if (data === undefined) return text;
    const message = parseJson(data);
    if (message === undefined) throw new LayerError("bad_response", `${name}: a part of the answer is no JSON`);
    onMessage(message);
    return text;
  };

  for await (const chunk of chunks) {
    size += chunk.byteLength;
    rest += decoder.decode(chunk, { stream: true });
    for (;;) {
      // What has been searched holds no end, except that of which one half has come.
      pattern.lastIndex = Math.max(0, searched - LONGEST_END);
      const end = pattern.exec(rest);
      if (!end) break;
      const at = end.index + end[0].length;
      yield checked(rest.slice(0, at));
      rest = rest.slice(at);
      searched = 0;
    }
    searched = rest.length;
    if (size > LONGEST_ANSWER || (form !== "json" && rest.length > LONGEST_MESSAGE)) {
      throw new LayerError("bad_response", `${name}: the answer is longer than a reply can be`);
    }
  }
  rest += decoder.decode();
  if (rest !== "") yield checked(rest);
}

/** What ends a message: of server-sent events an empty line; of one JSON value the end of the answer alone. */
const ends: Readonly<Record<AnswerForm, RegExp>> = {
  json: /(?!)/g,
  events: /(?:\r\n|\n|\r(?!\n))(?:\r\n|\n|\r(?!\n|$))/g,
  lines: /\n/g,
};
const LONGEST_END = 4;

/** The JSON of one whole message; undefined where it holds none: a comment, a mark of the end, an empty line. */
export function dataOf(text: string, form: AnswerForm): string | undefined {
  if (form === "json") return text;
  if (form === "lines") return text.trim() === "" ? undefined : text;
  const data = text.split(/\r\n|\n|\r/).flatMap((line) => /^data(?:: ?(.*))?$/s.exec(line)?.[1] ?? []);
  // Some answer with one JSON value, be it an error, although a stream was asked for.
  if (data.length === 0 && text.trimStart().startsWith("{")) return text;
  const joined = data.join("\n");
  return joined.trim() === "" || joined.trim() === "[DONE]" ? undefined : joined;
}
