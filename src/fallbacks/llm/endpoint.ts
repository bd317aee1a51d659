import { createRedactor } from "./redact.ts";

/** Where a model is asked, and how one says who asks. */
export interface Endpoint {
  /** As configured: stands at the beginning of every error message. */
  readonly name: string;
  /** Without credentials and without a slash at its end. */
  readonly baseUrl: string;
  /** The headers that say who asks; none where the endpoint takes everybody. */
  readonly credentials: Readonly<Record<string, string>>;
  readonly redact: (text: string) => string;
}

export interface EndpointOptions {
  /** As configured; it stands in receipts and at the beginning of error messages. */
  readonly name: string;
  /** Default: the provider's own. Credentials in it are sent as Basic authorization where there is no key. */
  readonly baseUrl?: string;
  readonly apiKey?: string;
}

/** What a provider's addresses and keys look like. */
export interface EndpointForm {
  readonly baseUrl: string;
  /** A path that may stand at the end of a base URL although the client adds it itself. */
  readonly ending?: string;
  /** The headers that carry a key. Default: `authorization: Bearer`. */
  readonly credentials?: (key: string) => Readonly<Record<string, string>>;
}

/** @throws {RangeError} when `baseUrl` is not an absolute http or https URL. */
export function createEndpoint(options: EndpointOptions, form: EndpointForm): Endpoint {
  const { name, baseUrl = form.baseUrl, apiKey = "" } = options;
  const url = URL.canParse(baseUrl) ? new URL(baseUrl) : undefined;
  if (!url || !/^https?:$/.test(url.protocol)) {
    throw new RangeError(`the base URL of ${name} must begin with http:// or https://`);
  }
  const userInfo = `${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}`;
  const basic = userInfo === ":" ? "" : Buffer.from(userInfo).toString("base64");
  const path = url.pathname.replace(/\/+$/, "");
  const { ending, credentials = bearer } = form;
  const key = apiKey.trim();
  return {
    name,
    baseUrl: url.origin + (ending !== undefined && path.endsWith(ending) ? path.slice(0, -ending.length) : path),
    credentials: key !== "" ? credentials(key) : basic !== "" ? { authorization: `Basic ${basic}` } : {},
    redact: createRedactor([key, basic]),
  };
}

function bearer(key: string): Readonly<Record<string, string>> {
  return { authorization: `Bearer ${key}` };
}
