import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Served } from "./remote-services.ts";
import { tinyModel, writeLocal } from "./tiny-model.ts";

export type Urls = Readonly<Record<Served, string>>;

/** The variables that put a server before every layer that has one. */
export function remoteEnvironment(urls: Urls): Readonly<Record<string, string>> {
  return {
    LLM_MODEL: "fake",
    LLM_BASE_URL: urls.llm,
    LLM_TIMEOUT_SECONDS: "3",
    CHROMA_URL: urls.vectors,
    REDIS_URL: urls.store,
    BUSINESS_API_BASE_URL: urls.business,
    BUSINESS_API_TIMEOUT_SECONDS: "2",
    LANGFUSE_BASE_URL: urls.tracing,
    LANGFUSE_PUBLIC_KEY: "pk-lf-fake",
    LANGFUSE_SECRET_KEY: "sk-lf-fake",
  };
}

/** Local models for search, made in a directory of their own. */
export async function localModels(): Promise<{
  readonly environment: Readonly<Record<string, string>>;
  remove(): Promise<void>;
}> {
  const directory = await mkdtemp(join(tmpdir(), "understudy-models-"));
  await writeLocal(directory, "tiny/embedding", tinyModel("embedding"));
  await writeLocal(directory, "tiny/reranker", tinyModel("cross-encoder"));
  return {
    environment: {
      EMBEDDING_MODEL: "tiny/embedding",
      RERANKER_MODEL: "tiny/reranker",
      EMBEDDING_LOCAL_DIR: directory,
      HF_HUB_OFFLINE: "1",
    },
    remove: () => rm(directory, { recursive: true, force: true }),
  };
}
