import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";

const folder = new URL("../../resources/pages/", import.meta.url);
const load = (name: string): Promise<unknown> => import(new URL(name, folder).href);
const read = (name: string) => readFileSync(new URL(name, folder), "utf8");

interface Event {
  readonly event: string;
  readonly data: string;
  readonly id: string;
}
const { createEventParser } = (await load("sse.js")) as {
  readonly createEventParser: (emit: (event: Event) => void) => { readonly push: (text: string) => void };
};

function parse(pieces: readonly string[]): Event[] {
  const events: Event[] = [];
  const parser = createEventParser((event) => events.push(event));
  for (const piece of pieces) parser.push(piece);
  return events;
}

/** `text` cut at each of the places, which count from its start. */
function cutAt(text: string, places: readonly number[]): string[] {
  const edges = [0, ...[...places].map((place) => place % (text.length + 1)).sort((a, b) => a - b), text.length];
  return edges.slice(1).map((edge, index) => text.slice(edges[index], edge));
}

describe("event stream parser", () => {
  const stream = [
    ": hello",
    "id: 1",
    "event: token",
    'data: {"text":"你好 🙂"}',
    "",
    "data:two",
    "data: lines",
    "odd",
    "",
    "",
  ];
  const events = [
    { event: "token", data: '{"text":"你好 🙂"}', id: "1" },
    { event: "message", data: "two\nlines", id: "1" },
  ];

  it.each(["\n", "\r\n", "\r"])("reads the same events with line ends %j, however the text is cut", (end) => {
    // A lone CR at the end waits for a possible LF, so the text goes on with a comment.
    const text = `${stream.join(end)}: more`;
    fc.assert(
      fc.property(fc.array(fc.nat(200)), (places) => {
        expect(parse(cutAt(text, places))).toEqual(events);
      }),
    );
  });

  it("does not report an event that is not complete", () => {
    expect(parse(["event: done\ndata: {}\n"])).toEqual([]);
  });
});

describe("words of the pages", () => {
  it("are there in both languages, apart from the server's sentences, which are English", async () => {
    const { words: en } = (await load("words-en.js")) as { words: Record<string, unknown> };
    const { words: zh } = (await load("words-zh.js")) as { words: Record<string, unknown> };
    const keys = Object.keys(zh).filter((key) => !key.startsWith("impact."));
    expect(keys.sort()).toEqual(Object.keys(en).sort());
    const used = ["chat.html", "status.html"].flatMap((page) =>
      [...read(page).matchAll(/data-(?:text|label|placeholder)="([^"]*)"/g)].map((match) => match[1] ?? ""),
    );
    expect(used.length).toBeGreaterThan(10);
    expect(used.filter((key) => !Object.hasOwn(en, key))).toEqual([]);
  });
});

describe("page files", () => {
  it("ask no other host, and hold no inline script or style", () => {
    for (const page of ["chat.html", "status.html"]) {
      const html = read(page);
      const addresses = [...html.matchAll(/(?:src|href)="([^"]*)"/g)].map((match) => match[1] ?? "");
      expect(addresses.filter((address) => !address.startsWith("/"))).toEqual([]);
      expect(html).not.toMatch(/<style|<script(?![^>]* src=)|\son\w+=|\sstyle=/i);
    }
  });
});
