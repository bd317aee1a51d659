import { MOST_DEPTH, MOST_PAGES } from "../ingestion/checks.ts";
import type { PageOrder } from "../rehearsal/client-wire.ts";
import { UsageError } from "./command.ts";
import { wholeNumber } from "./options.ts";

/** What addresses are, and how far they lead. */
export type PageBounds = Omit<PageOrder, "url">;

/** As they were written. */
export interface BoundsWords {
  readonly sitemap?: boolean | undefined;
  readonly crawl?: boolean | undefined;
  readonly limit?: string | undefined;
  readonly depth?: string | undefined;
  readonly "whole-site"?: boolean | undefined;
}

/** @throws {UsageError} for what is out of range, or of another kind of address. */
export function readBounds({ sitemap, crawl, ...words }: BoundsWords): PageBounds {
  if (sitemap && crawl) throw new UsageError("an address is that of a --sitemap, or one to --crawl from");
  if (!crawl && words.depth !== undefined) throw new UsageError("--depth is for a --crawl");
  if (!crawl && words["whole-site"]) throw new UsageError("--whole-site is for a --crawl");
  if (!crawl && !sitemap && words.limit !== undefined) throw new UsageError("--limit is for a --sitemap or a --crawl");
  const limit = wholeNumber("--limit", words.limit, 1, MOST_PAGES);
  const depth = wholeNumber("--depth", words.depth, 0, MOST_DEPTH);
  return {
    kind: crawl ? "crawl" : sitemap ? "sitemap" : "page",
    ...(limit !== undefined && { limit }),
    ...(depth !== undefined && { depth }),
    ...(words["whole-site"] && { within: "site" }),
  };
}
