import type { CallContext } from "../fallbacks/core/context.ts";
import { Problem } from "../problems.ts";
import type { Fetched, Fetcher } from "../retrieval/fetching/fetcher.ts";
import { LONGEST_LINK } from "../retrieval/fetching/page-links.ts";
import type { Robots } from "../retrieval/fetching/robots.ts";
import { fetchRobots } from "./crawl-robots.ts";
import type { CrawlBounds } from "./ingestion.ts";
import { pageTypes } from "./pages.ts";

/** What a crawl may read. */
export interface CrawlSite {
  /** The address of the start page, behind its redirects. */
  readonly base: string;
  /** Milliseconds between two requests that it asks for, 0 or more. */
  readonly delayMs: number;
  /** Whether an address is within the bounds. */
  holds(url: URL): boolean;
  /** Why it is not to be asked, in words that go on after "The address"; undefined: it may be. */
  refuse(url: URL): string | undefined;
  /** The start page, the first time that it is asked for, unless the crawl has been there before. */
  startPage(): Fetched | undefined;
}

export interface CrawlStart {
  readonly url: string;
  readonly within: CrawlBounds;
}

const NOT_ALLOWED = "is not to be read by programs, as the robots.txt of its site says";

const TOO_LONG = `leads to one of more than ${LONGEST_LINK} characters`;

/** A refusal as a sentence. */
export const sentence = (predicate: string) => `The address ${predicate}.`;

/**
 * Finds out where a crawl begins, with the rules of the site there. The start page may lead to another site, and then that is the one.
 * @param known where it began before, when it goes on.
 * @throws {Problem} `url_refused` when the start page, or its site's robots.txt, is not read.
 */
export async function openSite(
  { url, within }: CrawlStart,
  known: string | undefined,
  fetcher: Pick<Fetcher, "fetch">,
  context: CallContext,
): Promise<CrawlSite> {
  const { origin } = new URL(known ?? url);
  const robots = await fetchRobots(origin, fetcher, context);
  if (known !== undefined) return siteAt(known, within, robots, undefined);
  const refuse = (to: URL) => {
    if (isTooLong(to)) return TOO_LONG;
    return to.origin !== origin || robots.allows(to) ? undefined : NOT_ALLOWED;
  };
  const start = await fetcher.fetch(url, pageTypes, context, { refuse });
  const found = new URL(start.url);
  if (found.origin === origin) return siteAt(start.url, within, robots, start);
  const others = await fetchRobots(found.origin, fetcher, context);
  if (!others.allows(found)) throw new Problem("url_refused", sentence(NOT_ALLOWED), { field: "url" });
  return siteAt(start.url, within, others, start);
}

/** What no link leads to, no redirect does either. */
const isTooLong = (url: URL) => url.href.length > LONGEST_LINK;

function siteAt(base: string, within: CrawlBounds, robots: Robots, start: Fetched | undefined): CrawlSite {
  const { origin, pathname } = new URL(base);
  const directory = within === "site" ? "/" : pathname.slice(0, pathname.lastIndexOf("/") + 1);
  const holds = (url: URL) => url.origin === origin && url.pathname.startsWith(directory);
  let page = start;
  return {
    base,
    delayMs: robots.delayMs,
    holds,
    refuse(url) {
      if (isTooLong(url)) return TOO_LONG;
      if (!holds(url)) return `leads out of ${origin}${directory}`;
      return robots.allows(url) ? undefined : NOT_ALLOWED;
    },
    startPage() {
      const taken = page;
      page = undefined;
      return taken;
    },
  };
}
