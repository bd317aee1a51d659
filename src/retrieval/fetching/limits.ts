/** What one fetch may cost, redirects included. */
export interface FetchLimits {
  /** In all, in ms. Default 20 000; the caller's deadline if that is earlier. */
  readonly totalMs: number;
  /** Until the server is heard from again, in ms; the head of an answer counts as one sign of life. Default 5 000. */
  readonly silenceMs: number;
  /** For one look-up of a name, in ms. Default 3 000. */
  readonly lookupMs: number;
  /** For a connection to one address, TLS included, in ms. Default 2 000. */
  readonly connectMs: number;
  /** Of content, as it comes and after decompression. Default 10 000 000. */
  readonly bytes: number;
  /** Of the head of an answer. Default 16 384. */
  readonly headerBytes: number;
  /** Default 3. */
  readonly redirects: number;
}

export const usualLimits: FetchLimits = {
  totalMs: 20_000,
  silenceMs: 5_000,
  lookupMs: 3_000,
  connectMs: 2_000,
  bytes: 10_000_000,
  headerBytes: 16_384,
  redirects: 3,
};
