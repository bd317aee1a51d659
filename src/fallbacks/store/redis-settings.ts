import type { Redis } from "ioredis";

/** Tells of settings with which Redis loses what it has acknowledged. */
export async function inspectSettings(client: Redis, warn: (text: string) => void): Promise<void> {
  let info: string;
  try {
    info = await client.info();
  } catch {
    // It may be forbidden to this user, and the connection may be lost: then nothing is known, and nothing is said.
    return;
  }
  if (/^aof_enabled:0/m.test(info)) {
    warn(
      "Redis has no append-only file: a crash loses its latest writes, which then come back from the journal of this " +
        "server only. Set appendonly yes.",
    );
  }
  const policy = /^maxmemory_policy:(\S+)/m.exec(info)?.[1];
  if (policy !== undefined && policy !== "noeviction" && !/^maxmemory:0\r?$/m.test(info)) {
    warn(`Redis may throw away data when its memory is full (${policy}). Set maxmemory-policy noeviction.`);
  }
}
