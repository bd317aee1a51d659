import type { Clock } from "../fallbacks/core/clock.ts";
import { LayerError } from "../fallbacks/core/errors.ts";
import { createRedactor } from "../fallbacks/llm/redact.ts";
import { classifyError } from "./classify-error.ts";
import type { EmbeddingsLike } from "./degrading-embeddings-options.ts";
import type { SpacePortInput } from "./degrading-embeddings-port.ts";

type Fields = Readonly<Record<string, unknown>>;

/** Classes that ask the `caller` on themselves, whose six retries would take minutes. Others may have fields that no view reaches. */
const retryByCaller: ReadonlySet<string> = new Set([
  "OpenAIEmbeddings",
  "AzureOpenAIEmbeddings",
  "OllamaEmbeddings",
  "GoogleGenerativeAIEmbeddings",
]);

/** Asks embeddings of LangChain. What comes of it is a vector for each text, or a {LayerError} that shows no key. */
export function requestTo(name: string, embeddings: EmbeddingsLike, clock: Clock): SpacePortInput["request"] {
  const source = { name, redact: createRedactor(secretsOf(embeddings)), now: () => clock.wall() };
  const model = viewOf(embeddings);
  return async (texts, kind, { signal }) => {
    try {
      const found: unknown =
        kind === "document" ? await model.embedDocuments([...texts]) : await oneByOne(model, texts, signal);
      if (!Array.isArray(found)) throw new LayerError("bad_response", `${name} gave no list of vectors`);
      return found.map((vector: unknown) => {
        if (Array.isArray(vector) || vector instanceof Float32Array || vector instanceof Float64Array) {
          return Array.from(vector as ArrayLike<number>);
        }
        throw new LayerError("bad_response", `${name} gave something that is no vector`);
      });
    } catch (error) {
      throw classifyError(source, error);
    }
  };
}

async function oneByOne(model: EmbeddingsLike, texts: readonly string[], signal: AbortSignal): Promise<unknown[]> {
  const found: unknown[] = [];
  for (const text of texts) {
    if (signal.aborted) throw new LayerError("aborted", "the caller went away");
    found.push(await model.embedQuery(text));
  }
  return found;
}

/** The same embeddings without retries of their own, where that is possible. The user's own object is left as it is. */
function viewOf(embeddings: EmbeddingsLike): EmbeddingsLike {
  const { caller } = embeddings as { readonly caller?: unknown };
  if (typeof caller !== "object" || caller === null || !retryByCaller.has(embeddings.constructor.name))
    return embeddings;
  const patient: unknown = Object.create(caller, { maxRetries: { value: 0 } });
  return Object.create(embeddings, { caller: { value: patient } }) as EmbeddingsLike;
}

/** What looks like a key, in the object or in the settings of its client. */
function secretsOf(embeddings: object): readonly string[] {
  const { clientConfig } = embeddings as Fields;
  return [embeddings, clientConfig].flatMap((fields) =>
    Object.entries(Object(fields) as Fields).flatMap(([name, value]) =>
      /key|token|secret/i.test(name) && typeof value === "string" ? [value] : [],
    ),
  );
}
