import { byId } from "./dom.js";
import { words as en } from "./words-en.js";
import { words as zh } from "./words-zh.js";

const packs = { en, zh };
const KEPT = "understudy.language";
const liveTexts = new WeakMap();

let current = choose();

function choose() {
  const kept = localStorage.getItem(KEPT);
  if (kept && Object.hasOwn(packs, kept)) return kept;
  return navigator.language.toLowerCase().startsWith("zh") ? "zh" : "en";
}

export const language = () => current;

/** The words for `key` in the language of the page; undefined where there are none for it. */
export function wordsFor(key, values = {}) {
  const word = Object.hasOwn(packs[current], key) ? packs[current][key] : undefined;
  return typeof word === "function" ? word(values) : word;
}

/** Like `wordsFor`, for keys that must exist: shows the key itself rather than nothing. */
export const say = (key, values) => wordsFor(key, values) ?? key;

/** Marks text in Chinese as such, for the right glyphs and the right voice, whatever the language of the page. */
export function markLanguage(node) {
  if (/\p{Script=Han}/u.test(node.textContent)) node.lang = "zh-CN";
  else node.removeAttribute("lang");
  return node;
}

/** Keeps the text of an element equal to what `make` returns, when the language changes or time passes. */
export function keepText(node, make) {
  liveTexts.set(node, make);
  node.dataset.live = "";
  write(node, make());
  return node;
}

// Writing only what changed keeps a screen reader from saying it again.
function write(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

export function refreshTexts() {
  for (const node of document.querySelectorAll("[data-live]")) write(node, liveTexts.get(node)());
}

function translatePage() {
  document.documentElement.lang = current === "zh" ? "zh-CN" : "en";
  for (const node of document.querySelectorAll("[data-text]")) write(node, say(node.dataset.text));
  for (const node of document.querySelectorAll("[data-label]"))
    node.setAttribute("aria-label", say(node.dataset.label));
  for (const node of document.querySelectorAll("[data-placeholder]")) node.placeholder = say(node.dataset.placeholder);
  refreshTexts();
}

/** Translates the page and wires its language button. `onChange` runs after each switch. */
export function startLanguage(onChange = () => {}) {
  const button = byId("language");
  const show = () => {
    translatePage();
    const other = current === "zh" ? "en" : "zh";
    button.textContent = say("otherLanguage");
    button.lang = other;
  };
  button.addEventListener("click", () => {
    current = current === "zh" ? "en" : "zh";
    localStorage.setItem(KEPT, current);
    show();
    onChange();
  });
  show();
}
