/**
 * What a process with a model gets of our environment. It runs native code over files that were fetched, and needs to find
 * programs and directories, the network as the system has set it up, and libraries; none of the server's keys or addresses. The tokens are
 * those of the library that fetches.
 */
const PASSED_ON =
  /^(PATH|HOME|USERPROFILE|SYSTEMROOT|WINDIR|TMPDIR|TEMP|TMP|TZ|LANG|LC_\w+|LD_LIBRARY_PATH|LD_PRELOAD|DYLD_\w+|MALLOC_\w+|GLIBC_TUNABLES|OMP_\w+|ORT_\w+|(HTTPS?|ALL|NO)_PROXY|SSL_CERT_(FILE|DIR)|OPENSSL_CONF|NODE_EXTRA_CA_CERTS|NODE_USE_SYSTEM_CA|NODE_USE_ENV_PROXY|NODE_TLS_REJECT_UNAUTHORIZED|HF_TOKEN|HF_ACCESS_TOKEN)$/i;

/** Flags of Node that say how the network is reached. Others are of this process alone: debuggers, loaders, limits on memory. */
const NETWORK_FLAG =
  /^--(use-env-proxy|use-(system|openssl|bundled)-ca|dns-result-order|(no-)?network-family-autoselection|network-family-autoselection-attempt-timeout|tls-[\w.-]+|openssl-[\w-]+|(enable|force)-fips)(=|$)/;

type Environment = Readonly<Record<string, string | undefined>>;

/** @param environment as `process.env`. */
export function modelEnvironment(environment: Environment): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(environment).flatMap(([name, value]): [string, string][] =>
      value !== undefined && PASSED_ON.test(name) ? [[name, value]] : [],
    ),
  );
}

/**
 * Flags for Node in the model's process: those for the network that this process got, on its command line or in `NODE_OPTIONS`.
 * @param given as `process.execArgv`; a value may follow its flag.
 */
export function modelFlags(given: readonly string[], environment: Environment): readonly string[] {
  const all = [...split(environment["NODE_OPTIONS"] ?? ""), ...given];
  const flags = all.filter((flag, at) => {
    if (flag.startsWith("-")) return NETWORK_FLAG.test(flag);
    return NETWORK_FLAG.test(all[at - 1] ?? "") && flag !== "";
  });
  // Its warnings would stand for the reason when it ends.
  return ["--no-warnings", ...flags];
}

/** As Node does it: at spaces outside of quotes, which are dropped; inside of them a backslash stands before what is meant as it is. */
function split(options: string): readonly string[] {
  const words = options.match(/(?:"(?:\\.|[^"\\])*"|[^ "])+/gs) ?? [];
  return words.map((word) =>
    word.replace(/"((?:\\.|[^"\\])*)"/gs, (_, quoted: string) => quoted.replace(/\\(.)/gs, "$1")),
  );
}
