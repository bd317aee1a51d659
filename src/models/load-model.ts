import { existsSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { classify, embed } from "./inference.ts";
import { revisionFolder } from "./model-cache.ts";
import type { Batch, LoadPlan, Rows } from "./protocol.ts";
import { importVendor, type Model, type Vendor } from "./vendor.ts";

type Fetch = (url: string | URL, init?: RequestInit) => Promise<Response>;

export interface LoadedModel {
  /** Numbers in a row. */
  readonly width: number;
  run(batch: Batch): Promise<Rows>;
}

/** The attention of longer texts costs memory by the square, and passages are shorter. */
const MOST_TOKENS = 512;

/**
 * Loads a model from one source and tries it on a word. Runs in the process of the model, where everything may block.
 * @throws whatever the library throws; `describeFailure` gives it a class.
 */
export async function loadModel(
  plan: LoadPlan,
  fetch: Fetch,
  load: () => Promise<Vendor> = importVendor,
): Promise<LoadedModel> {
  const vendor = await load();
  const name = configure(vendor, plan, fetch);
  const embeds = plan.kind === "feature-extraction";
  const loader = embeds ? vendor.AutoModel : vendor.AutoModelForSequenceClassification;
  // Before the others: without it, an absent model is "not found"; a tokenizer that is not there is a TypeError.
  const config = await vendor.AutoConfig.from_pretrained(name);
  const [tokenizer, model] = await Promise.all([
    vendor.AutoTokenizer.from_pretrained(name),
    loader.from_pretrained(name, { config, dtype: plan.dtype, device: "cpu", session_options: sessionOptions() }),
  ]);
  const parts = {
    vendor,
    tokenizer,
    model,
    limit: Math.min(MOST_TOKENS, tokenizer.model_max_length, positionsOf(model)),
  };
  const run = (batch: Batch) => (embeds ? embed(parts, plan.pooling, batch.texts) : classify(parts, batch));
  const { width } = await run({ texts: ["probe"], pairs: ["probe"] });
  return { width, run };
}

/** Sets up the library's one global environment, and tells by what name the model is known there. */
function configure({ env, LogLevel }: Vendor, { source, model, revision }: LoadPlan, fetch: Fetch): string {
  // Whatever matters comes as an error; this process logs in lines of its own.
  env.logLevel = LogLevel.NONE;
  env.fetch = fetch;
  if (source.kind === "local directory") {
    env.useFSCache = false;
    env.allowRemoteModels = false;
    env.allowLocalModels = true;
    env.localModelPath = source.directory;
    // The directory may be the model's own.
    return existsSync(join(source.directory, "config.json")) ? source.directory : model;
  }
  env.allowLocalModels = false;
  // The library looks up some files of `main` whatever the revision is, so the revision is part of where it looks.
  env.cacheDir = revisionFolder(source.cacheDirectory, revision);
  env.remotePathTemplate = `{model}/resolve/${encodeURIComponent(revision)}/`;
  if (source.kind !== "cache") env.remoteHost = source.url;
  return model;
}

/** One core stays free for the server, and threads without work do not spin. */
function sessionOptions() {
  return {
    intraOpNumThreads: Math.max(1, availableParallelism() - 1),
    interOpNumThreads: 1,
    extra: { session: { intra_op: { allow_spinning: "0" } } },
  };
}

function positionsOf(model: Model): number {
  const positions: unknown = Reflect.get(model.config, "max_position_embeddings");
  return typeof positions === "number" && positions > 0 ? positions : Number.POSITIVE_INFINITY;
}
