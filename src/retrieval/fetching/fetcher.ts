import type { CallContext } from "../../fallbacks/core/context.ts";

export interface Fetched {
  /** Where it came from at last, after redirects, without a fragment. */
  readonly url: string;
  /** Without parameters, lower case, such as `text/html`. */
  readonly mediaType: string;
  readonly charset?: string;
  /** After decompression. */
  readonly bytes: Uint8Array;
  /** The `X-Robots-Tag` headers, one each; absent when there are none. */
  readonly robotsTags?: readonly string[];
}

/** Media types that are of use, or `any`: what says nothing of its type is then `application/octet-stream`. */
export type Accepted = ReadonlySet<string> | "any";

export interface FetchOptions {
  /**
   * Asked of each address before it is, those that redirects lead to too: why it is not to be, in words that go on after "The address";
   * undefined: it may be.
   */
  readonly refuse?: (url: URL) => string | undefined;
}

/** The one way to other people's servers: pages that somebody named, and what these name. */
export interface Fetcher {
  /**
   * @param accept media types that are of use; another one is refused before the body is read.
   * @throws {Problem} `url_refused` with a reason for the sender and no inner detail: an address that is no http(s), has
   * credentials, leads to where it may not, answers with an error, redirects too often, is too large, too slow or of another type. `statusOf`
   * tells which status it answered with.
   * @throws {LayerError} `aborted`.
   */
  fetch(url: string, accept: Accepted, context: CallContext, options?: FetchOptions): Promise<Fetched>;
  close(): Promise<void>;
}
