import type { BreakerStatus } from "./breaker.ts";
import type { Clock } from "./clock.ts";
import type { Episode } from "./episode.ts";
import type { ErrorClass, LayerError } from "./errors.ts";
import type { CandidateStatus, LayerName, LayerState, LayerStatus, Mode } from "./status.ts";

/** What a layer says of itself in words, by mode of its fallback. */
export interface LayerWords {
  /** One plain sentence for a user while a port of that mode serves. */
  readonly impact: Readonly<Partial<Record<Mode, string>>>;
  /** What a user notices although all is as configured; absent: nothing. */
  readonly asConfigured?: string;
  /** What a user notices when no port serves. */
  readonly down: string;
  /** What an operator should do while it is degraded or down. */
  readonly action: string;
}

/** Success and failure counts of a layer, kept from real calls, so that showing them costs nothing. */
export interface StatusRecord {
  success(evidence: "traffic" | "probe"): void;
  /** `final`: no port is left behind the one that failed. `standIn`: it is not the one whose error an operator looks for. */
  failure(
    error: LayerError,
    failed: { readonly evidence: "traffic" | "probe"; readonly final: boolean; readonly standIn: boolean },
  ): void;
  /** No port is left that serves. */
  down(): void;
  fallbackServed(): void;
  status(input: StatusInput): LayerStatus;
}

interface StatusInput {
  readonly layer: LayerName;
  readonly configured: boolean;
  readonly ports: readonly string[];
  readonly episode: Episode | undefined;
  readonly breaker: BreakerStatus | null;
  readonly candidates: readonly CandidateStatus[];
  readonly retryBudget: number | null;
  readonly words: LayerWords;
}

export function createStatusRecord(clock: Clock): StatusRecord {
  let evidence: LayerStatus["evidence"] = "config";
  let evidenceAt: number | undefined;
  let lastSuccess: Date | null = null;
  let lastError: { readonly errorClass: ErrorClass; readonly text: string; readonly at: Date } | undefined;
  let errors = 0;
  let fallbackAt: number | undefined;
  let downSince: Date | undefined;

  const age = (at: number | undefined) => (at === undefined ? null : Math.round((clock.now() - at) / 100) / 10);
  const note = (kind: "traffic" | "probe") => {
    evidence = kind;
    evidenceAt = clock.now();
  };

  return {
    success(kind) {
      note(kind);
      lastSuccess = clock.wall();
      downSince = undefined;
    },
    failure(error, { evidence: kind, final, standIn }) {
      note(kind);
      errors += 1;
      if (!standIn || !lastError) lastError = { errorClass: error.errorClass, text: error.message, at: clock.wall() };
      if (final) downSince ??= clock.wall();
    },
    down() {
      downSince ??= clock.wall();
    },
    fallbackServed() {
      fallbackAt = clock.now();
    },
    status({ episode, words, ...input }) {
      const [first] = input.candidates;
      const state = stateOf(downSince !== undefined, episode, first?.forced != null);
      return {
        ...input,
        state,
        by: episode?.by ?? input.ports[0] ?? "none",
        mode: episode?.mode ?? null,
        since: downSince ?? episode?.since ?? null,
        reason: episode?.reason ?? (downSince ? "error" : null),
        evidence,
        evidenceAgeS: age(evidenceAt),
        lastSuccess,
        lastError: lastError ? { errorClass: lastError.errorClass, text: lastError.text, count: errors } : null,
        cooldownUntil: first?.state === "cooldown" || first?.state === "parked" ? first.until : null,
        backlog: null,
        fallbackVerifiedAgeS: age(fallbackAt),
        impact: impactOf(state, episode, words),
        action: actionOf(state, episode, lastError?.text, words),
      };
    },
  };
}

function stateOf(down: boolean, episode: Episode | undefined, forced: boolean): LayerState {
  if (down) return "down";
  if (forced) return "forced";
  if (!episode) return "ok";
  return episode.reason === "recovering" ? "recovering" : "degraded";
}

/** Of a package or file that is missing, the error says what to install. */
function actionOf(state: LayerState, episode: Episode | undefined, error: string | undefined, words: LayerWords) {
  if (state === "ok" || state === "recovering") return "none";
  return episode?.reason === "missing" && error !== undefined ? error : words.action;
}

function impactOf(state: LayerState, episode: Episode | undefined, words: LayerWords): string {
  if (state === "down") return words.down;
  if (!episode) return words.asConfigured ?? "None.";
  return words.impact[episode.mode] ?? "None: the fallback is equal.";
}
