// Keys for what the buttons do. They can be turned off (WCAG 2.1.4), and never fire while typing.
"use strict";
(() => {
  const store = "tenders-keys";
  const panel = document.getElementById("keys");
  let on = true;
  try { on = localStorage.getItem(store) !== "off"; } catch { /* a browser may refuse to keep it */ }

  const keyed = () => [...document.querySelectorAll("[data-key]")];
  const say = () => {
    for (const one of keyed()) {
      one.querySelector("kbd")?.remove();
      if (!on || !/^(BUTTON|SUMMARY|A)$/.test(one.tagName)) continue;
      const key = document.createElement("kbd");
      key.textContent = one.dataset.key.toUpperCase().replace(" ", " / ");
      key.setAttribute("aria-hidden", "true");
      one.append(key);
    }
    if (!panel) return;
    panel.hidden = false;
    panel.replaceChildren();
    const button = document.createElement("button");
    button.type = "button";
    button.className = "quiet small";
    button.setAttribute("aria-pressed", String(on));
    button.textContent = on ? "Keys are on" : "Keys are off";
    button.addEventListener("click", () => {
      on = !on;
      try { localStorage.setItem(store, on ? "on" : "off"); } catch { /* as above */ }
      say();
      panel.querySelector("button").focus();
    });
    panel.append(button);
    if (!on) return;
    const words = document.createElement("p");
    words.className = "small soft";
    words.textContent = document.getElementById("deciding")
      ? "A right, R not for the arts, 1 to 4 what it is, T tags, N note, L save, S skip, U undo, Escape leaves the note."
      : "M merge, K keep apart, S skip, U undo.";
    panel.append(words);
  };

  const typing = (at) => at instanceof HTMLElement
    && (at.isContentEditable || at.matches("textarea, select, input:not([type=radio]):not([type=checkbox])"));

  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && typing(event.target)) { event.target.blur(); return; }
    if (!on || event.ctrlKey || event.metaKey || event.altKey || event.repeat || typing(event.target)) return;
    const key = event.key.toLowerCase();
    const found = key === "u"
      ? document.getElementById("undo")
      : keyed().find((one) => one.dataset.key.split(" ").includes(key));
    if (!found) return;
    event.preventDefault();
    if (found.matches("textarea")) found.focus();
    else { found.click(); if (found.matches("input, summary")) found.focus(); }
  });

  say();
})();
