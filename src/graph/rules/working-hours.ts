/** When people are there: whole hours 0 to 24 in an IANA time zone, the start included, the end not. */
export interface WorkingHours {
  readonly startHour: number;
  readonly endHour: number;
  readonly timezone: string;
}

/** True also when there are no hours: then somebody is always there. An end before the start spans midnight. */
export function isOpen(hours: WorkingHours | null, now: Date): boolean {
  if (!hours) return true;
  const { startHour, endHour, timezone } = hours;
  const format = new Intl.DateTimeFormat("en-GB", { hour: "numeric", hourCycle: "h23", timeZone: timezone });
  const hour = Number(format.formatToParts(now).find((part) => part.type === "hour")?.value);
  return startHour <= endHour ? hour >= startHour && hour < endHour : hour >= startHour || hour < endHour;
}
