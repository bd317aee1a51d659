import type { Attributes } from "./markup.ts";

/**
 * Which part of a page is read: what stands in `main`; what stands in articles and beside them, without what surrounds
 * them on every page; all of it.
 */
export type ContentScope = "main" | "article" | "all";

/** Knows, while a page goes by, whether a reader of it would see what is at hand, and as its content. */
export interface ContentFilter {
  readonly seen: boolean;
  readonly inHead: boolean;
  open(tag: string, attributes: Attributes): void;
  close(): void;
}

/** Have no words, or none that are meant to be read as text. */
const silent = new Set(
  "audio button canvas datalist embed head iframe input map noembed noframes noscript object option script select style svg template textarea video".split(
    " ",
  ),
);
const surroundings = new Set(["nav", "header", "footer", "aside"]);

interface Open {
  readonly tag: string;
  readonly hidden: boolean;
  readonly content: boolean;
}

export function createContentFilter(scope: ContentScope): ContentFilter {
  const path: Open[] = [];
  let hidden = 0;
  let content = 0;
  return {
    get seen() {
      return hidden === 0 && (scope !== "main" || content > 0);
    },
    get inHead() {
      // Not the title of a drawing.
      return path.at(-2)?.tag !== "svg" && content === 0;
    },
    open(tag, attributes) {
      const isContent = scope !== "all" && isContentTag(tag, attributes, scope);
      const isSurrounding = surroundings.has(tag) && (content === 0 || tag === "nav") && scope !== "all";
      const isHidden = silent.has(tag) || isSurrounding || isHiddenBy(attributes);
      path.push({ tag, hidden: isHidden, content: isContent });
      if (isHidden) hidden += 1;
      if (isContent) content += 1;
    },
    close() {
      const open = path.pop();
      if (open?.hidden) hidden -= 1;
      if (open?.content) content -= 1;
    },
  };
}

const isContentTag = (tag: string, { role }: Attributes, scope: ContentScope) =>
  tag === "main" || role === "main" || (scope === "article" && tag === "article");

/** Nobody sees it, so nobody may be told that the page says so. */
function isHiddenBy({ hidden, style }: Attributes): boolean {
  return hidden !== undefined || /(?:^|;)\s*(?:display\s*:\s*none|visibility\s*:\s*hidden)\b/i.test(style ?? "");
}
