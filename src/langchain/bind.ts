import type { BaseChatModel, BindToolsInput } from "@langchain/core/language_models/chat_models";
import { RunnableBinding } from "@langchain/core/runnables";
import { isChatModel } from "./inside.ts";

type Fields = Readonly<Record<string, unknown>>;

/** A chat model with the call options that go with each of its calls. */
export interface Target {
  readonly model: BaseChatModel;
  readonly options: Fields;
}

/** What belongs to the run, and not to the request to the model. */
const ofTheRun: ReadonlySet<string> = new Set([
  "callbacks",
  "tags",
  "metadata",
  "runName",
  "configurable",
  "recursionLimit",
  "maxConcurrency",
  "runId",
  "timeout",
  "signal",
]);

/** The chat model in a runnable: itself, or the one that options were bound to. Undefined: there is none in it. */
export function targetOf(runnable: unknown): Target | undefined {
  if (isChatModel(runnable)) return { model: runnable, options: fieldsOf(runnable, "defaultOptions") };
  if (!(runnable instanceof RunnableBinding)) return undefined;
  const inner = targetOf(runnable.bound);
  const bound = { ...fieldsOf(runnable, "config"), ...fieldsOf(runnable, "kwargs") };
  return inner && { model: inner.model, options: { ...inner.options, ...requestOptions(bound) } };
}

/** The options of a request alone, without those that are undefined, which would hide a model's own. */
export function requestOptions(options: object): Fields {
  const kept: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(options)) if (value !== undefined && !ofTheRun.has(key)) kept[key] = value;
  return kept;
}

function fieldsOf(value: object, name: string): Fields {
  const fields = (value as Fields)[name];
  return typeof fields === "object" && fields !== null ? (fields as Fields) : {};
}

/** Gives tools to a model in the form that its provider wants; a list of tools is converted once. */
export function createToolBinder({ model, options }: Target): (tools: BindToolsInput[]) => Target {
  const known = new WeakMap<BindToolsInput[], Target>();
  return (tools) => {
    const before = known.get(tools);
    if (before) return before;
    const bound = targetOf(model.bindTools?.(tools));
    if (!bound) throw new TypeError(`${model.getName()}: its bindTools gives no chat model`);
    const target = { model: bound.model, options: { ...options, ...bound.options } };
    known.set(tools, target);
    return target;
  };
}
