import { createHash } from "node:crypto";
import { embeddingFamily } from "../../models/embedding-family.ts";
import { createModelHost, type ModelHost, type ModelHostOptions } from "../../models/model-host.ts";
import type { CallContext } from "../core/context.ts";
import { checkVectors } from "./check.ts";
import type { Embedded, Embeddings, EmbedKind } from "./port.ts";
import { createQueryCache } from "./query-cache.ts";

export interface TransformersEmbeddingsOptions extends Omit<ModelHostOptions, "kind" | "pooling"> {
  /** Questions whose vectors are kept, so that the same one again costs no inference; 0 or more, default 4000. */
  readonly questionsKept?: number | undefined;
  /** For tests: makes the host of the model. */
  readonly createHost?: (options: ModelHostOptions) => ModelHost;
}

/** Part of the space: to be raised with every change here that moves a vector. */
const REVISION = 1;
/** More is beyond what any model reads. */
const LONGEST_TEXT = 16_384;
/** A text without a letter or a digit says nothing, whatever a tokenizer makes of it. */
const SAYS_SOMETHING = /[\p{L}\p{N}]/u;
/** 6 MB of vectors with 384 numbers. */
const QUESTIONS_KEPT = 4_000;

/**
 * Embeddings by a model of transformers.js in a process of its own. Queries go before documents. `loading` until the model
 * is there; the space, which holds the measured dimension, is known with the first vectors. A question that is asked again gets the
 * same vector as before, as long as the model is there: whether it is, no call hides.
 * @throws {RangeError} when the model's id or an address cannot be one.
 */
export function createTransformersEmbeddings(options: TransformersEmbeddingsOptions): Embeddings {
  const { createHost = createModelHost, questionsKept = QUESTIONS_KEPT, ...rest } = options;
  const family = embeddingFamily(options.model);
  const host = createHost({ ...rest, kind: "feature-extraction", pooling: family.pooling });
  const questions = createQueryCache(questionsKept);

  const spaceOf = (dimension: number) => `model-${digestOf(options, [dimension])}`;

  async function infer(texts: readonly string[], kind: EmbedKind, context: CallContext): Promise<Embedded> {
    const speaking = texts.flatMap((text, at) => (SAYS_SOMETHING.test(text) ? [at] : []));
    const prefixed = speaking.map((at) => family[kind] + (texts[at] ?? "").slice(0, LONGEST_TEXT));
    const { width, rows } = await host.run({ texts: prefixed, urgent: kind === "query" }, context);
    checkVectors(rows, { count: prefixed.length, dimension: width });
    const vectors: (Float32Array | undefined)[] = texts.map(() => undefined);
    for (const [index, at] of speaking.entries()) vectors[at] = rows[index];
    return { space: spaceOf(width), vectors };
  }

  async function inferQuestions(texts: readonly string[], context: CallContext): Promise<Embedded> {
    const { space: known } = questions;
    const kept = texts.map((text) => questions.get(text));
    const missing = texts.filter((_, at) => kept[at] === undefined);
    // Also when nothing is missing: only the model can say whether it is there, and in which space.
    const found = await infer(missing, "query", context);
    const { space } = found;
    // Loaded anew, the model has another dimension: what was kept is of no use.
    if (missing.length < texts.length && space !== known) return keep(texts, await infer(texts, "query", context));
    keep(missing, found);
    let next = 0;
    const vectors = kept.map((vector) => {
      if (vector !== undefined) return vector ?? undefined;
      next += 1;
      return found.vectors[next - 1];
    });
    return { space, vectors };
  }

  function keep(texts: readonly string[], found: Embedded): Embedded {
    for (const [at, text] of texts.entries()) questions.put(found.space, text, found.vectors[at] ?? null);
    return found;
  }

  return {
    name: "transformers",
    embed: (texts, kind, context) => (kind === "query" ? inferQuestions(texts, context) : infer(texts, kind, context)),
    probe: (context) => host.probe(context),
    close: () => host.close(),
  };
}

/** What decides about the vectors but for their dimension: 16 hexadecimal digits that are known before the model is loaded. */
export function fingerprintOf(options: Identity): string {
  return digestOf(options, []);
}

type Identity = Pick<TransformersEmbeddingsOptions, "model" | "revision" | "dtype">;

function digestOf({ model, revision = "main", dtype = "fp32" }: Identity, dimension: readonly number[]): string {
  const parts = [REVISION, model, revision, dtype, ...dimension, "unit length", embeddingFamily(model)];
  return createHash("sha256").update(JSON.stringify(parts)).digest("hex").slice(0, 16);
}
