import type { LlmConfig, ModelConfig } from "../config/llm.ts";
import { callers } from "../config/llm-variables.ts";

/** What is allowed and still not what somebody wants who counts on a fallback. */
export interface ChainFinding {
  /** `warning`: the chain does less than it looks; `note`: worth knowing. */
  readonly severity: "warning" | "note";
  readonly text: string;
}

export interface ChainLimits {
  /** Longest turn in ms. */
  readonly deadlineMs: number;
  /** Keys of models, only ever compared with each other; undefined: none. */
  readonly keyOf: (model: string) => string | undefined;
}

const SMALL = "small";

/** Looks at the models, their order, their limits and who may ask them. Empty: nothing to say. */
export function lintChain(llm: LlmConfig, limits: ChainLimits): readonly ChainFinding[] {
  if (llm.models.length === 0) return [];
  return [
    ...sameTwice(llm, limits),
    ...onePlace(llm),
    ...alone(llm),
    ...smallerWindows(llm),
    ...neverTried(llm),
    ...tooSlow(llm, limits),
    ...unreachable(llm),
    ...withoutSmall(llm),
    ...withoutPrice(llm),
  ];
}

const warning = (text: string): ChainFinding => ({ severity: "warning", text });
const note = (text: string): ChainFinding => ({ severity: "note", text });
const namesOf = (models: readonly ModelConfig[]) => models.map(({ name }) => name).join(", ");

/** Provider and address: what fails together. */
function placeOf({ provider, baseUrl }: ModelConfig): string {
  return baseUrl === undefined ? provider : new URL(baseUrl).host;
}

function sameTwice({ models }: LlmConfig, { keyOf }: ChainLimits): readonly ChainFinding[] {
  return models.flatMap((model, at) => {
    const twin = models
      .slice(0, at)
      .find((earlier) =>
        [
          earlier.provider === model.provider,
          earlier.baseUrl === model.baseUrl,
          earlier.model === model.model,
          keyOf(earlier.name) === keyOf(model.name),
        ].every(Boolean),
      );
    return twin
      ? [warning(`${model.name} is ${twin.name} once more: same endpoint, model and key; what fails one fails both`)]
      : [];
  });
}

function onePlace({ models }: LlmConfig): readonly ChainFinding[] {
  const places = new Set(models.map(placeOf));
  const [place] = places;
  if (models.length < 2 || places.size > 1) return [];
  return [note(`all models are at ${place}: when it is away, all of them are`)];
}

/** Lists of one model behind which nobody stands. */
function alone({ models, fallback, tiers }: LlmConfig): readonly ChainFinding[] {
  if (fallback !== "none") return [];
  const lists = tiers.length > 0 ? tiers : [{ name: null, models: models.map(({ name }) => name) }];
  return lists
    .filter((list) => list.models.length === 1)
    .map(({ name, models: [only] }) => {
      const where = name === null ? "" : `tier ${name}: `;
      return warning(`${where}${only} is the only model and LLM_FALLBACK is none: when it fails, turns get 503`);
    });
}

function smallerWindows({ models }: LlmConfig): readonly ChainFinding[] {
  const [first, ...rest] = models;
  const window = first?.contextWindow;
  if (first === undefined || window === undefined) return [];
  return rest
    .filter(({ contextWindow }) => contextWindow !== undefined && contextWindow < window)
    .map(({ name, contextWindow }) =>
      warning(
        `${name} reads ${contextWindow} tokens and ${first.name} ${window}: it cannot take over the longest prompts`,
      ),
    );
}

function neverTried({ models, tiers, maxAttempts }: LlmConfig): readonly ChainFinding[] {
  const longest = Math.max(...(tiers.length > 0 ? tiers.map((tier) => tier.models.length) : [models.length]));
  if (maxAttempts >= longest) return [];
  return [
    note(
      `MAX_ATTEMPTS is ${maxAttempts} and there are ${longest} models: one call does not try the last ${longest - maxAttempts}`,
    ),
  ];
}

function tooSlow({ models, maxAttempts }: LlmConfig, { deadlineMs }: ChainLimits): readonly ChainFinding[] {
  const tried = models.slice(0, maxAttempts);
  const waits = tried.reduce((sum, { firstTokenMs }) => sum + firstTokenMs, 0);
  if (waits <= deadlineMs) return [];
  const text = `${namesOf(tried)} may wait ${waits / 1_000} s for their first tokens and a turn has ${deadlineMs / 1_000} s`;
  return [warning(`${text}: the last ones get less than their limit`)];
}

function unreachable({ models, tiers, callers: lists }: LlmConfig): readonly ChainFinding[] {
  const everyList = callers.map((caller) => lists[caller]);
  return models.flatMap(({ name }) => {
    if (everyList.every((list) => list !== undefined && !list.includes(name))) {
      return [warning(`${name} is in no list of LLM_CALLERS: nobody asks it`)];
    }
    if (tiers.length === 0 || tiers.some((tier) => tier.models.includes(name))) return [];
    return [note(`${name} is in no tier: only keys without a tier use it`)];
  });
}

function withoutSmall({ models, tiers }: LlmConfig): readonly ChainFinding[] {
  if (!models.some(({ name }) => name === SMALL)) return [];
  return tiers
    .filter((tier) => !tier.models.includes(SMALL))
    .map(({ name }) => note(`tier ${name} has no ${SMALL} model: its simple work goes to the large ones`));
}

function withoutPrice({ models }: LlmConfig): readonly ChainFinding[] {
  const unknown = models.filter(({ price }) => price === null);
  if (unknown.length === 0 || unknown.length === models.length) return [];
  return [note(`no price is given for ${namesOf(unknown)}: cost is counted for the others only`)];
}
