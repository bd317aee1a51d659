import type { BaseMessage } from "@langchain/core/messages";
import type { Clock } from "../fallbacks/core/clock.ts";
import { type CallContext, createContext, createTrail } from "../fallbacks/core/context.ts";
import { nobodyLeaves } from "../fallbacks/core/deadline.ts";
import { asLayerError, type ErrorClass, LayerError } from "../fallbacks/core/errors.ts";
import type { Layer } from "../fallbacks/core/layer.ts";
import type { Explained, Needs } from "../fallbacks/core/selection.ts";
import { tokensOf } from "./content.ts";
import { type FailoverAttempt, FailoverError } from "./failover-error.ts";
import type { Member } from "./member.ts";
import { NO_MODEL } from "./members.ts";

export interface CallInput {
  readonly layer: Layer<Member>;
  readonly clock: Clock;
  readonly messages: readonly BaseMessage[];
  readonly tools: boolean;
  /** What comes is given to the reader while it is written. */
  readonly shown: boolean;
  /** It comes in one piece. */
  readonly whole?: boolean;
  /** Something has been given out. */
  readonly committed?: () => boolean;
  /** Milliseconds for all of it. */
  readonly deadlineMs: number;
  /** Of the caller, who may go away. */
  readonly signal: AbortSignal | undefined;
  /** Of the reader of a stream, who may leave it. */
  readonly reader?: AbortSignal;
  /** Tokens that have room in every model. */
  readonly smallestWindow: number;
}

/** One call of the `FailoverChatModel`, which may be several of models. */
export interface FailoverCall {
  /** @throws {LayerError} that `failure` puts into the words of the whole call. */
  use<T>(
    ask: (member: Member, context: CallContext) => Promise<T>,
  ): Promise<{ readonly value: T; readonly by: string }>;
  /** The calls of models so far that have ended. */
  readonly attempts: readonly FailoverAttempt[];
  /** What to throw: the reason of a caller who has gone, else a {FailoverError}. `partial`: something has been given out. */
  failure(thrown: unknown, partial: boolean): Error;
}

export function createFailoverCall(input: CallInput): FailoverCall {
  const {
    layer,
    clock,
    messages,
    tools,
    shown,
    whole = false,
    committed = () => false,
    deadlineMs,
    signal,
    reader,
    smallestWindow,
  } = input;
  const attempts: FailoverAttempt[] = [];
  let startedAt = clock.now();
  let last: LayerError | undefined;
  let exhausted = false;

  const signals = [signal, reader].filter((one) => one !== undefined);
  const needs: Needs = { tools, shown, whole, committed, tokens: () => tokensOf(messages, smallestWindow) };
  const context = createContext({
    clock,
    requestId: "failover",
    deadlineMs,
    signal: signals.length > 1 ? AbortSignal.any(signals) : (signals[0] ?? nobodyLeaves),
    trail: {
      ...createTrail(),
      attempt({ by, errorClass }) {
        // Nobody was asked: the port that says that no model is left. A call that its caller ended tells nothing of the model.
        exhausted = by === NO_MODEL;
        if (by === NO_MODEL || errorClass === "aborted") return;
        attempts.push({ model: by, error_class: errorClass, ms: Math.round(clock.now() - startedAt) });
      },
    },
  });

  /** Why nobody could answer, once the models that could be asked have been. */
  function outcome() {
    const said = attempts.at(-1)?.error_class;
    if (said) return { errorClass: said, passed: [] };
    const rows = layer.explain({ step: null, tier: null, needs, remainingMs: context.deadline.remaining() });
    const models = rows.filter(({ port }) => port !== NO_MODEL);
    return {
      errorClass: classOf(models, layer),
      passed: models.map(({ port, verdict }) => `${port}: ${verdict.replaceAll("_", " ")}`),
    };
  }

  return {
    attempts,
    use: (ask) =>
      layer.use(
        async (member, context) => {
          if (member.name === NO_MODEL) {
            // What is wrong with the call itself is no outage.
            const errorClass = aboutTheCall.has(outcome().errorClass) ? "invalid_request" : "server";
            throw new LayerError(errorClass, "no model could answer");
          }
          startedAt = clock.now();
          try {
            return await ask(member, context);
          } catch (thrown) {
            last = asLayerError(thrown);
            throw thrown;
          }
        },
        context,
        needs,
      ),
    failure(thrown, partial) {
      const gone = signal?.aborted === true;
      if (gone && !isTimeout(signal.reason)) return asError(signal.reason);
      const error = asLayerError(thrown);
      const unsuited = attempts.length === 0 && aboutTheCall.has(error.errorClass);
      const nobody = exhausted || partial || unsuited ? outcome() : { errorClass: error.errorClass, passed: [] };
      const errorClass = gone ? "timeout" : nobody.errorClass;
      const tried = attempts.map(({ model, error_class, ms }) => `${model}: ${error_class} after ${ms} ms`);
      const words = last?.errorClass === errorClass ? last.message : error.message;
      const head = partial ? "the answer broke off" : "no model answered";
      const why = [...tried, ...nobody.passed].join(", ");
      return new FailoverError(
        `${head}${why === "" ? "" : ` (${why})`}${(exhausted || unsuited) && !last ? "" : `; ${words}`}`,
        {
          errorClass,
          attempts: [...attempts],
          retryAfterMs: error.retryAfterMs,
          partial,
          cause: last ?? error,
        },
      );
    },
  };
}

/** Of these no model is to blame, so that no model is away. */
const aboutTheCall: ReadonlySet<ErrorClass> = new Set([
  "context_overflow",
  "invalid_request",
  "content_filtered",
  "schema_invalid",
]);

/** Why nobody was asked: no model suits the call, or what they failed of before. */
function classOf(models: readonly Explained[], layer: Layer<Member>): ErrorClass {
  const able = models.filter(({ verdict }) => verdict !== "window" && verdict !== "ability");
  if (able.length === 0)
    return models.some(({ verdict }) => verdict === "window") ? "context_overflow" : "invalid_request";
  const { candidates } = layer.status();
  const failed = candidates.find(
    ({ name, lastErrorClass }) => lastErrorClass && able.some(({ port }) => port === name),
  );
  return failed?.lastErrorClass ?? "server";
}

function isTimeout(reason: unknown): boolean {
  return reason instanceof Error && reason.name === "TimeoutError";
}

function asError(reason: unknown): Error {
  return reason instanceof Error ? reason : new LayerError("aborted", String(reason));
}
