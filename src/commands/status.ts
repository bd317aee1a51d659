import { layerNames } from "../fallbacks/core/status.ts";
import { createClient } from "../rehearsal/client.ts";
import type { HealthReport } from "../rehearsal/client-wire.ts";
import { type Command, UsageError } from "./command.ts";
import { parseOptions } from "./options.ts";
import { readSettings, runningServer } from "./settings.ts";

export const statusCommand: Command = {
  async run(args, terminal) {
    const { positionals } = parseOptions(args, {});
    if (positionals.length > 1) throw new UsageError("give at most one URL");
    const { config, secrets } = readSettings();
    const url = positionals[0] ?? runningServer(config) ?? `http://${config.host}:${config.port}`;
    if (!URL.canParse(url)) throw new UsageError(`"${url}" is not a URL`);
    let report: HealthReport;
    try {
      report = await createClient(url, secrets.clientKey).health();
    } catch (error) {
      terminal.err(`${url} does not answer: ${error instanceof Error ? error.message : String(error)}\n`);
      return 1;
    }
    terminal.out(render(url, report));
    return report.status === "down" ? 1 : 0;
  },
};

function render(url: string, report: HealthReport): string {
  const rows = layerNames.map((name) => {
    const { state, configured, by, since, reason, impact } = report.layers[name];
    const served = `by ${by}${configured ? "" : " (local)"}`;
    const trouble = state === "ok" ? "" : `${reason ?? ""} since ${since ?? "?"}. ${impact}`;
    return `${name.padEnd(11)}${state.padEnd(11)}${served.padEnd(24)}${trouble}`.trimEnd();
  });
  return [`${url}: ${report.status}`, ...rows, ...report.notices].join("\n");
}
