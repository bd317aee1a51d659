import { resolve } from "node:path";
import { expect, it } from "vitest";
import { type SourceOptions, sourcesOf } from "../../src/models/sources.ts";

const cacheDirectory = "/cache";
const hubUrl = "https://hub.example/";
const mirrorUrl = "https://mirror.example/below";
const localDirectory = "/models";

it.each<[string, Partial<SourceOptions>, readonly string[]]>([
  ["hub, mirror, local directory", { hubUrl, mirrorUrl, localDirectory }, ["hub", "mirror", "local directory"]],
  ["a local directory alone", { localDirectory }, ["local directory"]],
  ["a local directory alone, offline", { localDirectory, offline: true }, ["local directory"]],
  ["all, offline", { hubUrl, mirrorUrl, localDirectory, offline: true }, ["cache", "local directory"]],
  ["a mirror, offline", { mirrorUrl, offline: true }, ["cache"]],
  ["nothing", {}, []],
])("orders the sources: %s", (_, options, kinds) => {
  expect(sourcesOf({ cacheDirectory, ...options }).map(({ kind }) => kind)).toEqual(kinds);
});

it("reads a relative directory from where the process runs", () => {
  expect(sourcesOf({ cacheDirectory, localDirectory: "models" })).toEqual([
    { kind: "local directory", directory: resolve("models") },
  ]);
});

it("makes of an address a prefix without credentials", () => {
  expect(sourcesOf({ cacheDirectory, mirrorUrl })).toEqual([{ kind: "mirror", url: `${mirrorUrl}/`, cacheDirectory }]);
  expect(sourcesOf({ cacheDirectory, hubUrl: "http://a:b@hub.example" })).toEqual([
    { kind: "hub", url: "http://hub.example/", authorization: "Basic YTpi", cacheDirectory },
  ]);
});

it.each(["not an address", "ftp://hub.example", "file:///models"])(
  "refuses the address %s without repeating it",
  (url) => {
    expect(() => sourcesOf({ cacheDirectory, mirrorUrl: url })).toThrow(
      /^mirrorUrl (is not an address|must start with)/,
    );
  },
);
