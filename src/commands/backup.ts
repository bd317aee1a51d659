import { backup } from "../fallbacks/store/backup.ts";
import { type Command, UsageError } from "./command.ts";
import { onlyWord, parseOptions } from "./options.ts";
import { dataDirectory } from "./settings.ts";

export const backupCommand: Command = {
  async run(args, terminal) {
    const { values, positionals } = parseOptions(args, { overwrite: { type: "boolean" } });
    const file = onlyWord(positionals, "the name of a file");
    const directory = dataDirectory();
    if (directory === undefined) throw new UsageError("DATA_DIR is :memory:, so there is nothing to copy");
    await backup({ directory, file, overwrite: values.overwrite ?? false });
    terminal.out(`${directory} is copied to ${file}`);
    return 0;
  },
};
