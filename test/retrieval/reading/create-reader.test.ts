import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import fc from "fast-check";
import { afterAll, describe, expect, it } from "vitest";
import { createInlineReader, createReader } from "../../../src/retrieval/reading/create-reader.ts";
import type { SourceFile } from "../../../src/retrieval/reading/reader.ts";
import { startReadingProcess } from "../../../src/retrieval/reading/start-reading-process.ts";
import { testContext } from "../../support/context.ts";
import { makeDocx } from "../../support/files/make-docx.ts";
import { makeEpub } from "../../support/files/make-epub.ts";
import { bombStream, linesAt, makePdf } from "../../support/files/make-pdf.ts";
import { createManualClock } from "../../support/manual-clock.ts";
import { shown } from "./shown.ts";

// On a clock that stands still, no file takes too long, however busy the machine is.
const reader = createReader({ clock: createManualClock(), start: () => startReadingProcess({ memoryMb: 400 }) });
afterAll(() => reader.close());

const read = (file: SourceFile) => reader.read(file, testContext());
const DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document";
const pdf = () => makePdf([linesAt(["Text"])]);
const docx = () => makeDocx([{ text: "Text" }]);
const epub = () => makeEpub({ title: "T", chapters: [{ file: "c1.xhtml", body: "<p>Text</p>" }] });

describe("createReader", () => {
  it.each([
    [{ name: "a.md", content: "# T\nText" }, "T", "Text"],
    [{ name: "a.MARKDOWN", content: Buffer.from("Text") }, "a", "Text"],
    [{ name: "notes.v2.txt", content: "Text" }, "notes.v2", "Text"],
    [{ name: "a.htm", content: "<h1>T</h1>Text" }, "T", "Text"],
    [{ name: "a.csv", content: "x,y\n1,2" }, "a", "x: 1; y: 2"],
    [{ name: "a.tsv", content: "x,z\ty\n1\t2" }, "a", "x,z: 1; y: 2"],
    [{ name: "a.json", content: '\uFEFF{"a":1}' }, "a", "a: 1"],
    [{ name: "a.pdf", content: pdf() }, "a", "Text"],
    [{ name: "a.docx", content: docx() }, "a", "Text"],
    [{ name: "a.epub", content: epub() }, "T", "Text"],
    [{ name: "https://a.example/help/%E9%80%80%E6%AC%BE.html?x=.pdf", content: "Text" }, "退款", "Text"],
    [{ name: "https://a.example/", content: "<p>Text", mediaType: "text/html" }, "a.example", "Text"],
    [{ name: "https://a.example/a.php", content: "<p>Text", mediaType: "application/xhtml+xml" }, "a", "Text"],
    [{ name: "https://a.example/a.md", content: "# T\nText", mediaType: "text/plain" }, "T", "Text"],
    [{ name: "https://a.example/a%", content: "Text", mediaType: "TEXT/PLAIN" }, "a%", "Text"],
    [{ name: "https://a.example/a.md", content: pdf(), mediaType: "application/pdf" }, "a", "Text"],
    [{ name: "https://a.example/a", content: docx(), mediaType: DOCX }, "a", "Text"],
    [{ name: "https://a.example/a", content: epub(), mediaType: "application/epub+zip" }, "T", "Text"],
    [{ name: "https://a.example/a", content: '{"a":1}', mediaType: "application/ld+json" }, "a", "a: 1"],
    [{ name: "a.csv", content: "x\n1", mediaType: "application/vnd.ms-excel" }, "a", "x: 1"],
  ] as const)("decides by the media type, then by the ending (case %#)", async (file, title, body) => {
    const document = await read(file);
    expect(document.title).toBe(title);
    expect(shown(document).at(-1)?.[1]).toBe(body);
  });

  it("reads encodings by what came with a file and what stands in it", async () => {
    const html = (charset: string, text: Buffer) =>
      Buffer.concat([Buffer.from(`<meta charset="${charset}"><p>`), text]);
    const latin = Buffer.from("für", "latin1");
    expect((await read({ name: "a.html", content: html("iso-8859-1", latin) })).text).toBe("für");
    expect((await read({ name: "a.html", content: html("utf-16", Buffer.from("für")) })).text).toBe("für");
    expect((await read({ name: "a.html", content: html("gbk", Buffer.from("für")), charset: "utf-8" })).text).toBe(
      "für",
    );
    const xml = Buffer.concat([
      Buffer.from('<?xml version="1.0" encoding="GB2312"?><p>'),
      Buffer.from([0xcd, 0xcb, 0xbf, 0xee]),
    ]);
    expect((await read({ name: "a.xhtml", content: xml })).text).toBe("退款");
    expect(
      (await read({ name: "a.csv", content: Buffer.from([...Buffer.from("a\n"), 0xcd, 0xcb, 0xbf, 0xee]) })).text,
    ).toBe("a: 退款");
  });

  it.each([
    [{ name: "a.exe", content: "Text" }, "unsupported_media_type", /a\.exe: files end in \.md, .*\.json/],
    [{ name: "noending", content: "Text" }, "unsupported_media_type", /noending/],
    [{ name: "https://a.example/x.d/a", content: "a", mediaType: "image/png" }, "unsupported_media_type", /a\.example/],
    [{ name: "a.txt", content: " " }, "document_unreadable", /^a\.txt is empty/],
    [{ name: "a.pdf", content: "" }, "document_unreadable", /^a\.pdf is empty/],
    [{ name: "a.pdf", content: "Text" }, "document_unreadable", /^a\.pdf does not begin as a PDF does/],
    [{ name: "a.docx", content: pdf() }, "document_unreadable", /^a\.docx does not begin as a Word document/],
    [{ name: "a.epub", content: "" }, "document_unreadable", /^a\.epub is empty/],
    [{ name: "a.epub", content: pdf() }, "document_unreadable", /^a\.epub does not begin as an EPUB book/],
    [{ name: "a.epub", content: docx() }, "document_unreadable", /^a\.epub is a zip archive without a book in it/],
    [{ name: "a.docx", content: epub() }, "document_unreadable", /^a\.docx is a zip archive without a Word document/],
    [
      { name: "a.docx", content: Buffer.from("\u00D0\u00CF\u0011\u00E0abc", "latin1") },
      "document_unreadable",
      /encrypted, or in the format of Word before/,
    ],
    [{ name: "a.md", content: pdf() }, "document_unreadable", /^a\.md is a PDF, not Markdown/],
    [
      { name: "a.csv", content: docx() },
      "document_unreadable",
      /^a\.csv is a zip archive or an Office document, not CSV/,
    ],
    [
      { name: "a.html", content: Buffer.from([0x61, 0xff, 0x62]) },
      "document_unreadable",
      /^a\.html is not text in UTF-8/,
    ],
    [
      { name: "a.txt", content: new Uint8Array(20 * 1024 * 1024 + 1) },
      "document_unreadable",
      /20971521 bytes; allowed are 20971520 \(20 MB\)/,
    ],
    [{ name: "a.txt", content: "a".repeat(5 * 1024 * 1024 + 1) }, "document_unreadable", /5242881 bytes of text/],
  ])("refuses a file with a reason of its own (case %#)", async (file, code, message) => {
    await expect(read(file)).rejects.toThrow(
      expect.objectContaining({ code, message: expect.stringMatching(message) }),
    );
  });

  it("reads a long text in the other process as a short one here", async () => {
    const long = `# T\n${"Text. ".repeat(60_000)}`;
    const document = await read({ name: "a.md", content: Buffer.from(long) });
    expect(document).toEqual({ text: long, title: "T", sections: [{ heading: "", start: 4, end: long.length }] });
    const inline = createInlineReader();
    expect(await inline.read({ name: "a.md", content: long }, testContext())).toEqual(document);
    await expect(inline.read({ name: "a.csv", content: "a" }, testContext())).rejects.toThrow(
      /only Markdown and plain text/,
    );
  });

  it("fault 69: a file that takes all memory ends its process, and the files after it are read", async () => {
    const bomb = { name: "bomb.pdf", content: makePdf([[]], { stream: bombStream(40) }) };
    const results = await Promise.allSettled([
      read(bomb),
      read({ name: "a.csv", content: "x\n1" }),
      read({ name: "a.docx", content: docx() }),
    ]);
    expect(results[0]).toMatchObject({
      reason: { code: "document_unreadable", message: "bomb.pdf takes more than 640 MB of memory to read (a bomb?)" },
    });
    expect(results.slice(1)).toMatchObject([{ value: { text: "x: 1" } }, { value: { text: "Text" } }]);
  });

  it("fault 69: nothing that a file refers to is opened, on the network or on disk", async () => {
    const asked: (string | undefined)[] = [];
    const server = createServer((request, response) => {
      asked.push(request.url);
      response.end("FETCHED");
    }).listen(0, "127.0.0.1");
    await new Promise((resolve) => server.once("listening", resolve));
    const host = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const secret = new URL("../../../package.json", import.meta.url);
    const body = `<p>Text</p><img src="${host}/a"><script src="${host}/b"></script><link rel=stylesheet href="${host}/c"><iframe src="${secret.href}"></iframe><object data="${host}/d"></object>`;
    const rels = `<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="r7" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/image" Target="${secret.href}" TargetMode="External"/><Relationship Id="r8" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/attachedTemplate" Target="${host}/t" TargetMode="External"/></Relationships>`;
    const drawing = `<w:document xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main" xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"><w:body><w:p><w:r><w:t>Text</w:t><w:drawing><wp:inline xmlns:wp="http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing"><a:graphic><a:graphicData><pic:pic xmlns:pic="http://schemas.openxmlformats.org/drawingml/2006/picture"><pic:blipFill><a:blip r:link="r7"/></pic:blipFill></pic:pic></a:graphicData></a:graphic></wp:inline></w:drawing></w:r></w:p></w:body></w:document>`;
    const files = [
      { name: "a.html", content: body },
      { name: "a.xhtml", content: `<!DOCTYPE html SYSTEM "${host}/dtd"><html>${body}</html>` },
      {
        name: "a.epub",
        content: makeEpub({
          chapters: [
            { file: "c1.xhtml", body: `<?xml version="1.0"?><!DOCTYPE html SYSTEM "${host}/dtd"><html>${body}</html>` },
          ],
          manifest: `<item id="r" href="${host}/r.xhtml" media-type="application/xhtml+xml"/>`,
          nav: [{ name: "N", to: `${host}/n.xhtml` }],
        }),
      },
      { name: "a.docx", content: makeDocx([], { "word/document.xml": drawing, "word/_rels/document.xml.rels": rels }) },
      {
        name: "a.pdf",
        content: makePdf([linesAt(["Text"])], {
          pageEntries: `/AA << /O << /S /URI /URI (${host}/e) >> >> /Annots [<< /Type /Annot /Subtype /Link /Rect [0 0 9 9] /A << /S /URI /URI (${host}/f) >> >>]`,
        }),
      },
    ];
    for (const file of files) expect((await read(file)).text).toBe("Text");
    const outside = makePdf([[]], {
      stream: { entries: `/F (${secret.pathname}) /FFilter /ASCIIHexDecode`, bytes: Buffer.from(" ") },
    });
    await expect(read({ name: "b.pdf", content: outside })).rejects.toThrow(/no text/);
    expect(asked).toEqual([]);
    server.close();
  });

  it("reads any bytes under any ending, or says why not, and reads on", async () => {
    const samples = [
      pdf(),
      docx(),
      epub(),
      Buffer.from("<table><tr><td>a<td>b"),
      Buffer.from('{"a":[1,{"b":"c"}]}'),
      Buffer.from('a,b\n1,"2\n'),
      readFileSync(new URL(import.meta.url)),
    ];
    const damaged = fc
      .tuple(fc.constantFrom(...samples), fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 8 }), fc.nat())
      .map(([sample, changes, cut]) => {
        const bytes = Buffer.from(sample.subarray(0, 1 + (cut % (sample.length * 2))));
        for (const [at, value] of changes) bytes[at % bytes.length] = value;
        return bytes;
      });
    const ending = fc.constantFrom("md", "txt", "html", "pdf", "docx", "epub", "csv", "tsv", "json");
    await fc.assert(
      fc.asyncProperty(fc.oneof(fc.uint8Array({ maxLength: 200 }), damaged), ending, async (content, kind) => {
        try {
          const { text, title, sections } = await read({ name: `file.${kind}`, content });
          expect(title).not.toBe("");
          for (const { start, end } of sections) expect(text.slice(start, end)).toMatch(/[\p{L}\p{N}]/u);
        } catch (error) {
          expect(error).toMatchObject({ name: "Problem", code: "document_unreadable" });
        }
      }),
    );
    expect((await read({ name: "a.csv", content: "x\n1" })).text).toBe("x: 1");
  });
});
