import { asLayerError, LayerError } from "../fallbacks/core/errors.ts";
import { type Attempt, type AttemptOptions, attemptLoad } from "./load-attempt.ts";
import type { ModelCache } from "./model-cache.ts";
import type { LoadFailure, LoadPlan, Source } from "./protocol.ts";

export type LoadedProcess = Extract<Attempt, { ok: true }>;

/** Behind the reason of a failure that fetching the files again has not mended. */
const KEPT = "(the files were fetched anew within the last hour; they are fetched again after it)";
/** A model that cannot be built although its files are whole must not be fetched at every attempt. */
const CLEARED_AGAIN_MS = 3_600_000;

interface Failed {
  readonly source: Source["kind"];
  readonly failure: LoadFailure;
}

/**
 * Tries the sources in order, each with its own limits, each attempt in a fresh process: after a failure the library may
 * repeat old errors. The first load in which files cannot be read deletes them from the cache; if they came from it, the
 * source is asked once more. Later loads keep them, and so does a load from the cache alone: a model that cannot be built
 * would be downloaded again at every load, and an only copy would be lost.
 * @throws {LayerError} `missing` when the model is nowhere; else of the first source that failed in another way.
 */
export async function loadFromSources(
  plan: Omit<LoadPlan, "source">,
  sources: readonly Source[],
  cache: ModelCache,
  options: AttemptOptions,
): Promise<LoadedProcess> {
  const failures: Failed[] = [];
  const { clearedAt } = cache;
  const mayClear = clearedAt === undefined || options.clock.now() - clearedAt >= CLEARED_AGAIN_MS;
  for (const source of sources) {
    const attempt = await attemptAndMend({ ...plan, source }, cache, mayClear, options);
    if (attempt.ok) return attempt;
    failures.push({ source: source.kind, failure: attempt.failure });
    if (attempt.failure.final || options.signal.aborted) break;
  }
  throw summary(plan.model, failures);
}

async function attemptAndMend(
  plan: LoadPlan,
  cache: ModelCache,
  mayClear: boolean,
  options: AttemptOptions,
): Promise<Attempt> {
  if (plan.source.kind === "local directory") return attemptLoad(plan, options);
  try {
    await cache.sweep();
    const fromCache = await cache.hasFiles();
    const first = await attemptLoad(plan, options);
    if (first.ok || first.failure.errorClass !== "bad_response" || plan.source.kind === "cache") return first;
    if (!mayClear) return { ...first, failure: { ...first.failure, message: `${first.failure.message} ${KEPT}` } };
    await cache.clear(options.clock.now());
    if (!fromCache) return first;
    const second = await attemptLoad(plan, options);
    if (!second.ok && second.failure.errorClass === "bad_response") await cache.clear(options.clock.now());
    return second;
  } catch (error) {
    const { message } = asLayerError(error);
    return {
      ok: false,
      failure: { errorClass: "server", message: `the cache cannot be used: ${message}`, final: false },
    };
  }
}

function summary(model: string, failures: readonly Failed[]): LayerError {
  const decisive = failures.find(({ failure }) => failure.final || failure.errorClass !== "missing");
  if (!decisive) {
    return new LayerError(
      "missing",
      `the model "${model}" was not found at ${listed(failures.map(({ source }) => source))}`,
    );
  }
  if (decisive.failure.final) return new LayerError("missing", decisive.failure.message);
  const reasons = failures.map(({ source, failure }) => `${source}: ${failure.message}`);
  return new LayerError(decisive.failure.errorClass, `the model "${model}" was not loaded; ${reasons.join("; ")}`);
}

function listed(names: readonly string[]): string {
  if (names.length === 0) return "any place: none is configured";
  return names.length === 1 ? names.join() : `${names.slice(0, -1).join(", ")} or ${names.at(-1)}`;
}
