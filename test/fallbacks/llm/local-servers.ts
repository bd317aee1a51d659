import type { AddressInfo, Server } from "node:net";
import { afterEach } from "vitest";

/** Servers of one test file, each on a free port of this machine; they close after the test that started them. */
export function createLocalServers() {
  const started: Server[] = [];
  afterEach(async () => {
    for (const server of started.splice(0)) {
      if ("closeAllConnections" in server && typeof server.closeAllConnections === "function") {
        server.closeAllConnections();
      }
      await new Promise((resolve) => server.close(resolve));
    }
  });
  return {
    /** Starts to listen, and returns the port. */
    async start(server: Server): Promise<number> {
      await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
      started.push(server);
      return (server.address() as AddressInfo).port;
    },
  };
}

/** A port on which nobody listens. */
export async function closedPort(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
