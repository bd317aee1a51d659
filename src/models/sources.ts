import { resolve } from "node:path";
import type { Source } from "./protocol.ts";

export interface SourceOptions {
  /** Address of a hub as huggingface.co: `MODEL/resolve/REVISION/FILE` below it. Absent: no call to a hub. */
  readonly hubUrl?: string | undefined;
  /** Address of a copy of the hub, asked when the hub fails. */
  readonly mirrorUrl?: string | undefined;
  /** A directory with the model's files, or with directories of models by their id. Read where it lies. */
  readonly localDirectory?: string | undefined;
  /** Where downloaded files are kept. Files below it may be deleted at any time. */
  readonly cacheDirectory: string;
  /** True: neither hub nor mirror is called; what the cache holds still counts. */
  readonly offline?: boolean | undefined;
}

/**
 * The places to load from, in order. With a local directory alone there is neither network nor cache.
 * @throws {RangeError} when an address is none of http or https.
 */
export function sourcesOf(options: SourceOptions): readonly Source[] {
  const { hubUrl, mirrorUrl, localDirectory, cacheDirectory } = options;
  const remote: Source[] = [];
  if (hubUrl !== undefined) remote.push({ kind: "hub", ...addressOf("hubUrl", hubUrl), cacheDirectory });
  if (mirrorUrl !== undefined) remote.push({ kind: "mirror", ...addressOf("mirrorUrl", mirrorUrl), cacheDirectory });
  const cached: readonly Source[] = remote.length > 0 ? [{ kind: "cache", cacheDirectory }] : [];
  const local: readonly Source[] =
    localDirectory === undefined ? [] : [{ kind: "local directory", directory: resolve(localDirectory) }];
  return [...(options.offline ? cached : remote), ...local];
}

/** Credentials travel in a header: in the address they would be refused, and shown in errors. */
function addressOf(name: string, text: string): { readonly url: string; readonly authorization?: string } {
  if (!URL.canParse(text)) throw new RangeError(`${name} is not an address`);
  const url = new URL(text);
  if (url.protocol !== "http:" && url.protocol !== "https:")
    throw new RangeError(`${name} must start with http:// or https://`);
  const { username, password } = url;
  url.username = "";
  url.password = "";
  const address = { url: url.href.endsWith("/") ? url.href : `${url.href}/` };
  if (username === "" && password === "") return address;
  const pair = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  return { ...address, authorization: `Basic ${Buffer.from(pair).toString("base64")}` };
}
