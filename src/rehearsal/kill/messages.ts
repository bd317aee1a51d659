import type { Random } from "../../fallbacks/core/clock.ts";

interface Line {
  /** Whether it opens a ticket. */
  readonly ticket: boolean;
  readonly text: string;
}

const talk: readonly string[] = [
  "Hi! How long do I have to return unopened goods?",
  "And opened ones?",
  "Where is my order LK20260142?",
  "How many points do I have?",
  "What is the warranty on the battery?",
  "Thanks!",
  "你好！",
  "退款到银行卡要多久？",
  "那退到钱包呢？",
  "查一下订单 LK20260117",
  "👩‍👩‍👧 \u{1d54f} ﷽ does this work?",
];

const tickets: readonly string[] = [
  "Please open a ticket, my grinder makes a strange noise.",
  "My coffee machine leaks water. Please open a ticket.",
  "我的磨豆机坏了，请开工单",
];

const handoffs: readonly string[] = ["I want to talk to a human.", "connect me to a live agent please", "我要转人工"];

const TICKET_SHARE = 0.15;
const HANDOFF_SHARE = 0.08;
export const MOST_TICKETS = 3;

/** Something to say. @param ticketsLeft how many more tickets may be wished for. */
export function drawLine(random: Random, ticketsLeft: number): Line {
  const share = random();
  if (share < TICKET_SHARE && ticketsLeft > 0) return { ticket: true, text: oneOf(tickets, random) };
  if (share > 1 - HANDOFF_SHARE) return { ticket: false, text: oneOf(handoffs, random) };
  return { ticket: false, text: oneOf(talk, random) };
}

/** Shows the last tickets of the user, `MOST_TICKETS` of them. */
export const askForTickets = "Any news on my ticket?";

function oneOf(lines: readonly string[], random: Random): string {
  return lines[Math.floor(random() * lines.length)] ?? "";
}
