import { type IncomingMessage, request } from "node:http";
import type { Socket } from "node:net";
import type { Accepted } from "./fetcher.ts";
import { refusal } from "./refusal.ts";
import type { Target } from "./target.ts";

/** As sites know whoever asks, in their logs and in robots.txt. */
export const USER_AGENT = "understudy";
/** Answers such as "100 Continue" that may come before the real one. */
const MOST_INTERIM = 8;

/**
 * Asks for the target over a connection that is there. Sends nothing that tells who asks: no cookies, no keys, no referrer.
 * @returns the head of the answer; its body has not been read.
 * @throws what the network or the HTTP parser threw, or {Problem} `url_refused`.
 */
export function ask({ url }: Target, socket: Socket, accept: Accepted, headerBytes: number): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const asked = request({
      // The one connection that there is: with it comes no agent, no pool, no proxy and no look-up.
      createConnection: () => socket,
      method: "GET",
      path: `${url.pathname}${url.search}`,
      setHost: false,
      headers: {
        host: url.host,
        "user-agent": USER_AGENT,
        accept: accept === "any" ? "*/*" : [...accept].join(", "),
        "accept-encoding": "gzip, deflate, br",
        connection: "close",
      },
      maxHeaderSize: headerBytes,
      // Whatever the command line of the process says.
      insecureHTTPParser: false,
    });
    let interim = 0;
    asked.on("information", () => {
      interim += 1;
      if (interim > MOST_INTERIM) asked.destroy(refusal("answers without an end"));
    });
    asked.once("response", resolve);
    asked.on("error", reject);
    asked.once("close", () => reject(new Error("closed before there was an answer")));
    asked.end();
  });
}
