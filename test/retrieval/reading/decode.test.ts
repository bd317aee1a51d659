import { describe, expect, it } from "vitest";
import { decode } from "../../../src/retrieval/reading/decode.ts";

const bytes = (...values: readonly number[]) => Uint8Array.from(values);
const utf16le = (text: string) => Buffer.from(text, "utf16le");
/** 退款政策 and a full stop in GB18030. */
const policy = bytes(0xcd, 0xcb, 0xbf, 0xee, 0xd5, 0xfe, 0xb2, 0xdf, 0xa1, 0xa3);

describe("decode", () => {
  it.each([
    ["UTF-8", Buffer.from("Rück 退款"), "Rück 退款"],
    ["UTF-8 with a mark", Buffer.concat([bytes(0xef, 0xbb, 0xbf), Buffer.from("退款")]), "退款"],
    ["UTF-16, low byte first", Buffer.concat([bytes(0xff, 0xfe), utf16le("Rück 退款")]), "Rück 退款"],
    ["UTF-16, high byte first", Buffer.concat([bytes(0xfe, 0xff), utf16le("退款").swap16()]), "退款"],
    ["GB18030", policy, "退款政策。"],
    ["GB18030 among plain letters", Buffer.concat([Buffer.from("id,"), policy, Buffer.from("\n")]), "id,退款政策。\n"],
  ])("reads %s", (_name, given, text) => {
    expect(decode(given)).toBe(text);
  });

  it("goes by the charset that came with it, but first by its own mark, and not by a label that nobody knows", () => {
    expect(decode(bytes(0x66, 0xfc, 0x72), "windows-1252")).toBe("für");
    expect(decode(policy, "gb2312")).toBe("退款政策。");
    expect(decode(Buffer.concat([bytes(0xef, 0xbb, 0xbf), Buffer.from("退")]), "latin1")).toBe("退");
    expect(decode(Buffer.from("退"), "x-unheard-of")).toBe("退");
  });

  it("passes by a charset that the text is not in, and bears a broken byte in one that it is in", () => {
    expect(decode(policy, "utf-8")).toBe("退款政策。");
    const broken = Buffer.concat([Buffer.from("a".repeat(200)), bytes(0xff)]);
    expect(decode(broken, "utf-8")).toBe(`${"a".repeat(200)}\uFFFD`);
    expect(() => decode(broken)).toThrow(/is not text/);
    expect(() => decode(Buffer.from("für Käufer", "latin1"), "utf-8")).toThrow(/is not text/);
  });

  it.each([
    ["Latin-1 that GB18030 would make other words of", Buffer.from("Rücksendungen für Kunden", "latin1")],
    ["Latin-1", Buffer.from("un café au lait", "latin1")],
    ["zeros and high bytes", bytes(0, 0xff, 0, 0xfe)],
    ["half a character", bytes(0xcd)],
  ])("refuses %s", (_name, given) => {
    expect(() => decode(given)).toThrow(/is not text in UTF-8, UTF-16/);
  });
});
