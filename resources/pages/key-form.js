import { byId } from "./dom.js";

/** Asks the user for a key in a dialog; resolves to null when they decline. */
export function askForKey({ refused }) {
  const dialog = byId("key-dialog");
  const input = byId("key");
  byId("key-refused").hidden = !refused;
  input.value = "";
  dialog.returnValue = "";
  dialog.showModal();
  return new Promise((resolve) => {
    const controller = new AbortController();
    const once = { signal: controller.signal };
    byId("key-cancel").addEventListener("click", () => dialog.close("cancel"), once);
    byId("key-form").addEventListener("submit", () => (dialog.returnValue = "use"), once);
    dialog.addEventListener(
      "close",
      () => {
        controller.abort();
        const key = input.value.trim();
        input.value = "";
        resolve(dialog.returnValue === "use" && key ? key : null);
      },
      once,
    );
  });
}
