import { language, say } from "./language.js";

/** A length of time in its largest fitting units: "8 s", "14 min", "3 h 5 min", "4 d". */
export function lengthInWords(ms) {
  const seconds = Math.max(0, Math.round(ms / 1000));
  if (seconds < 60) return say("seconds", { n: seconds });
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return say("minutes", { n: minutes });
  const hours = Math.floor(minutes / 60);
  if (hours >= 48) return say("days", { n: Math.floor(hours / 24) });
  const whole = say("hours", { n: hours });
  return minutes % 60 === 0 ? whole : `${whole} ${say("minutes", { n: minutes % 60 })}`;
}

export const since = (date) => say("since", { length: lengthInWords(Date.now() - Date.parse(date)) });

/** Time of day in the viewer's zone, with the date unless it is today. */
export function clockTime(date) {
  const then = new Date(date);
  const locale = language() === "zh" ? "zh-CN" : "en-GB";
  const time = { hour: "2-digit", minute: "2-digit", second: "2-digit" };
  if (then.toDateString() === new Date().toDateString()) return then.toLocaleTimeString(locale, time);
  return then.toLocaleString(locale, { ...time, year: "numeric", month: "short", day: "numeric" });
}
