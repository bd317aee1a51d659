import { describe, expect, it } from "vitest";
import { parseHtml } from "../../../src/retrieval/reading/html.ts";
import { shown } from "./shown.ts";

const read = (html: string) => parseHtml(html, "file");

describe("parseHtml", () => {
  it("reads title, headings, paragraphs, lists, line breaks and preformatted text", () => {
    const document =
      read(`<!doctype html><html><head><title>Returns &amp; refunds</title><style>p {}</style></head><body>
      <h1>Returns &amp;&#32;refunds</h1><p>You may return  goods
      within <b>14</b>&nbsp;days.<br>Really.<h2>Fees</h2><ul><li>Standard: <a href="https://a.example/x">free</a><li><p>Express: 5&nbsp;&euro;</ul>
      <h3>Example</h3><pre>line 1\n   line 2</pre><h2>End</h2><p>Text.<script>alert(1)</script></body></html>`);
    expect(document.title).toBe("Returns & refunds");
    expect(shown(document)).toEqual([
      ["", "You may return goods within 14\u00A0days.\nReally."],
      ["Fees", "- Standard: free\n- Express: 5\u00A0€"],
      ["Fees › Example", "line 1\n   line 2"],
      ["End", "Text."],
    ]);
    expect(document.text).toMatch(/^Returns & refunds\n\nYou may return[^]*\n\nFees\n\n- Standard/);
  });

  it("reads Chinese, and keeps a first heading that says more than the title", () => {
    const document = read("<title>帮助中心</title><h1>退款政策</h1><p>七天内可以退款。</p><h2>费用</h2><p>免费。</p>");
    expect(document.title).toBe("帮助中心");
    expect(shown(document)).toEqual([
      ["退款政策", "七天内可以退款。"],
      ["退款政策 › 费用", "免费。"],
    ]);
  });

  it("takes the title from the first heading or else the name, and headings alone as content", () => {
    expect(read("<h1>One</h1><p>Text</p>").title).toBe("One");
    expect(read("<p>Text</p>").title).toBe("file");
    expect(shown(read("<h1>One</h1><h2>Two</h2>"))).toEqual([["", "One\n\nTwo"]]);
  });

  it("leaves out what surrounds the content where the page says what that is", () => {
    const around = (content: string) =>
      `<header><h1>Shop</h1><nav>Home</nav></header><aside>Ad</aside>${content}<footer>Imprint</footer>`;
    expect(
      shown(
        read(
          around("<p>Banner</p><main><header><h2>T</h2></header><nav>Toc</nav><p>Text</p><aside>Tip</aside></main>"),
        ),
      ),
    ).toEqual([["T", "Text\n\nTip"]]);
    expect(shown(read(around("<p>Lead</p><article><header><h2>T</h2></header><p>Text</p></article>")))).toEqual([
      ["", "Lead"],
      ["T", "Text"],
    ]);
    expect(read(around("<div role=main>Text</div>")).text).toBe("Text");
    expect(read(around("<p>Text</p>")).text).toContain("Imprint");
    // A script fills it.
    expect(read(around("<main></main><p>Text</p>")).text).toContain("Text");
  });

  it("leaves out what nobody sees", () => {
    const hidden = `<p hidden>a</p><p style="color:red; display: none">b</p><template>c</template><noscript>d</noscript>
      <select><option>e</option></select><svg><title>f</title><text>g</text></svg><!-- h --><textarea>i</textarea><p style="visibility:hidden">j`;
    expect(read(`${hidden}</p><p>Seen</p>`)).toMatchObject({ text: "Seen", title: "file" });
  });

  it("keeps the cells of a row together, with the names of their columns where there are some", () => {
    expect(
      shown(
        read(`<table><caption>Rates</caption><thead><tr><th>Name<th>Price</thead><tr><td>A<td><p>5</p><p>EUR</p><tr><td>B<td></table>
        <table><tr><td>x</td><td>y</td></tr><tr><td>z</td></tr></table>
        <table><tr><th>名称</th><th>价格</th></tr><tr><td rowspan=2>标准</td><td>五元</td></tr><tr><td>六元</td></tr></table>`),
      ),
    ).toEqual([
      [
        "",
        "Rates\n\nName: A; Price: 5 EUR\n\nName: B\n\n| x | y |\n\nz\n\n名称: 标准; 价格: 五元\n\n名称: 标准; 价格: 六元",
      ],
    ]);
  });

  it("reads a table that only lays out the page as the page", () => {
    const layout =
      "<table><tr><td>Menu</td><td><h2>Part</h2><p>Text</p><table><tr><td>a<td>b</table></td></tr></table><p>End</p>";
    expect(shown(read(layout))).toEqual([
      ["", "Menu"],
      ["Part", "Text\n\n| a | b |\n\nEnd"],
    ]);
  });

  it("says only what the page says: nothing that it refers to", () => {
    const { text } = read(
      `<p>Text <img src="file:///etc/hostname" alt=""><iframe src="file:///etc/passwd">x</iframe></p>`,
    );
    expect(text).toBe("Text");
  });

  it.each([
    ["<div>".repeat(600), /nested more than 500 deep/],
    ['<!DOCTYPE html [<!ENTITY a "b"><!ENTITY c "&a;&a;">]><p>&c;</p>', /entities of its own/],
    ["<!DOCTYPE html [<!ELEMENT a ANY><!ENTITY a SYSTEM 'file:///etc/passwd'>]><p>&a;</p>", /entities of its own/],
    ["<p> </p><script>x</script>", /has no text in it/],
    [`<p>${"a".repeat(6 * 1024 * 1024)}</p>`, /more than 5 MB of text/],
  ])("refuses a page with a reason of its own (case %#)", (html, reason) => {
    expect(() => read(html)).toThrow(reason);
  });

  it.each([
    "<p>a".repeat(2_000),
    `<pre>${" ".repeat(300_000)}a`,
    `<p>${" \n".repeat(300_000)}a`,
    "<b><i>a</b>".repeat(200),
    `a${"<".repeat(300_000)}`,
  ])("reads a page that nobody would write (case %#)", (html) => {
    expect(read(html).text).toContain("a");
  });

  it("spans a wide cell no further than a table goes", () => {
    expect(read("<table><tr><td colspan=999999999>a<td>b</table>").text.length).toBeLessThan(10_000);
  });
});
