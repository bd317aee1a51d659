import { LayerError } from "../fallbacks/core/errors.ts";

/** Keeps crawls from taking each other's place, and all of those that documents are read in. */
export interface CrawlPlaces {
  /**
   * Does the work, unless another crawl asks the same host, or two others are going on in this process.
   * @throws {LayerError} `loading` with the time to come back, at once, when it cannot be done now.
   */
  inPlace<T>(host: string, work: () => Promise<T>): Promise<T>;
}

const MOST = 2;
const COME_BACK_MS = 5_000;

export function createCrawlPlaces(): CrawlPlaces {
  const hosts = new Set<string>();
  return {
    async inPlace(host, work) {
      if (hosts.has(host) || hosts.size >= MOST) {
        throw new LayerError("loading", "other pages are being crawled", { retryAfterMs: COME_BACK_MS });
      }
      hosts.add(host);
      try {
        return await work();
      } finally {
        hosts.delete(host);
      }
    },
  };
}
