import { byId } from "./dom.js";

/** The box to write in. `onSend(text)` gets trimmed text that is not empty; `onStop()` ends the running answer. */
export function createComposer({ onSend, onStop }) {
  const form = byId("composer");
  const input = byId("message");
  const send = byId("send");
  const stop = byId("stop");
  let busy = false;

  function fit() {
    input.style.height = "auto";
    input.style.height = `${input.scrollHeight}px`;
  }

  function submit() {
    const text = input.value.trim();
    if (busy || text === "") return;
    input.value = "";
    fit();
    onSend(text);
  }

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    submit();
  });
  input.addEventListener("input", fit);
  input.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.shiftKey) return;
    // While an input method composes, Enter chooses a word. Safari ends the composition before the key arrives, with code 229.
    if (event.isComposing || event.keyCode === 229) return;
    event.preventDefault();
    submit();
  });
  stop.addEventListener("click", onStop);

  return {
    focus: () => input.focus(),
    setBusy(value) {
      busy = value;
      const heldFocus = document.activeElement === send || document.activeElement === stop;
      send.hidden = value;
      stop.hidden = !value;
      // A hidden button loses the focus to the page; the box is where the user goes on.
      if (heldFocus) input.focus();
    },
  };
}
