/**
 * Vectors that were computed once, by space and by what they were computed from, so that neither a restart nor a new version
 * of a document computes them again. It may lose any of them at any time: whoever asks computes what is missing.
 */
export interface VectorCache {
  /** In the order of the keys; undefined for what is not kept. Never throws: a file that cannot be read is empty. */
  get(space: string, keys: readonly string[]): Promise<readonly (Float32Array | undefined)[]>;
  /** Returns at once; what cannot be written is counted and reported once. Vectors are not changed by the caller afterwards. */
  put(space: string, records: readonly { readonly key: string; readonly vector: Float32Array }[]): void;
  /** Keeps only what these keys name, in these spaces: to be called when nothing is being added. */
  keepOnly(spaces: ReadonlySet<string>, keys: ReadonlySet<string>): Promise<void>;
  /** Waits for what is being written. */
  close(): Promise<void>;
}
