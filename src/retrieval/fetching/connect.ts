import { connect as connectTcp, isIP, type Socket } from "node:net";
import { connect as connectTls, TLSSocket } from "node:tls";
import type { Clock } from "../../fallbacks/core/clock.ts";
import { within } from "../../fallbacks/core/deadline.ts";
import { noAnswer, refusal } from "./refusal.ts";
import type { Target } from "./target.ts";

export interface ConnectOptions {
  readonly clock: Clock;
  /** Longest wait for one address, TLS included, in ms. */
  readonly connectMs: number;
  /** Certificates (PEM) of authorities that are trusted in place of the usual ones. */
  readonly ca?: string | undefined;
}

/**
 * Connects to the first of these addresses that answers. The socket is given an address and no name, so there is no second
 * look-up that could lead elsewhere than the first, checked one; TLS proves the name.
 * @param addresses checked ones of the target's host, one at least.
 * @throws {Problem} `url_refused` when none answers, or the certificate is not one for the host.
 */
export async function connectTo(
  target: Target,
  addresses: readonly string[],
  signal: AbortSignal,
  options: ConnectOptions,
): Promise<Socket> {
  const failures: unknown[] = [];
  for (const address of addresses) {
    const socket = open(target, address, options.ca);
    try {
      const limits = { clock: options.clock, signal, ms: options.connectMs };
      await within(limits, () => opened(socket, target.secure ? "secureConnect" : "connect"));
      return socket;
    } catch (error) {
      socket.destroy();
      signal.throwIfAborted();
      if (isUntrusted(socket)) throw refusal("has no certificate that is trusted for its host", error);
      failures.push(error);
    }
  }
  throw noAnswer(new AggregateError(failures, `no connection to ${target.host}`));
}

function open({ host, port, secure }: Target, address: string, ca: string | undefined): Socket {
  if (!secure) return connectTcp({ host: address, port });
  return connectTls({
    host: address,
    port,
    // A name for the certificate to match; an address has none, and is matched itself.
    servername: isIP(host) === 0 ? host : "",
    ALPNProtocols: ["http/1.1"],
    // Whatever NODE_TLS_REJECT_UNAUTHORIZED says.
    rejectUnauthorized: true,
    ...(ca !== undefined && { ca }),
  });
}

function opened(socket: Socket, event: "connect" | "secureConnect"): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.once(event, resolve);
    // It stays: a socket that fails later, when nobody reads it any more, must not end the process.
    socket.on("error", reject);
    socket.once("close", () => reject(new Error("closed before it was open")));
  });
}

/** Says so although nothing is trusted in spite of it. */
function isUntrusted(socket: Socket): boolean {
  // Typed as an Error, and null by default in fact; a code of OpenSSL, or ERR_TLS_CERT_ALTNAME_INVALID, otherwise.
  return socket instanceof TLSSocket && Boolean(socket.authorizationError);
}
