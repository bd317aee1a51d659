import type { LayerError } from "../core/errors.ts";
import type { Needs, Select, Unsuitable } from "../core/selection.ts";
import type { ChatModel } from "./port.ts";
import { outputLimit } from "./tokens.ts";

/** Which models whom may ask, by their configured names. */
export interface ModelRoutes {
  /** The models of each tier in order; a caller whose tier is not among them may use all models. */
  readonly tiers: readonly { readonly name: string; readonly models: readonly string[] }[];
  /** The models that a step of the conversation asks, in order, as far as the tier has them. */
  readonly callers: Readonly<Partial<Record<string, readonly string[]>>>;
  /** The model that a step without a list asks before the others, if its tier has it. */
  readonly prefers: Readonly<Partial<Record<string, string>>>;
}

/**
 * The order in which a call asks the models: those of its step's list that its tier may use; without a list, or with none left
 * of it, those of the tier. Of these, models whose window cannot hold the prompt or that lack an ability are passed over.
 */
export function createModelSelect({ tiers, callers, prefers }: ModelRoutes): Select<ChatModel> {
  return (models, needs, { step, tier }) => {
    const known = new Map(models.map((model) => [model.name, model]));
    const allowed = tiers.find(({ name }) => name === tier)?.models ?? [...known.keys()];
    const own = (callers[step ?? ""] ?? []).filter((name) => allowed.includes(name));
    const preferred = allowed.filter((name) => name === prefers[step ?? ""]);
    const listed = [...(own.length > 0 ? own : new Set([...preferred, ...allowed]))].flatMap(
      (name) => known.get(name) ?? [],
    );
    // A prompt is measured at most once, and only where a window is known.
    let tokens: number | undefined;
    const measure = () => (tokens ??= needs.tokens?.() ?? 0);
    const choices = listed.map((port) => ({ port, ...mark(unsuitable(port, needs, measure)) }));
    const others = models.filter((model) => !listed.includes(model));
    return [...choices, ...others.map((port) => ({ port, ...mark("not_listed") }))];
  };
}

function unsuitable({ traits }: ChatModel, needs: Needs, tokens: () => number): Unsuitable | undefined {
  if (!traits) return undefined;
  if ((needs.tools === true && !traits.tools) || (needs.json === true && !traits.json)) return "ability";
  const { contextWindow } = traits;
  if (contextWindow === undefined) return undefined;
  // The reply needs its part of the window too.
  return tokens() > contextWindow - outputLimit(contextWindow, contextWindow) ? "window" : undefined;
}

function mark(unsuitable: Unsuitable | undefined): { readonly unsuitable?: Unsuitable } {
  return unsuitable === undefined ? {} : { unsuitable };
}

export function mayHelp(error: LayerError, failed: ChatModel, next: ChatModel): boolean {
  return mayFit(error, failed.traits?.contextWindow, next.traits?.contextWindow);
}

/**
 * A prompt that was too long for one model is not sent to another whose window is known to be no larger.
 * @param failed tokens of the window of the model that gave the error, and `next` of the other one; undefined: not known.
 */
export function mayFit({ errorClass }: LayerError, failed: number | undefined, next: number | undefined): boolean {
  return errorClass !== "context_overflow" || failed === undefined || next === undefined || next > failed;
}
