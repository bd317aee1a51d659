import { remember } from "../../text/remember.ts";

/** Making one takes longer than all that is done with it in a turn; a process mostly has one time zone. */
const formatOf = remember(
  4,
  (timeZone) =>
    new Intl.DateTimeFormat("en-GB", { weekday: "long", year: "numeric", month: "2-digit", day: "2-digit", timeZone }),
);

/**
 * The date for a model, with its weekday and the time zone in which it is that day: "Today is Thursday, 2026-01-15 (time zone Asia/Shanghai)."
 * The same all day long, so that a prompt stays the same, too.
 *
 * @param timezone an IANA name
 */
export function todayText(now: Date, timezone: string): string {
  const parts = Object.fromEntries(
    formatOf(timezone)
      .formatToParts(now)
      .map(({ type, value }) => [type, value]),
  );
  const { weekday, year, month, day } = parts;
  return `Today is ${weekday}, ${year}-${month}-${day} (time zone ${timezone}).`;
}
