import { z } from "zod";
import { MOST_DEPTH, MOST_PAGES, USUAL_DEPTH, USUAL_PAGES } from "../ingestion/checks.ts";
import type { NewPage } from "../ingestion/ingestion.ts";
import { jsonBody } from "./body.ts";
import { answerFor, ingestAnswer, waitQuery } from "./ingest-answer.ts";
import { factsShape, givenFacts } from "./knowledge-schemas.ts";
import { defineRoute, type Route } from "./route.ts";
import type { TurnDeps } from "./turn-deps.ts";
import { documentsBody } from "./upload.ts";

const MOST_URLS = 50;
const urlSchema = z.string().min(1).max(2_000);

const pagesSchema = z
  .strictObject({
    url: urlSchema.optional(),
    urls: z.array(urlSchema).min(1).max(MOST_URLS).optional().meta({ description: "In place of `url`." }),
    kind: z.enum(["page", "sitemap", "crawl"]).default("page").meta({
      description:
        "`sitemap`: the pages that it lists, each a document; `crawl`: the page and those that its links lead to, as far as its site's robots.txt allows.",
    }),
    limit: z
      .int()
      .min(1)
      .max(MOST_PAGES)
      .optional()
      .meta({ description: `Pages of a sitemap or a crawl at most, by default ${USUAL_PAGES}.` }),
    depth: z
      .int()
      .min(0)
      .max(MOST_DEPTH)
      .optional()
      .meta({ description: `Of a crawl: links away from the page at most, by default ${USUAL_DEPTH}.` }),
    within: z.enum(["directory", "site"]).optional().meta({
      description:
        "Of a crawl: whether links lead no higher than the page's directory (the default), or anywhere on its site: the same protocol, host and port.",
    }),
    ...factsShape,
  })
  .refine(({ url, urls }) => (url === undefined) !== (urls === undefined), {
    error: "must have either url or urls",
    path: ["url"],
  })
  .refine(({ kind, limit }) => limit === undefined || kind !== "page", {
    error: "is of a sitemap or a crawl only",
    path: ["limit"],
  })
  .refine(({ kind, depth }) => depth === undefined || kind === "crawl", {
    error: "is of a crawl only",
    path: ["depth"],
  })
  .refine(({ kind, within }) => within === undefined || kind === "crawl", {
    error: "is of a crawl only",
    path: ["within"],
  });

/** Each address once, with the field in which it was first named. */
function pagesIn({ url: only, urls, kind, limit, depth, within, ...facts }: z.output<typeof pagesSchema>) {
  const list = urls ?? [only ?? ""];
  return [...new Set(list)].map((url) => {
    const bounds = {
      ...(limit !== undefined && { limit }),
      ...(depth !== undefined && { depth }),
      ...(within !== undefined && { within }),
    };
    const page: NewPage = { url, kind, ...bounds, ...givenFacts(facts) };
    return { page, field: urls ? `urls.${list.indexOf(url)}` : "url" };
  });
}

/** The ways in which documents come. */
export function knowledgeIngestRoutes(deps: TurnDeps): readonly Route[] {
  const { ingestion, settings } = deps;
  return [
    defineRoute({
      method: "post",
      path: "/api/v1/knowledge/documents",
      role: "admin",
      summary:
        "Add documents: kept when the answer comes, and read in the background; a broken one does not stop the others",
      query: waitQuery,
      body: documentsBody(settings.maxBodyBytes.documents),
      answer: ingestAnswer,
      problems: ["document_unreadable", "document_superseded", "job_over", "shutting_down"],
      async handle({ body, query: { wait }, context }) {
        const files = body.map((file) => ({ name: file.name, receive: () => ingestion.file(file, context) }));
        return answerFor(files, wait * 1_000, context, deps);
      },
    }),
    defineRoute({
      method: "post",
      path: "/api/v1/knowledge/urls",
      role: "admin",
      summary:
        "Add pages, or those that a sitemap lists, or those that links lead to from a page; a page is known by its address, and reading it again is its next version",
      query: waitQuery,
      body: jsonBody(pagesSchema, settings.maxBodyBytes.chat),
      answer: ingestAnswer,
      problems: ["document_unreadable", "document_superseded", "job_over", "url_refused", "shutting_down"],
      async handle({ body, query: { wait }, context }) {
        const pages = pagesIn(body).map(({ page, field }) => ({
          name: page.url,
          field,
          receive: () => ingestion.page(page, context),
        }));
        return answerFor(pages, wait * 1_000, context, deps);
      },
    }),
  ];
}
