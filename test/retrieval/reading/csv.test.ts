import { describe, expect, it } from "vitest";
import { chunkSections } from "../../../src/retrieval/chunk.ts";
import { parseCsv } from "../../../src/retrieval/reading/csv.ts";
import { finished } from "../finished.ts";
import { shown } from "./shown.ts";

const read = (csv: string) => parseCsv(csv, "file");

describe("parseCsv", () => {
  it("writes each row with the names of its columns", () => {
    const document = read('id,name,note\r\n1,Foo,"Hello, ""world"""\r\n\r\n2,Bar,\r\n3,"two\nlines",x,more\r\n');
    expect(document.title).toBe("file");
    expect(shown(document)).toEqual([
      [
        "",
        'id: 1; name: Foo; note: Hello, "world"\n\nid: 2; name: Bar\n\nid: 3; name: two lines; note: x; column 4: more',
      ],
    ]);
  });

  it.each([
    ["编号,名称\n1,标准配送\n2,加急", "编号: 1; 名称: 标准配送\n\n编号: 2; 名称: 加急"],
    ["id;price\n1;4,90", "id: 1; price: 4,90"],
    ["id\tname\n1\ta;b", "id: 1; name: a;b"],
    ['id|"a,b,c"\n1|2', "id: 1; a,b,c: 2"],
    ["\uFEFFid,name\n1,a", "id: 1; name: a"],
    ['id,size\n1,5" screen', 'id: 1; size: 5" screen'],
    ["id,\n1,x", "id: 1; column 2: x"],
  ])("finds what separates the columns (case %#)", (csv, text) => {
    expect(read(csv).text).toBe(text);
  });

  it("never cuts a value off from the name of its column", () => {
    const rows = Array.from({ length: 60 }, (_, at) => `${at},Name ${at},${"Text of it. ".repeat(at * 2)}`);
    const { text, sections } = read(`id,name,note\n${rows.join("\n")}`);
    const passages = finished(chunkSections(text, sections)).map(
      ({ heading, start, end }) => `${heading} | ${text.slice(start, end)}`,
    );
    for (const [at] of rows.entries()) {
      if (at > 0) expect(passages.some((passage) => new RegExp(`id: ${at}\\b[^]*note: Text`).test(passage))).toBe(true);
    }
    // Each names the row and the column, within the text or by its heading.
    for (const passage of passages) expect(passage).toMatch(/id: \d+[^]*(?:note|name)/);
  });

  it.each([
    ["id,name", /no row below/],
    ["", /no text/],
    ['id,name\n1,"open', /quote that is not closed/],
    [`${"a,".repeat(1_001)}\n1`, /1002 columns; allowed are 1000/],
    [`a,b\n${"x".repeat(1_100_000)},1`, /row longer than/],
    [`a\n${"1\n".repeat(100_001)}`, /more than 100000 rows/],
  ])("refuses a table with a reason of its own (case %#)", (csv, reason) => {
    expect(() => read(csv)).toThrow(reason);
  });
});
