import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseJson } from "../../../src/retrieval/reading/json.ts";
import { shown } from "./shown.ts";

const read = (json: string) => parseJson(json, "file");

describe("parseJson", () => {
  it("writes values with the path to them, and lists of objects as rows under the path to the list", () => {
    const document = read(
      '{"shop":{"days":14,"open":true,"tags":["a","b"],"none":null},"faq":[{"q":"Why?","a":"Because.","x":{"y":[{"z":1}]}},{"q":"When?"}],"last":"退款"}',
    );
    expect(shown(document)).toEqual([
      ["", "shop.days: 14\n\nshop.open: true\n\nshop.tags: a, b"],
      ["faq", "q: Why?; a: Because.; x.y[0].z: 1\n\nq: When?"],
      ["", "last: 退款"],
    ]);
  });

  it("reads a list of objects as a table", () => {
    expect(read('[{"名称":"标准","价格":5},{"名称":"加急","地址":{"城市":"北京"}}]').text).toBe(
      "名称: 标准; 价格: 5\n\n名称: 加急; 地址.城市: 北京",
    );
  });

  it("keeps numbers as they are written", () => {
    expect(read('{"order":12345678901234567890,"price":1.10,"e":-1.5e+30,"s":"a\\"1\\\\","n":[0,-0.50]}').text).toBe(
      'order: 12345678901234567890\n\nprice: 1.10\n\ne: -1.5e+30\n\ns: a"1\\\n\nn: 0, -0.50',
    );
  });

  it.each([
    ["17", "value: 17"],
    ['"退款"', "value: 退款"],
    ['[["a",1],["b"]]', "[0]: a, 1\n\n[1]: b"],
    ['{"__proto__":{"a":"b"}}', "__proto__.a: b"],
  ])("reads %s", (json, text) => {
    expect(read(json).text).toBe(text);
  });

  it("holds every string of any JSON", () => {
    fc.assert(
      fc.property(fc.json(), (json) => {
        const strings: string[] = [];
        JSON.parse(json, (_name, value: unknown) => {
          if (typeof value === "string" && /^[a-z0-9]+$/i.test(value)) strings.push(value);
          return value;
        });
        let text = "";
        try {
          ({ text } = read(json));
        } catch (error) {
          expect(error).toMatchObject({ name: "Unreadable", message: expect.stringMatching(/no text/) });
        }
        for (const value of strings) expect(text).toContain(value);
      }),
    );
  });

  it.each([
    ["{", /is not JSON/],
    ['{"a":01}', /is not JSON/],
    ["", /is not JSON/],
    ["[]", /no text/],
    [`${"[".repeat(600)}1${"]".repeat(600)}`, /nested more than 500 deep/],
    [`[${"0,".repeat(1_000_001)}0]`, /more than 1000000 values/],
    [`{"a":"${"b".repeat(6_000_000)}"}`, /more than 5 MB of text/],
    [`"${"\\".repeat(1_000_000)}`, /is not JSON/],
  ])("refuses what is none, or too much (case %#)", (json, reason) => {
    expect(() => read(json)).toThrow(reason);
  });
});
