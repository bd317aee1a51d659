import type { AddressRules } from "./addresses.ts";
import { hostOf } from "./host-name.ts";
import { refusal } from "./refusal.ts";

const LONGEST_URL = 4_096;

/** A URL that may be asked, as far as can be told without a look-up. */
export interface Target {
  /** Without a fragment; its host has no full stop at the end. */
  readonly url: URL;
  /** A name, or an address without brackets. */
  readonly host: string;
  readonly port: number;
  readonly secure: boolean;
}

export interface TargetRules {
  readonly ports: ReadonlySet<number>;
  readonly addresses: AddressRules;
}

/**
 * @param from where this one was named, for a redirect.
 * @throws {Problem} `url_refused` for what is no http or https address, has a user name or a password or another port than the
 * allowed ones, or leads from https to http.
 */
export function readTarget(text: string, rules: TargetRules, from?: Target): Target {
  if (text.length > LONGEST_URL) throw refusal(`must have at most ${LONGEST_URL} characters, but has ${text.length}`);
  if (!URL.canParse(text, from?.url.href)) throw refusal("must be a URL such as https://example.com/help.html");
  const url = new URL(text, from?.url);
  if (url.protocol !== "http:" && url.protocol !== "https:") {
    throw refusal(`must begin with http:// or https://, but begins with "${url.protocol.slice(0, 20)}"`);
  }
  // Not repeated: a password is a secret, also in an error.
  if (url.username !== "" || url.password !== "") throw refusal("must not hold a user name or a password");
  const secure = url.protocol === "https:";
  if (from?.secure && !secure) throw refusal("leads from https to http");

  url.hash = "";
  const host = hostOf(url);
  // A URL may end its host with a full stop, which no certificate and few servers know.
  if (url.hostname.endsWith(".")) url.hostname = host;
  const port = url.port === "" ? (secure ? 443 : 80) : Number(url.port);
  if (!rules.ports.has(port) && !rules.addresses.namesPort(host, port)) {
    throw refusal(`names the port ${port}; allowed are ${[...rules.ports].join(", ")}`);
  }
  return { url, host, port, secure };
}
