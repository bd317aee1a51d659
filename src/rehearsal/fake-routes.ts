import type { IncomingHttpHeaders } from "node:http";
import { anthropicProtocol } from "./fake-anthropic.ts";
import { geminiProtocol } from "./fake-gemini.ts";
import { ollamaProtocol } from "./fake-ollama.ts";
import { groqProtocol, openAiProtocol } from "./fake-openai.ts";
import type { Asked, Fields, Protocol } from "./fake-protocol.ts";

const protocols = [openAiProtocol, groqProtocol, anthropicProtocol, geminiProtocol, ollamaProtocol];

/** Who is meant by a request, and what it wants: a list of models, a completion, or nothing that there is. */
export interface Route {
  readonly protocol: Protocol;
  readonly asked: Asked | "list" | undefined;
}

export function routeOf(method: string, path: string, headers: IncomingHttpHeaders, body: Fields | null): Route {
  const listing = method === "GET" ? listOf(path, headers) : undefined;
  if (listing) return { protocol: listing, asked: "list" };
  for (const protocol of method === "POST" && body ? protocols : []) {
    const asked = protocol.read(path, body ?? {});
    if (asked) return { protocol, asked };
  }
  return { protocol: openAiProtocol, asked: undefined };
}

/** The protocol whose list of models a path is; OpenAI's and Anthropic's have the same. */
function listOf(path: string, headers: IncomingHttpHeaders): Protocol | undefined {
  if (path === "/v1/models") return "anthropic-version" in headers ? anthropicProtocol : openAiProtocol;
  if (path === "/openai/v1/models") return groqProtocol;
  if (path === "/v1beta/models") return geminiProtocol;
  return path === "/api/tags" ? ollamaProtocol : undefined;
}

/** Decoded, without the query. */
export function pathOf(url = ""): string {
  const [path = ""] = url.split("?");
  try {
    return decodeURIComponent(path);
  } catch {
    // A percent sign that escapes nothing: no path of ours has one.
    return path;
  }
}
