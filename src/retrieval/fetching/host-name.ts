/** The host of a URL as look-ups and certificates know it: no brackets around an IPv6 address, no full stop at the end. */
export function hostOf(url: URL): string {
  return url.hostname.replace(/^\[(.*)\]$/, "$1").replace(/\.+$/, "");
}
