// Shows what the form would have sent while it is filled in. Without a script, the Preview button does it.
"use strict";
(() => {
  const form = document.querySelector("form[data-preview]");
  const seen = document.getElementById("seen");
  if (!form || !seen || !window.fetch) return;
  let waiting = 0, asked = 0;
  const look = async () => {
    const number = ++asked;
    const data = new FormData(form);
    for (const name of ["email", "organisation", "agree"]) data.delete(name);
    try {
      const answer = await fetch(form.dataset.preview, {
        method: "POST",
        body: new URLSearchParams(data),
        headers: { "X-Fragment": "1" },
        credentials: "same-origin",
      });
      if (answer.ok && number === asked) {
        // Our own page's part, escaped where it was made.
        const part = new DOMParser().parseFromString(await answer.text(), "text/html");
        seen.replaceChildren(...part.body.childNodes);
      }
    } catch { /* The Preview button stays. */ }
  };
  form.addEventListener("change", (event) => {
    if (event.target.closest("[name=email], [name=organisation], [name=agree]")) return;
    window.clearTimeout(waiting);
    waiting = window.setTimeout(look, 350);
  });
})();
