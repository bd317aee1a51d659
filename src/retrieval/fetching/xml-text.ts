import { Parser } from "htmlparser2";

/** What is met in an XML text, in its order. */
export interface XmlListener {
  /** With its prefix, as written. */
  open(name: string): void;
  /** Entities and CDATA are resolved. One text may come in pieces. */
  text(piece: string): void;
  /** @param isThere false: the end of this one is missing, and follows from where another one or the text ends. */
  close(name: string, isThere: boolean): void;
  /** A document type: what could declare entities, of which none are resolved. */
  declaration(): void;
}

export interface XmlReader {
  write(piece: string): void;
  end(): void;
}

/** Reads XML as it comes, without a tree, and takes what is badly formed as well as it can. */
export function createXmlReader(listener: XmlListener): XmlReader {
  const parser = new Parser(
    {
      onopentagname: (name) => listener.open(name),
      ontext: (piece) => listener.text(piece),
      onclosetag: (name, isImplied) => listener.close(name, !isImplied),
      onprocessinginstruction: (name) => {
        if (name.toLowerCase().startsWith("!doctype")) listener.declaration();
      },
    },
    { xmlMode: true },
  );
  return { write: (piece) => parser.write(piece), end: () => parser.end() };
}
