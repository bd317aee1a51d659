import { startFakeBusiness } from "../../src/rehearsal/fake-business.ts";

// A fake business API as a process of its own: fake-business-child.ts [PORT [KEY]]. Prints its URL when it listens.
const [port = "0", key] = process.argv.slice(2);
const { url } = await startFakeBusiness({ port: Number(port), ...(key !== undefined && { key }) });
process.stdout.write(`${url}\n`);
