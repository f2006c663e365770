/* Copy what a document asks for, as text.

What this relies on, and what tests may:
  [data-todo] li, [data-copy]           things to do, and the button that copies them; [data-copied] says so
*/
"use strict";
(() => {
  function listed(article) {
    const title = article.querySelector("[id$='-title'] bdi").textContent;
    const lines = [...article.querySelectorAll("[data-todo] li")].map((item) => {
      const done = item.querySelector("input").checked ? "x" : " ";
      return `- [${done}] ${item.querySelector("label bdi").textContent} (${item.querySelector(".place").textContent})`;
    });
    return `${title}\n\n${lines.join("\n")}\n`;
  }

  async function copy(article) {
    const text = listed(article);
    const said = article.querySelector("[data-copied]");
    try {
      await navigator.clipboard.writeText(text);
      said.textContent = "copied";
    } catch {
      const area = document.createElement("textarea");
      area.value = text;
      document.body.append(area);
      area.select();
      said.textContent = document.execCommand("copy") ? "copied" : "this browser does not allow it";
      area.remove();
    }
  }

  for (const button of document.querySelectorAll("[data-copy]")) {
    button.hidden = false;
    button.addEventListener("click", () => copy(button.closest("article")));
  }
})();
