import type { Config } from "../config/config.ts";
import type { Secrets } from "../config/secrets.ts";
import { createHttpBusiness } from "../fallbacks/business/http.ts";
import type { Clock } from "../fallbacks/core/clock.ts";
import { createTransformersEmbeddings } from "../fallbacks/embeddings/transformers.ts";
import { createCrossEncoderReranker } from "../fallbacks/reranker/cross-encoder.ts";
import { createRedisStore } from "../fallbacks/store/redis.ts";
import { createLangfuseTracing } from "../fallbacks/tracing/langfuse.ts";
import { createChromaVectors } from "../fallbacks/vectors/chroma.ts";
import type { FirstPorts } from "./layers.ts";

export interface RemoteDeps {
  readonly config: Config;
  readonly secrets: Secrets;
  readonly clock: Clock;
  /** Hears of what must not pass unseen although the answers go on. */
  readonly alarm: (fields: object, message: string) => void;
}

/** The ports that somebody configured, besides models, to go before the local ones. Making them opens nothing. */
export function createRemotePorts({ config, secrets, clock, alarm }: RemoteDeps): FirstPorts {
  const { embeddings, reranker, vectors, business, tracing } = config;
  const files = { ...config.modelFiles, clock };
  return {
    ...(embeddings && { embeddings: [createTransformersEmbeddings({ ...files, model: embeddings.model })] }),
    ...(reranker && { reranker: [createCrossEncoderReranker({ ...files, model: reranker.model })] }),
    ...(vectors.provider === "chroma" && {
      vectors: [createChromaVectors({ url: vectors.url, clock, ...given({ token: secrets.chromaKey }) })],
    }),
    ...(secrets.redisUrl !== undefined && {
      store: [createRedisStore({ url: secrets.redisUrl, clock, onWarning: (text) => alarm({ layer: "store" }, text) })],
    }),
    ...(business.provider === "http" && {
      business: [
        createHttpBusiness({
          baseUrl: business.baseUrl,
          timeoutMs: business.timeoutMs,
          clock,
          ...given({ apiKey: secrets.businessKey }),
          onForeign: (fields) => alarm(fields, "the business system returned somebody else's record; it was dropped"),
        }),
      ],
    }),
    ...(tracing &&
      secrets.langfuse && {
        tracing: [
          createLangfuseTracing({
            ...secrets.langfuse,
            baseUrl: tracing.baseUrl,
            clock,
            onDrop: (turns, reason) => alarm({ turns, reason }, "turns were not traced"),
          }),
        ],
      }),
  };
}

/** Without the members that are undefined. */
function given<T extends object>(members: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]?: Exclude<T[K], undefined>;
  };
}
