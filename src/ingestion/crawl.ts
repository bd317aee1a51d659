import type { Clock } from "../fallbacks/core/clock.ts";
import type { CallContext } from "../fallbacks/core/context.ts";
import type { Jobs } from "../jobs/jobs.ts";
import { pause, stepContext } from "../jobs/step-context.ts";
import { Problem, problemTable } from "../problems.ts";
import type { Fetched, Fetcher } from "../retrieval/fetching/fetcher.ts";
import { readPageLinks } from "../retrieval/fetching/page-links.ts";
import { isUnwell } from "../retrieval/fetching/refusal.ts";
import type { Knowledge } from "../retrieval/knowledge.ts";
import { addChild, childOf } from "./children.ts";
import { createCrawlPlaces } from "./crawl-places.ts";
import { type CrawlSite, openSite, sentence } from "./crawl-site.ts";
import { createFrontier, type Frontier, type Place, readCrawlState, saveCrawlState, stateAt } from "./crawl-state.ts";
import { factsOf, type IngestPayload } from "./ingest-records.ts";
import { pageTypes } from "./pages.ts";
import type { ProgressSaver } from "./progress-saver.ts";
import type { Uploads } from "./uploads.ts";

export interface CrawlDeps {
  readonly knowledge: Pick<Knowledge, "reserve">;
  readonly fetcher: Pick<Fetcher, "fetch">;
  readonly uploads: Pick<Uploads, "put" | "replace" | "read">;
  readonly jobs: Pick<Jobs, "add" | "get">;
  readonly clock: Clock;
}

type CrawlOrder = Extract<IngestPayload, { readonly kind: "crawl" }>;

/** The job of a crawl, which stops when the signal is aborted. */
interface CrawlWork {
  readonly jobId: string;
  readonly context: CallContext;
}

/** What stays the same while one crawl goes on. */
interface Crawling {
  readonly order: CrawlOrder;
  readonly jobId: string;
  readonly site: CrawlSite;
  readonly frontier: Frontier;
  readonly context: CallContext;
}

/** Milliseconds between two requests at least. */
const PAUSE_MS = 1_000;
/** A site that asks for longer pauses gets these. */
const LONGEST_PAUSE_MS = 30_000;
/** Requests for each page that there may be: what is not there or not to be kept costs some too. */
const REQUESTS_PER_PAGE = 3;
/** Requests one after the other that find the site unwell: then it is left alone. */
const MOST_TROUBLES = 5;
/** Endings of what is no page for sure. */
const NO_PAGE =
  /\.(?:7z|avi|bmp|bz2|css|dmg|eot|exe|gif|gz|ico|iso|jpe?g|js|mjs|mov|mp[34]|mpe?g|msi|ogg|otf|png|rar|rss|svg|tar|tgz|tiff?|ttf|wav|web[mp]|woff2?|xz|zip)$/i;

/**
 * Reads a page and those that its links lead to, breadth first, one at a time with a pause between, as far as the order and the site allow. What is
 * fetched is kept for the job of that page, so that nobody is asked twice. It goes on where it was, from what was saved behind each page.
 * @throws {Problem} `url_refused` when the start page is not read; `document_unreadable` when no page may be kept.
 * @throws {LayerError} `loading` with the time to come back while there is no place for it.
 */
export function createCrawl(
  deps: CrawlDeps,
): (order: CrawlOrder, work: CrawlWork, saver: ProgressSaver) => Promise<void> {
  const { fetcher, uploads, clock } = deps;
  const places = createCrawlPlaces();

  async function begin(order: CrawlOrder, { jobId, context }: CrawlWork, saver: ProgressSaver): Promise<void> {
    const saved = await readCrawlState(jobId, uploads, context);
    await places.inPlace(new URL(saved?.base ?? order.url).hostname, async (move) => {
      const site = await openSite(order, saved?.base, fetcher, stepContext(context));
      const state = saved ?? stateAt(site.base);
      // Where it led is known when it comes back: nobody is asked again to find out whether there is a place.
      if (!saved) await saveCrawlState(jobId, state, uploads, context);
      move(new URL(site.base).hostname);
      await go({ order, jobId, site, frontier: createFrontier(state), context }, saver);
    });
  }

  async function go(crawling: Crawling, saver: ProgressSaver): Promise<void> {
    const { order, jobId, frontier, context } = crawling;
    let troubles = 0;
    const mayGoOn = () =>
      frontier.added.length < order.limit &&
      frontier.requests < order.limit * REQUESTS_PER_PAGE &&
      troubles < MOST_TROUBLES;
    for (let place = frontier.take(); place && mayGoOn(); place = frontier.take()) {
      const before = frontier.requests;
      const found = await visit(place, crawling);
      // What was not asked for, as robots.txt has changed, is no pause either: nothing is written without one.
      if (frontier.requests === before) continue;
      troubles = found === "unwell" ? troubles + 1 : 0;
      await saveCrawlState(jobId, frontier.state(), uploads, context);
      await saver.save({ state: "parsed", ...progressOf(crawling) });
    }
    if (frontier.added.length === 0) throw nothingAt(order.url, frontier);
    const found = progressOf(crawling);
    await saver.save({ state: "live", ...found, total: found.done });
  }

  /** A page that cannot be read keeps no other one away; `unwell`: its site had better be left alone. */
  async function visit(place: Place, crawling: Crawling): Promise<"unwell" | undefined> {
    const { url } = place;
    try {
      const page = await fetch(place, crawling);
      if (page && (await look(page, place, crawling))) await keep(page, crawling);
    } catch (error) {
      // What is away on this side is waited for by the whole job.
      if (!(error instanceof Problem) || problemTable[error.code].status >= 500) throw error;
      crawling.frontier.skip(url, error.message);
      if (isUnwell(error)) return "unwell";
    }
    return undefined;
  }

  /** Undefined for what may not be read, and for what leads to a page that it has or has no room for. */
  async function fetch({ url, depth }: Place, { site, frontier, context }: Crawling): Promise<Fetched | undefined> {
    const start = url === site.base ? site.startPage() : undefined;
    const why = site.refuse(new URL(url));
    if (why !== undefined) {
      frontier.skip(url, sentence(why));
      return undefined;
    }
    frontier.request();
    if (start) return start;
    await pause(clock, Math.min(LONGEST_PAUSE_MS, Math.max(PAUSE_MS, site.delayMs)), context.signal);
    context.signal.throwIfAborted();
    const page = await fetcher.fetch(url, pageTypes, stepContext(context), { refuse: (to) => site.refuse(to) });
    return page.url === url || frontier.reach(page.url, depth) ? page : undefined;
  }

  /** What has been fetched becomes the upload of the page's job, which does the rest. */
  async function keep({ url, mediaType, charset, bytes }: Fetched, crawling: Crawling): Promise<void> {
    const { order, frontier, context } = crawling;
    const jobId = childOf(crawling.jobId, url);
    if (!(await deps.jobs.get(jobId, context))) {
      const parts = await uploads.put(jobId, bytes, context);
      const fetched = { parts, mediaType, ...(charset !== undefined && { charset }) };
      await addChild({ url, jobId, fetched }, factsOf(order), deps, context);
    }
    frontier.add(url);
  }

  return begin;
}

/** Takes up where a page leads. Returns whether it is to be kept under its own address. */
async function look(page: Fetched, { depth }: Place, { order, site, frontier }: Crawling): Promise<boolean> {
  const { links, canonical, index, follow } = await readPageLinks(page);
  // What is not to be asked takes no room from what is.
  const takeUp = (url: string, at: number): boolean => {
    const why = site.refuse(new URL(url));
    if (why === undefined) return frontier.discover(url, at);
    frontier.skip(url, sentence(why));
    return false;
  };
  const isOther = canonical !== undefined && canonical !== page.url && site.holds(new URL(canonical));
  // The page that it says it is: read in its place, for what is there counts. Not so one that leads back here, is not to be asked, or has no room.
  const isAside = isOther && takeUp(canonical, depth);
  const next = follow && depth < order.depth ? links : [];
  for (const link of next) {
    const url = new URL(link);
    if (site.holds(url) && !NO_PAGE.test(url.pathname)) takeUp(link, depth + 1);
  }
  if (!isAside && !index) frontier.skip(page.url, "The page asks not to be kept (noindex).");
  return !isAside && index;
}

function progressOf({ order, jobId, frontier: { added, skipped, left } }: Crawling) {
  return {
    total: Math.min(order.limit, added.length + left),
    done: added.length,
    children: added.map((url) => childOf(jobId, url)),
    skipped: [...skipped],
  };
}

function nothingAt(url: string, { skipped: [first] }: Frontier): Problem {
  const why = first ? `: ${first.url} is skipped. ${first.detail}` : ".";
  return new Problem("document_unreadable", `${url} leads to no page that may be kept${why}`);
}
