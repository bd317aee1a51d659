import { failover } from "./failover.ts";
import { knowledge } from "./knowledge.ts";
import { policies } from "./policies.ts";
import { search } from "./search.ts";
import { server } from "./server.ts";
import { store } from "./store.ts";
import { vectors } from "./vectors.ts";

const parts = { server, policies, failover, store, search, vectors, knowledge };
const asked = process.argv.slice(2);
const unknown = asked.filter((name) => !Object.hasOwn(parts, name));
if (unknown.length > 0) throw new RangeError(`part: ${unknown.join(", ")}; allowed: ${Object.keys(parts).join(", ")}`);
for (const [name, run] of Object.entries(parts)) if (asked.length === 0 || asked.includes(name)) await run();
