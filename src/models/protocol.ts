import type { ErrorClass } from "../fallbacks/core/errors.ts";

export type ModelKind = "feature-extraction" | "text-classification";

/** Which number format of the weights is loaded, by the names of transformers.js: it decides the file. */
export type Dtype = "fp32" | "fp16" | "q8" | "int8" | "uint8" | "q4";

/** How the vectors of a text's tokens become one: their mean, or the vector of the first, `[CLS]`. */
export type Pooling = "mean" | "cls";

/** A place that files come from. Remote files pass through the cache; `cache` has nothing but what it holds. */
export type Source =
  | {
      readonly kind: "hub" | "mirror";
      /** Ends with a slash; no credentials. */
      readonly url: string;
      readonly authorization?: string;
      readonly cacheDirectory: string;
    }
  | { readonly kind: "cache"; readonly cacheDirectory: string }
  | { readonly kind: "local directory"; readonly directory: string };

export interface LoadPlan {
  readonly kind: ModelKind;
  readonly model: string;
  readonly revision: string;
  readonly dtype: Dtype;
  readonly pooling: Pooling;
  readonly source: Source;
}

export interface Batch {
  readonly texts: readonly string[];
  /** For text classification: the second text of each pair. */
  readonly pairs?: readonly string[];
}

export type ToWorker =
  | { readonly type: "load"; readonly plan: LoadPlan }
  | { readonly type: "run"; readonly id: number; readonly batch: Batch };

/** Numbers of a batch: one row for each text, each `width` wide. */
export interface Rows {
  readonly width: number;
  readonly data: Float32Array;
  /** False for a text in which the tokenizer knows nothing: its row says nothing. */
  readonly usable: readonly boolean[];
}

/** A load that failed. */
export interface LoadFailure {
  readonly errorClass: ErrorClass;
  readonly message: string;
  /** No other source can help: it is the program that is not there. */
  readonly final: boolean;
}

export type FromWorker =
  | { readonly type: "download"; readonly id: number; readonly state: "started" | "ended" }
  | { readonly type: "bytes"; readonly id: number; readonly count: number }
  | { readonly type: "loaded"; readonly width: number }
  | ({ readonly type: "failed" } & LoadFailure)
  | ({ readonly type: "rows"; readonly id: number } & Rows)
  | { readonly type: "refused"; readonly id: number; readonly message: string };
