import type { CallContext } from "../fallbacks/core/context.ts";
import { LayerError } from "../fallbacks/core/errors.ts";
import type { Port } from "../fallbacks/core/layer.ts";
import { checkVectors } from "../fallbacks/embeddings/check.ts";
import type { EmbedKind } from "../fallbacks/embeddings/port.ts";

/** A vector as its embeddings gave it. */
export type Vector = Float32Array | readonly number[];

/** The vectors of one call: all of one space, one for each text in order. */
export interface SpaceVectors {
  readonly space: string;
  /** Undefined: the text has nothing that could be embedded. */
  readonly vectors: readonly (Vector | undefined)[];
}

/** Embeddings of the user as a port of the layer. What it throws is a {LayerError}. */
export interface SpacePort extends Port {
  /** All of its space's name but the dimension, which the first vectors tell. */
  readonly fingerprint: string;
  /** The name of its space; undefined until somebody has given vectors of it. */
  readonly space: string | undefined;
  embed(texts: readonly string[], kind: EmbedKind, context: CallContext): Promise<SpaceVectors>;
  /** Settles once it does not have to be loaded any more. Absent: there is nothing to load. @throws {LayerError} `loading`, or why not. */
  ready?(context: CallContext): Promise<void>;
}

export interface SpacePortInput extends Pick<SpacePort, "name" | "ready" | "probe" | "close"> {
  readonly fingerprint: string;
  /** Dimension by fingerprint, shared by all ports: who is first decides. */
  readonly dimensions: Map<string, number>;
  /** Texts in one request. */
  readonly batchSize: number;
  /** Whether a text has nothing that could be embedded; nobody is asked for its vector. */
  readonly isBlank: (text: string) => boolean;
  /** One request. @throws {LayerError} */
  request(texts: readonly string[], kind: EmbedKind, context: CallContext): Promise<readonly (Vector | undefined)[]>;
}

/** Any word: what a model makes of it shows its dimension. */
const PROBE = ["probe"];

export function createSpacePort(input: SpacePortInput): SpacePort {
  const { name, fingerprint, dimensions, batchSize, isBlank } = input;
  const spaceOf = (dimension: number) => `${fingerprint}-${dimension}`;

  async function ask(texts: readonly string[], kind: EmbedKind, context: CallContext) {
    if (context.signal.aborted) throw new LayerError("aborted", "the caller went away");
    const found = await input.request(texts, kind, context);
    const first = found.find((vector) => vector !== undefined);
    const dimension = dimensions.get(fingerprint) ?? first?.length;
    if (dimension === undefined) {
      if (found.length === texts.length) return found;
      throw new LayerError("bad_response", `${name} gave ${found.length} vectors for ${texts.length} texts`);
    }
    checkVectors(found, { count: texts.length, dimension });
    dimensions.set(fingerprint, dimension);
    // A sign of life: the time of the first answer is that of the call, and each one ends a silence.
    context.idle.begin();
    return found;
  }

  return {
    name,
    fingerprint,
    get space() {
      const dimension = dimensions.get(fingerprint);
      return dimension === undefined ? undefined : spaceOf(dimension);
    },
    async embed(texts, kind, context) {
      const speaking = texts.flatMap((text, at) => (isBlank(text) ? [] : [at]));
      const vectors: (Vector | undefined)[] = texts.map(() => undefined);
      for (let from = 0; from < speaking.length; from += batchSize) {
        const places = speaking.slice(from, from + batchSize);
        const found = await ask(
          places.map((at) => texts[at] ?? ""),
          kind,
          context,
        );
        for (const [index, at] of places.entries()) vectors[at] = found[index];
      }
      if (!dimensions.has(fingerprint)) await ask(PROBE, kind, context);
      const dimension = dimensions.get(fingerprint);
      if (dimension === undefined) throw new LayerError("bad_response", `${name} gave no vector for a word`);
      return { space: spaceOf(dimension), vectors };
    },
    ...(input.ready && { ready: input.ready }),
    ...(input.probe && { probe: input.probe }),
    ...(input.close && { close: input.close }),
  };
}
