import { LayerError } from "../fallbacks/core/errors.ts";

/** Keeps crawls from taking each other's place, and all of those that documents are read in. */
export interface CrawlPlaces {
  /**
   * Does the work, unless another crawl asks the same host, or two others are going on in this process.
   * @param host its name, whatever the port.
   * @throws {LayerError} `loading` with the time to come back, at once, when it cannot be done now.
   */
  inPlace<T>(host: string, work: (move: MovePlace) => Promise<T>): Promise<T>;
}

/** From here on the work asks that host instead. @throws {LayerError} `loading` when another crawl does. */
export type MovePlace = (host: string) => void;

const MOST = 2;
const COME_BACK_MS = 5_000;

export function createCrawlPlaces(): CrawlPlaces {
  const hosts = new Set<string>();
  return {
    async inPlace(host, work) {
      if (hosts.has(host) || hosts.size >= MOST) throw taken();
      hosts.add(host);
      let held = host;
      try {
        return await work((other) => {
          if (other === held) return;
          if (hosts.has(other)) throw taken();
          hosts.delete(held);
          hosts.add(other);
          held = other;
        });
      } finally {
        hosts.delete(held);
      }
    },
  };
}

const taken = () => new LayerError("loading", "other pages are being crawled", { retryAfterMs: COME_BACK_MS });
