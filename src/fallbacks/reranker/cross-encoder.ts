import { createModelHost, type ModelHost, type ModelHostOptions } from "../../models/model-host.ts";
import { LayerError } from "../core/errors.ts";
import type { Reranker } from "./port.ts";

export interface CrossEncoderRerankerOptions extends Omit<ModelHostOptions, "kind" | "pooling"> {
  /** For tests: makes the host of the model. */
  readonly createHost?: (options: ModelHostOptions) => ModelHost;
}

/** More is beyond what any model reads. */
const LONGEST_TEXT = 16_384;

/**
 * Reranks by a model that reads question and text together, in a process of its own. A score is the sigmoid of the model's
 * one logit. `loading` until the model is there.
 * @throws {RangeError} when the model's id or an address cannot be one.
 */
export function createCrossEncoderReranker(options: CrossEncoderRerankerOptions): Reranker {
  const { createHost = createModelHost, ...rest } = options;
  const host = createHost({ ...rest, kind: "text-classification" });
  return {
    name: "cross-encoder",
    async score(query, texts, context) {
      const question = query.slice(0, LONGEST_TEXT);
      const pairs = texts.map((text) => text.slice(0, LONGEST_TEXT));
      const { width, rows } = await host.run({ texts: pairs.map(() => question), pairs, urgent: true }, context);
      if (width !== 1) throw bad(`${width} classes for a pair: that is no reranker, which has one`);
      if (rows.length !== texts.length) throw bad(`${rows.length} scores for ${texts.length} texts`);
      return rows.map(scoreOf);
    },
    probe: (context) => host.probe(context),
    close: () => host.close(),
  };
}

function scoreOf(row: Float32Array | undefined): number {
  const logit = row?.[0];
  if (logit === undefined || !Number.isFinite(logit)) throw bad(`the score ${logit}`);
  return 1 / (1 + Math.exp(-logit));
}

const bad = (what: string) => new LayerError("bad_response", `the reranker gave ${what}`);
