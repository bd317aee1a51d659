import { z } from "zod";
import { LayerError } from "../core/errors.ts";
import type { ChatModel, Usage } from "./port.ts";

/** The mock has no tokens. */
const NO_USAGE: Usage = { inputTokens: 0, outputTokens: 0 };

/** Words to a piece of a streamed text: few enough to be seen growing, many enough to cost nothing. */
const WORDS_PER_PIECE = 4;

// Grapheme clusters keep surrogate pairs and combining sequences whole; words alone could split an emoji sequence.
const words = new Intl.Segmenter(undefined, { granularity: "word" });
const graphemes = new Intl.Segmenter(undefined, { granularity: "grapheme" });

/** The last port of the model layer: answers every task by its rule, in this process, without a network. */
export function createMockModel(): ChatModel {
  return {
    name: "mock",
    async run(task, input, context) {
      stopIfGone(context.signal);
      try {
        return { value: task.schema.parse(task.byRule(input)), usage: NO_USAGE };
      } catch (error) {
        if (!(error instanceof z.ZodError)) throw error;
        throw new LayerError("schema_invalid", `${task.name}: ${z.prettifyError(error)}`, { cause: error });
      }
    },
    async *stream(task, input, context) {
      for (const text of piecesOf(task.byRule(input))) {
        stopIfGone(context.signal);
        yield { type: "text", text };
      }
      stopIfGone(context.signal);
      yield { type: "usage", usage: NO_USAGE };
    },
  };
}

function stopIfGone(signal: AbortSignal): void {
  if (signal.aborted) throw new LayerError("aborted", "the caller went away", { cause: signal.reason });
}

/** Pieces of a few words each, which concatenated are the text. */
function* piecesOf(text: string): Generator<string> {
  const whole = new Set([...graphemes.segment(text)].map(({ index }) => index));
  let from = 0;
  let count = 0;
  for (const { index, segment, isWordLike } of words.segment(text)) {
    const end = index + segment.length;
    if (isWordLike) count += 1;
    if (count < WORDS_PER_PIECE || !(end === text.length || whole.has(end))) continue;
    yield text.slice(from, end);
    from = end;
    count = 0;
  }
  if (from < text.length) yield text.slice(from);
}
