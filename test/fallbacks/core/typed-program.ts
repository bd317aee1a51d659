// Run from sources by `program-of.test.ts`.
import { LayerError } from "../../../src/fallbacks/core/errors.ts";

const said: string = new LayerError("server", "from sources").message;
process.stdout.write(said);
