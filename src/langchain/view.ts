import type { BaseChatModel } from "@langchain/core/language_models/chat_models";
import { kindOf } from "./inside.ts";

type Stream = (...input: unknown[]) => Promise<{ readonly response?: Promise<unknown> }>;

/**
 * The same model without what a failover cannot have, for those kinds of models that no option of a call keeps from it. The
 * user's own object is left as it is.
 */
export function viewOf(model: BaseChatModel): BaseChatModel {
  const kind = kindOf(model);
  if (kind !== "groq" && kind !== "googlegenerativeai") return model;
  // Both look for the number of retries in themselves and not in the options of the call.
  const caller: unknown = Object.create(model.caller, { maxRetries: { value: 0 } });
  const view = Object.create(model, { caller: { value: caller } }) as BaseChatModel;
  return kind === "groq" ? view : withoutStrayRejection(view);
}

/**
 * Google's client promises the whole of a stream beside the stream. LangChain does not look at that promise, so a stream that breaks,
 * or is ended at a limit, would be an unhandled rejection and end the process.
 */
function withoutStrayRejection(view: BaseChatModel): BaseChatModel {
  const { client } = view as { client?: { generateContentStream?: Stream } };
  if (typeof client?.generateContentStream !== "function") return view;
  const generateContentStream: Stream = async (...input) => {
    const streamed = await client.generateContentStream?.(...input);
    streamed?.response?.catch(() => {
      // Whoever reads the stream itself is told the same.
    });
    return streamed ?? {};
  };
  const quiet: unknown = Object.create(client, { generateContentStream: { value: generateContentStream } });
  return Object.create(view, { client: { value: quiet } }) as BaseChatModel;
}
