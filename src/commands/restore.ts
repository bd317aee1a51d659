import { restore } from "../fallbacks/store/backup.ts";
import { type Command, UsageError } from "./command.ts";
import { onlyWord, parseOptions } from "./options.ts";
import { dataDirectory } from "./settings.ts";

export const restoreCommand: Command = {
  async run(args, terminal) {
    const file = onlyWord(parseOptions(args, {}).positionals, "the name of a backup");
    const directory = dataDirectory();
    if (directory === undefined) throw new UsageError("DATA_DIR is :memory:, so there is nothing to restore to");
    const { kept } = await restore({ file, directory });
    terminal.out(`${file} is in ${directory}${kept === undefined ? "" : `; what was there is now ${kept}`}`);
    return 0;
  },
};
