import type { CallContext } from "../fallbacks/core/context.ts";
import { Problem } from "../problems.ts";
import { USER_AGENT } from "../retrieval/fetching/ask.ts";
import type { Fetcher } from "../retrieval/fetching/fetcher.ts";
import { statusOf } from "../retrieval/fetching/refusal.ts";
import { allowsAll, type Robots, readRobots } from "../retrieval/fetching/robots.ts";

/**
 * What the robots.txt of a site says to this program. Where there is none (any status of 400 to 499) everything is allowed (RFC 9309, 2.3.1).
 * @throws {Problem} `url_refused` when nobody can tell, because the site does not answer or has a failure: then nothing is crawled.
 */
export async function fetchRobots(
  origin: string,
  fetcher: Pick<Fetcher, "fetch">,
  context: CallContext,
): Promise<Robots> {
  const url = `${origin}/robots.txt`;
  try {
    const { bytes } = await fetcher.fetch(url, "any", context);
    return readRobots(new TextDecoder().decode(bytes), USER_AGENT);
  } catch (error) {
    if (!(error instanceof Problem) || error.code !== "url_refused") throw error;
    const status = statusOf(error) ?? 0;
    if (status >= 400 && status < 500) return allowsAll;
    const detail = `${url} cannot be read, so nothing is crawled there. ${error.message}`;
    throw new Problem("url_refused", detail, { field: "url", cause: error });
  }
}
