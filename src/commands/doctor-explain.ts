import { tierOf } from "../accounts/tiers.ts";
import { createApp } from "../app.ts";
import type { Config } from "../config/config.ts";
import { callers } from "../config/llm-variables.ts";
import { createLog } from "../log.ts";
import { type Terminal, UsageError } from "./command.ts";
import { readSettings, runningServer, type Settings } from "./settings.ts";

/** The words behind `doctor explain`, as they were written. */
export interface ExplainWords {
  readonly step?: string | undefined;
  readonly tier?: string | undefined;
  readonly tokens?: string | undefined;
  readonly url?: string | undefined;
}

interface Asked {
  readonly step: string;
  readonly tier: string | undefined;
  readonly tokens: number;
}

interface Verdict {
  readonly name: string;
  readonly verdict: string;
  readonly in_ms: number | null;
}

interface Explanation {
  readonly models: readonly Verdict[];
  readonly would_serve: string | null;
}

const meanings: Readonly<Record<string, string>> = {
  serves: "is asked first",
  stands_by: "is asked when those before it fail",
  window: "its window is too small",
  ability: "cannot do what the call needs",
  not_listed: "is not in the list of this caller or tier",
  open: "its breaker is open",
  cooldown: "asked for a pause",
  parked: "refuses its key, its account or its model: somebody has to act",
  forced: "was taken out by an operator",
  too_little_time: "too little time is left",
};

/**
 * Prints which model would answer such a call, and why the others would not, without calling one: from a running server, or, where none
 * runs, from the configuration alone. @returns the exit code. @throws {UsageError} for words that are off.
 */
export async function explainChain(words: ExplainWords, terminal: Terminal): Promise<number> {
  const { step = "compose", tier, url: given } = words;
  const asked = { step, tier, tokens: numberOf(words.tokens ?? "0") };
  if (!callers.some((name) => name === step)) {
    throw new UsageError(`--step: "${step}" is none; there are: ${callers.join(", ")}`);
  }
  if (given !== undefined && !URL.canParse(given)) throw new UsageError(`--url: "${given}" is not a URL`);
  const settings = readSettings();
  const url = given ?? runningServer(settings.config);
  const { models, would_serve } = await (url ? askServer(url, asked, settings) : askConfiguration(asked, settings));
  const source = url ?? "From the configuration, as if nothing had failed yet";
  terminal.out(`${source}: ${step}${tier === undefined ? "" : `, tier ${tier}`}`);
  for (const { name, verdict, in_ms } of models) {
    const wait = in_ms === null ? "" : `, for ${Math.ceil(in_ms / 1_000)} s more`;
    terminal.out(
      `${name === would_serve ? "->" : "  "} ${name.padEnd(16)} ${verdict.padEnd(16)} ${meanings[verdict] ?? ""}${wait}`.trimEnd(),
    );
  }
  return would_serve === null ? 1 : 0;
}

function numberOf(text: string): number {
  if (/^\d{1,9}$/.test(text)) return Number(text);
  throw new UsageError(`--tokens: "${text}" is not a whole number from 0 to 999999999`);
}

async function askServer(url: string, words: Asked, { secrets }: Settings): Promise<Explanation> {
  const { step, tier, tokens } = words;
  const search = new URLSearchParams({ step, tokens: String(tokens), ...(tier !== undefined && { tier }) });
  const key = secrets.clientKey;
  const response = await fetch(new URL(`/api/v1/admin/router/explain?${search.toString()}`, url), {
    headers: key === undefined ? {} : { authorization: `Bearer ${key}` },
  }).catch((cause: unknown) => {
    throw new Error(`${url} does not answer`, { cause });
  });
  if (response.ok) return (await response.json()) as Explanation;
  const { detail } = (await response.json().catch(() => ({}))) as { readonly detail?: string };
  throw new Error(`${url} answered ${response.status}: ${detail ?? "no reason given"}`);
}

async function askConfiguration({ step, tier, tokens }: Asked, { config, secrets }: Settings): Promise<Explanation> {
  const known = tierIn(config, tier);
  const own = { ...config, store: { provider: "memory" }, sampleKnowledge: false } as const;
  const app = await createApp(own, secrets, { log: createLog("silent") });
  try {
    const rows = app.layers.llm.explain({
      step,
      tier: known,
      remainingMs: config.limits.deadlineMs,
      needs: { tokens: () => tokens },
    });
    return {
      models: rows.map(({ port, verdict, inMs }) => ({ name: port, verdict, in_ms: inMs })),
      would_serve: rows.find(({ verdict }) => verdict === "serves")?.port ?? null,
    };
  } finally {
    await app.close();
  }
}

/** @throws {UsageError} */
function tierIn({ llm }: Config, tier: string | undefined): string | null {
  try {
    return tierOf({ key: null, asked: tier, tiers: llm.tiers.map(({ name }) => name) });
  } catch (error) {
    throw error instanceof RangeError ? new UsageError(`--${error.message}`) : error;
  }
}
