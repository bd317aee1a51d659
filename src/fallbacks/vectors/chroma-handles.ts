import { createHash } from "node:crypto";
import { someUnit } from "./check.ts";
import type { ChromaClient } from "./chroma-access.ts";
import { badAnswer } from "./chroma-answers.ts";
import { encodeText } from "./chroma-text.ts";

/** What is remembered of a collection. */
export interface Handle {
  /** The server's own, another one each time the collection is made. */
  readonly id: string;
  /** Encoded, as whoever made it has written it down; undefined: it is not one of ours. */
  readonly space: string | undefined;
  /** Numbers in a vector; 0 where nothing says so. */
  readonly dimension: number;
  /** How it measures distances, where the server tells. */
  readonly metric: string | undefined;
}

/**
 * Measured with server 1.0: exact for 5,000 random vectors of 384 dimensions; among 1,000 of which half were equal to a
 * hundred others some were lost once many had been replaced and removed. Fewer neighbours lose more, as equal vectors fill each
 * other's lists; with 128 there was no loss, but replacing one vector among 5,000 of 1,024 dimensions took over 0.1 s.
 */
export const hnsw = { space: "cosine", max_neighbors: 64, ef_construction: 128, ef_search: 1000 } as const;

/** Names of a space: when something else is in the way, there are two more. */
const NAMES = 3;

/** The names that the collection of a space may have, in the order in which they are tried; no other space has any of them. */
export function namesOf(prefix: string, space: string): readonly string[] {
  const name = `${prefix}-${createHash("sha256").update(encodeText(space)).digest("hex").slice(0, 32)}`;
  return Array.from({ length: NAMES }, (_, at) => (at === 0 ? name : `${name}-${at + 1}`));
}

/** @throws {LayerError} `bad_response` for what is no collection. */
export function describe(collection: {
  readonly id: unknown;
  readonly metadata?: unknown;
  readonly configuration?: unknown;
}): Handle {
  const { id, metadata, configuration } = collection;
  if (typeof id !== "string") throw badAnswer("the answer is not a collection");
  const { space, dimension } = Object(metadata) as { readonly space?: unknown; readonly dimension?: unknown };
  const metric: unknown = Object(Object(configuration).hnsw).space;
  return {
    id,
    space: typeof space === "string" ? space : undefined,
    dimension: typeof dimension === "number" && Number.isInteger(dimension) && dimension > 0 ? dimension : 0,
    metric: typeof metric === "string" ? metric : undefined,
  };
}

/** Whether it was made for this space, and for vectors of this dimension where one is given. */
export function fitsSpace(handle: Handle, space: string, dimension: number | undefined): boolean {
  const { metric = hnsw.space } = handle;
  if (handle.space !== encodeText(space) || handle.dimension === 0 || metric !== hnsw.space) return false;
  return dimension === undefined || handle.dimension === dimension;
}

/**
 * The same, and that the server would take such vectors: what it was made for it only writes down, and its first vector decides. Asked
 * only where the dimension is given.
 */
export async function fits(
  client: ChromaClient,
  handle: Handle,
  space: string,
  dimension: number | undefined,
): Promise<boolean> {
  if (!fitsSpace(handle, space, dimension)) return false;
  if (dimension === undefined) return true;
  try {
    await client.collection(handle.id).query({ queryEmbeddings: [[...someUnit(dimension)]], nResults: 1, include: [] });
  } catch (error) {
    const { name } = error instanceof Error ? error : new Error(String(error));
    // Its answer to a vector of another dimension.
    if (name === "ChromaClientError") return false;
    // One that has lost its index answers so, and is mended by whoever compares what it holds.
    if (name !== "ChromaServerError") throw error;
  }
  return true;
}
