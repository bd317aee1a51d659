import { createHash } from "node:crypto";
import { homedir } from "node:os";
import { join } from "node:path";
import { setImmediate as nextTurn } from "node:timers/promises";
import type { Clock } from "../fallbacks/core/clock.ts";
import { createHashEmbeddings } from "../fallbacks/embeddings/hash.ts";
import { createTransformersEmbeddings, fingerprintOf } from "../fallbacks/embeddings/transformers.ts";
import { textIn } from "../fallbacks/llm/fields.ts";
import { requestTo } from "./degrading-embeddings-langchain.ts";
import type {
  DegradingEmbeddingsOptions,
  EmbeddingsLike,
  LangChainMember,
  LocalMember,
} from "./degrading-embeddings-options.ts";
import { createSpacePort, type SpacePort } from "./degrading-embeddings-port.ts";
import { NO_MODEL } from "./members.ts";
import { numberOf, wholeNumber } from "./policy.ts";

/** Embeddings with their limit of one request in ms. */
export interface MemberPort {
  readonly port: SpacePort;
  readonly timeoutMs: number;
}

const HUB = "https://huggingface.co";
/** Hashing one takes up to a millisecond, and it runs where everything else does. */
const HASHED_AT_ONCE = 8;
const HASH = "hash";

/**
 * A port for each of the embeddings that the user gave, and for the hash.
 * @param dimensions by fingerprint: who gives the first vector of a space, or names it in full, decides.
 * @throws {RangeError} for what is none, an empty list, equal names, and values out of range.
 */
export function createMemberPorts(
  options: DegradingEmbeddingsOptions,
  clock: Clock,
  dimensions: Map<string, number>,
): readonly MemberPort[] {
  const taken = new Set<string>([NO_MODEL]);
  const given: readonly unknown[] = Array.isArray(options.embeddings) ? options.embeddings : [];
  const members = given.map((entry, index): MemberPort => {
    const place = `embeddings[${index}].`;
    const member = memberOf(entry, place);
    const name = nameFor(member, taken, `${place}name`);
    taken.add(name);
    const batchSize = batchSizeOf(member.batchSize ?? options.batchSize, place);
    const timeoutMs = numberOf("timeoutMs", member, place, options);
    const shared = { name, dimensions, batchSize, label: labelOf(member.space, place) };
    const port = "model" in member ? localPort(member, shared, clock) : langChainPort(member, shared, clock);
    return { port, timeoutMs };
  });
  const { hash = true } = options;
  if (hash === false) {
    if (members.length === 0)
      throw new RangeError("embeddings: nothing is given; without the hash it takes one or more");
    return members;
  }
  if (taken.has(HASH))
    throw new RangeError(`embeddings: the name "${HASH}" is that of the feature hash; it takes another one`);
  return [
    ...members,
    { port: hashPort(hash === true ? {} : hash, dimensions), timeoutMs: numberOf("timeoutMs", options) },
  ];
}

interface Shared {
  readonly name: string;
  readonly dimensions: Map<string, number>;
  readonly batchSize: number;
  /** What the user calls the space. */
  readonly label: string | undefined;
}

function localPort(member: LocalMember, { label, ...shared }: Shared, clock: Clock): SpacePort {
  const { name: _name, space: _space, timeoutMs: _timeoutMs, batchSize: _batchSize, hubUrl = HUB, ...rest } = member;
  const { cacheDirectory = join(homedir(), ".cache", "understudy", "models") } = member;
  const model = createTransformersEmbeddings({ ...rest, cacheDirectory, hubUrl: hubUrl ?? undefined, clock });
  return createSpacePort({
    ...shared,
    fingerprint: label === undefined ? `local-${fingerprintOf(member)}` : named(label),
    isBlank: () => false,
    request: async (texts, kind, context) => (await model.embed(texts, kind, context)).vectors,
    // Nothing is embedded, and yet a model that is not there says so.
    ready: async (context) => void (await model.embed([], "query", context)),
    probe: async (context) => model.probe?.(context),
    close: async () => model.close?.(),
  });
}

function langChainPort({ embeddings }: LangChainMember, { label, ...shared }: Shared, clock: Clock): SpacePort {
  const { name } = shared;
  const { model, modelName, dimensions } = Object(embeddings) as Fields;
  const identity = [embeddings.constructor.name, name, model ?? modelName ?? null, dimensions ?? null];
  return createSpacePort({
    ...shared,
    fingerprint: label === undefined ? `langchain-${digestOf(identity)}` : named(label),
    // Providers refuse empty texts, each in its own way.
    isBlank: (text) => text.trim() === "",
    request: requestTo(name, embeddings, clock),
  });
}

function hashPort(options: { readonly dimension?: number }, dimensions: Map<string, number>): SpacePort {
  const hash = createHashEmbeddings(options);
  const cut = hash.space.lastIndexOf("-");
  dimensions.set(hash.space.slice(0, cut), Number(hash.space.slice(cut + 1)));
  return createSpacePort({
    name: HASH,
    dimensions,
    fingerprint: hash.space.slice(0, cut),
    batchSize: HASHED_AT_ONCE,
    isBlank: () => false,
    async request(texts, kind, context) {
      if (kind === "document") await nextTurn();
      return (await hash.embed(texts, kind, context)).vectors;
    },
  });
}

type Fields = Readonly<Record<string, unknown>>;

function memberOf(entry: unknown, place: string): LangChainMember | LocalMember {
  if (isEmbeddings(entry)) return { embeddings: entry };
  const fields = (typeof entry === "object" && entry !== null ? entry : {}) as Partial<LangChainMember & LocalMember>;
  if (isEmbeddings(fields.embeddings)) return fields as LangChainMember;
  if (typeof fields.model === "string" && fields.embeddings === undefined) return fields as LocalMember;
  throw new RangeError(
    `${place}embeddings: ${describe(fields.embeddings ?? entry)} is neither LangChain embeddings nor has it a model's id`,
  );
}

/** Not by its class, since the caller may have another copy of the package. */
function isEmbeddings(value: unknown): value is EmbeddingsLike {
  if (typeof value !== "object" || value === null) return false;
  const { embedDocuments, embedQuery } = value as Fields;
  return typeof embedDocuments === "function" && typeof embedQuery === "function";
}

function describe(value: unknown): string {
  return typeof value === "object" && value !== null ? (value.constructor?.name ?? "an object") : String(value);
}

/** The name that was given, else that of the model, with a number if others have it already. */
function nameFor(member: LangChainMember | LocalMember, taken: ReadonlySet<string>, field: string): string {
  const { name: given } = member;
  if (given !== undefined) {
    if (typeof given === "string" && given !== "" && !taken.has(given)) return given;
    throw new RangeError(
      `${field}: ${JSON.stringify(given)} is empty, taken or "${NO_MODEL}"; it takes any other name`,
    );
  }
  const { model, modelName } = Object("embeddings" in member ? member.embeddings : member) as Fields;
  const own = textIn(model) ?? textIn(modelName) ?? ("embeddings" in member ? member.embeddings.constructor.name : "");
  for (let number = 1; ; number += 1) {
    const unique = number === 1 ? own : `${own}#${number}`;
    if (!taken.has(unique)) return unique;
  }
}

function batchSizeOf(value: number | undefined, place: string): number {
  return wholeNumber(`${place}batchSize`, value ?? 64, 1, 2_048);
}

function labelOf(value: unknown, place: string): string | undefined {
  if (value === undefined || (typeof value === "string" && value !== "")) return value;
  throw new RangeError(`${place}space: ${JSON.stringify(value)} is not allowed; it takes a text that is not empty`);
}

const named = (label: string) => `named-${digestOf(label)}`;

const digestOf = (value: unknown) => createHash("sha256").update(JSON.stringify(value)).digest("hex").slice(0, 16);
