import { LayerError } from "../core/errors.ts";
import { type ChromaClient, isMissing, wordsOf } from "./chroma-access.ts";
import { describe, type Handle } from "./chroma-handles.ts";

/**
 * Given, so that the package does not look for the one that a collection of somebody else names: it would import a package of that
 * name, and write to the console. Nothing here is embedded by it.
 */
const embeddingFunction = { generate: async () => [] };

/** What stands under a name. */
export interface Place {
  readonly name: string;
  /** Undefined: nothing, by the server's answer. */
  readonly there: Handle | undefined;
}

/** @throws what the package throws, and `bad_response`. */
export async function placeOf(client: ChromaClient, name: string): Promise<Place> {
  try {
    return { name, there: describe(await client.getCollection({ name, embeddingFunction })) };
  } catch (error) {
    if (isMissing(error)) return { name, there: undefined };
    throw error;
  }
}

/**
 * Deletes the collection of this name. False: somebody else was faster.
 * @throws {LayerError} `invalid_request`, naming it, when the server answers and does not delete it; else what the package throws.
 */
export async function clear(client: ChromaClient, name: string): Promise<boolean> {
  try {
    await client.deleteCollection({ name });
    return true;
  } catch (error) {
    if (isMissing(error)) return false;
    const { name: kind, message } = error instanceof Error ? error : new Error(String(error));
    // The package calls all that it has no other name for a server's error, a method that is not allowed too.
    if (!kind.startsWith("Chroma") || kind === "ChromaConnectionError") throw error;
    const words = `Chroma does not delete the collection ${name}: ${wordsOf(message)}`;
    throw new LayerError("invalid_request", words, { cause: error });
  }
}
