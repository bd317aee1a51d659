import type { CallContext } from "../../fallbacks/core/context.ts";

export interface Fetched {
  /** Where it came from at last, after redirects, without a fragment. */
  readonly url: string;
  /** Without parameters, lower case, such as `text/html`. */
  readonly mediaType: string;
  readonly charset?: string;
  /** After decompression. */
  readonly bytes: Uint8Array;
}

/** The one way to other people's servers: pages that somebody named, and what these name. */
export interface Fetcher {
  /**
   * @param accept media types that are of use; another one is refused before the body is read.
   * @throws {Problem} `url_refused` with a reason for the sender and no inner detail: an address that is no http(s), has
   * credentials, leads to where it may not, answers with an error, redirects too often, is too large, too slow or of another type.
   * @throws {LayerError} `aborted`.
   */
  fetch(url: string, accept: ReadonlySet<string>, context: CallContext): Promise<Fetched>;
  close(): Promise<void>;
}
