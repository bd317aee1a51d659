import { readFileSync } from "node:fs";
import type { RedisServer } from "../support/redis-server.ts";

const PASSWORD = "of-few-rights";

/** The user of the manual: its name and rules, in the words of ACL SETUSER. */
function userOfTheManual(): readonly string[] {
  const manual = readFileSync(new URL("../../docs/operations.md", import.meta.url), "utf8");
  const [, words] = /^redis-cli ACL SETUSER ((?:.*\\\n)*.*)$/m.exec(manual) ?? [];
  if (words === undefined) throw new Error("docs/operations.md has no line that begins with redis-cli ACL SETUSER");
  return words
    .replace("PASSWORD", PASSWORD)
    .replaceAll("'", "")
    .split(/[\s\\]+/);
}

/** What was denied, whether a command by itself or one in a script. */
export const denied = async (redis: RedisServer): Promise<string> => redis.command("ACL", "LOG");

/** In the words of ACL SETUSER. */
export const user = userOfTheManual();

/** Arguments of a redis-server that knows the user, also after a restart. */
export const userArgs = ["--user", ...user.filter((word) => word !== "reset")];

/** How that user comes to a Redis: to database 1, so that selecting it is among what is tried. */
export const urlFor = ({ port }: RedisServer): string => `redis://understudy:${PASSWORD}@127.0.0.1:${port}/1`;

/** The URL of a group of servers, for that user. */
export const asUser = (url: string): string => url.replace("//", `//understudy:${PASSWORD}@`);
