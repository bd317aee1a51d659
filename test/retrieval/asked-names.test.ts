import { describe, expect, it } from "vitest";
import { namesIn } from "../../src/retrieval/asked-names.ts";
import { tokenise } from "../../src/text/tokenise.ts";

const namesOf = (question: string) => {
  const isName = namesIn(question);
  return tokenise(question)
    .filter(({ stop, term }) => !stop && isName(term))
    .map(({ term }) => term);
};

describe("names in a question", () => {
  it.each<[string, readonly string[]]>([
    ["what does error E4 mean", ["e4"]],
    ["E4是什么故障", ["e4"]],
    ["is ipv6 on by default", ["ipv6"]],
    ["Does the cable carry HDMI? VPN drops too.", ["hdmi", "vpn"]],
    ["Can I pay with Zelpay in Denver?", ["zelpai", "denver"]],
    ['do you sell the "Zelpay" card', ["zelpai"]],
    ["Do you take Apple Pay, Zelpay, PayPal, Visa?", ["appl", "pai", "zelpai", "paypal", "visa"]],
    ["Got HDMI?", ["hdmi"]],
    ["VPN 在 Linux 上有客户端不", ["vpn", "linux"]],
  ])("are found in %j", (question, names) => {
    expect(namesOf(question)).toEqual(names);
  });

  it.each([
    "How long does a refund take? Nobody tells me. I'm tired.",
    'It says "closed." Washing does not help. It broke… Refund please',
    "Please help me:\n- Refund my order\n- Cancel my plan today",
    "How do I wash the teapot called 茶壶 before its first use?",
    "HOW LONG DOES A REFUND TAKE",
    "How Do I Return My Jacket",
    "it costs 20 and takes 3 days",
    "退款多久到账",
    "",
  ])("are none in %j", (question) => {
    expect(namesOf(question)).toEqual([]);
  });
});
