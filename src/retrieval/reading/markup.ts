import { Parser } from "htmlparser2";
import { readingLimits } from "./limits.ts";
import { Unreadable } from "./unreadable.ts";

export type Attributes = Readonly<Record<string, string>>;

/** Hears of a document piece by piece, in order; every `open` has its `close`. */
export interface MarkupListener {
  open?(tag: string, attributes: Attributes): void;
  /** With entities replaced; a text may come in several pieces. */
  text?(text: string): void;
  close?(tag: string): void;
}

export interface MarkupOptions {
  /** `xhtml` is HTML in which an element may end where it begins (`<title/>`), which browsers forgive in XML alone. Default `html`. */
  readonly syntax?: "html" | "xhtml" | "xml";
  /** Whether XML may name its type, as many kinds of it do; HTML always may. Default false. */
  readonly doctype?: boolean;
}

/**
 * Goes through HTML, forgiving what browsers forgive, or XML. Nothing that the document refers to is opened.
 * @throws {Unreadable} when elements are nested too deeply, or the document declares entities of its own: nobody who writes
 * does, and a few lines of them can stand for gigabytes.
 */
export function readMarkup(source: string, listener: MarkupListener, options: MarkupOptions = {}): void {
  const { syntax = "html", doctype = syntax !== "xml" } = options;
  let depth = 0;
  const parser = new Parser(
    {
      onopentag(tag, attributes) {
        depth += 1;
        if (depth > readingLimits.depth)
          throw new Unreadable(`has elements nested more than ${readingLimits.depth} deep`);
        listener.open?.(tag, attributes);
      },
      ontext: (text) => listener.text?.(text),
      onclosetag(tag) {
        depth -= 1;
        listener.close?.(tag);
      },
      // HTML knows no such declarations, and takes them for comments.
      oncomment: () => refuseEntity(source.slice(parser.startIndex, parser.startIndex + 8)),
      onprocessinginstruction(_name, data) {
        refuseEntity(data);
        if (!doctype && /^!DOCTYPE/i.test(data))
          throw new Unreadable("declares a document type of its own (an XML bomb?)");
      },
    },
    {
      xmlMode: syntax === "xml",
      decodeEntities: true,
      ...(syntax === "xhtml" && { recognizeSelfClosing: true, recognizeCDATA: true }),
    },
  );
  parser.end(source);
}

function refuseEntity(declaration: string): void {
  if (/<!ENTITY|^!ENTITY/i.test(declaration)) throw new Unreadable("declares entities of its own (an XML bomb?)");
}
