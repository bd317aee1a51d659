import { createHash } from "node:crypto";
import { embeddingFamily } from "../../models/embedding-family.ts";
import { createModelHost, type ModelHost, type ModelHostOptions } from "../../models/model-host.ts";
import { checkVectors } from "./check.ts";
import type { Embeddings } from "./port.ts";

export interface TransformersEmbeddingsOptions extends Omit<ModelHostOptions, "kind" | "pooling"> {
  /** For tests: makes the host of the model. */
  readonly createHost?: (options: ModelHostOptions) => ModelHost;
}

/** Part of the space: to be raised with every change here that moves a vector. */
const REVISION = 1;
/** More is beyond what any model reads. */
const LONGEST_TEXT = 16_384;
/** A text without a letter or a digit says nothing, whatever a tokenizer makes of it. */
const SAYS_SOMETHING = /[\p{L}\p{N}]/u;

/**
 * Embeddings by a model of transformers.js in a worker of this process. Queries go before documents. `loading` until the model
 * is there; the space, which holds the measured dimension, is known with the first vectors.
 * @throws {RangeError} when the model's id or an address cannot be one.
 */
export function createTransformersEmbeddings(options: TransformersEmbeddingsOptions): Embeddings {
  const { createHost = createModelHost, ...rest } = options;
  const family = embeddingFamily(options.model);
  const host = createHost({ ...rest, kind: "feature-extraction", pooling: family.pooling });

  function spaceOf(dimension: number): string {
    const { model, revision = "main", dtype = "fp32" } = options;
    const parts = [REVISION, model, revision, dtype, dimension, "unit length", family];
    return `model-${createHash("sha256").update(JSON.stringify(parts)).digest("hex").slice(0, 16)}`;
  }

  return {
    name: "transformers",
    async embed(texts, kind, context) {
      const speaking = texts.flatMap((text, at) => (SAYS_SOMETHING.test(text) ? [at] : []));
      const prefixed = speaking.map((at) => family[kind] + (texts[at] ?? "").slice(0, LONGEST_TEXT));
      const { width, rows } = await host.run({ texts: prefixed, urgent: kind === "query" }, context);
      checkVectors(rows, { count: prefixed.length, dimension: width });
      const vectors: (Float32Array | undefined)[] = texts.map(() => undefined);
      for (const [index, at] of speaking.entries()) vectors[at] = rows[index];
      return { space: spaceOf(width), vectors };
    },
    probe: (context) => host.probe(context),
    close: () => host.close(),
  };
}
