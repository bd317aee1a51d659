import { createServer, request } from "node:http";
import { listenOn } from "../../src/rehearsal/listen.ts";

export interface Balancer {
  readonly url: string;
  close(): Promise<void>;
}

/**
 * Hands each request to the next of the servers, whether it lives or not: nothing is retried, nothing is remembered, and
 * what a server breaks off is broken off for the client.
 * @param targets URLs, asked for at each request.
 */
export async function startBalancer(targets: () => readonly string[]): Promise<Balancer> {
  let count = 0;
  const server = createServer((incoming, outgoing) => {
    const urls = targets();
    const target = urls[count % urls.length] ?? "";
    count += 1;
    const { method = "GET", headers } = incoming;
    const { host: _host, ...passed } = headers;
    const onward = request(
      new URL(incoming.url ?? "/", target),
      { method, headers: passed, agent: false },
      (answer) => {
        outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
        answer.once("error", () => outgoing.destroy());
        answer.pipe(outgoing);
      },
    );
    onward.once("error", () => outgoing.destroy());
    outgoing.once("close", () => onward.destroy());
    incoming.pipe(onward);
  });
  return listenOn(server, 0);
}
