import { refusal } from "./refusal.ts";
import { createXmlReader, type XmlReader } from "./xml-text.ts";

export interface SitemapEntry {
  readonly kind: "page" | "sitemap";
  /** As written, without spaces around it. */
  readonly url: string;
}

/** Longer ones are cut, and are no address then. */
const LONGEST_LOC = 5_000;
/** The parts of extensions, such as images, lie at most three below an entry. */
const DEEPEST = 16;

const kinds: Readonly<Record<string, SitemapEntry["kind"]>> = {
  "urlset/url/loc": "page",
  "sitemapindex/sitemap/loc": "sitemap",
};

/**
 * Finds the addresses of a sitemap, or of an index of sitemaps, by where they stand: the `loc` of an image is another one.
 * @throws {Problem} `url_refused` from `write` and `end`, for what is no sitemap.
 */
export function createSitemapXml(take: (entry: SitemapEntry) => void): XmlReader {
  const path: string[] = [];
  let hasRoot = false;
  let prefix = "";
  let kind: SitemapEntry["kind"] | undefined;
  let text = "";

  const reader = createXmlReader({
    open(name) {
      if (path.length === 0) {
        const root = hasRoot ? undefined : /^((?:[^:]+:)?)(?:urlset|sitemapindex)$/.exec(name);
        if (!root) throw refusal("is no sitemap");
        hasRoot = true;
        prefix = root[1] ?? "";
      }
      if (path.length === DEEPEST) throw refusal("is no sitemap");
      // What has another prefix is of an extension, whatever its name.
      path.push(name.startsWith(prefix) ? name.slice(prefix.length) : `other:${name}`);
      kind = path.length === 3 ? kinds[path.join("/")] : undefined;
      text = "";
    },
    text(piece) {
      if (kind && text.length < LONGEST_LOC) text += piece.slice(0, LONGEST_LOC);
    },
    close(_, isThere) {
      // One that was cut off is another address.
      if (kind && isThere) take({ kind, url: text.trim() });
      kind = undefined;
      path.pop();
    },
    declaration() {
      throw refusal("is no sitemap: it has a document type");
    },
  });

  return {
    write: (piece) => reader.write(piece),
    end() {
      reader.end();
      if (!hasRoot) throw refusal("is no sitemap");
    },
  };
}
