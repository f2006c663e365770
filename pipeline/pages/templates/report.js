/* A briefing's report: move between sentences, see what is known of one, filter, copy. The page reads without it.

What this relies on, and what tests may:
  article[data-document]#dN             a document; N counts from 1
  .s#dN-sM                              its M-th sentence; data-labels holds the indices of its labels, .look its doubt;
                                        .active while shown, .hit while a filter (.filtered on the article) lets it through
  tr#dN-fM                              its figures: td[data-p][data-given][data-unsure] for each label, [data-word], data-why
  button[data-filter="0" | … | "look"]  aria-pressed; [data-status] says what is shown
  [data-strips] .rows#dN-strip          the bars; role becomes slider; arrow keys move, Enter or a click goes to the sentence
  [data-card] [data-details]            what is known of one sentence; hidden while nothing is; [data-spoken] says it aloud
  [data-keys], dialog#keys, #keys-on    the keys; single keys can be switched off
*/
"use strict";
(() => {
  const labels = JSON.parse(document.getElementById("keys").dataset.labels);
  const documents = [...document.querySelectorAll("article[data-document]")];
  const all = (root, what) => [...root.querySelectorAll(what)];
  const make = (name, className, text) => {
    const made = document.createElement(name);
    if (className) made.className = className;
    if (text !== undefined) made.textContent = text;
    return made;
  };
  const row = (sentence) => document.getElementById(sentence.id.replace("-s", "-f"));
  const number = (sentence) => Number(sentence.id.split("-s")[1]);
  const per_cent = (p) => `${p < 0.01 ? "<1" : p > 0.99 ? ">99" : Math.round(100 * p)}\u00a0%`;

  /* what is known of one sentence */
  let pinned = null;
  let shown = null;

  function verdict(cell, index, words) {
    const label = labels[index];
    const p = Number(cell.dataset.p);
    const given = "given" in cell.dataset;
    const box = make("div", `verdict on-${index % 6}${given ? " is" : ""}`);
    box.append(make("span", `tag on-${index % 6}`, label.tag), make("span", "name", label.title), make("span", "figure", per_cent(p)));
    const meter = make("div", "meter");
    const bar = make("i");
    bar.style.width = `${100 * p}%`;
    meter.append(bar);
    if (label.threshold !== null) {
      const cut = make("i", "cut");
      cut.style.left = `${100 * label.threshold}%`;
      meter.append(cut);
    }
    box.append(meter);
    const doubt = "unsure" in cell.dataset ? "; worth a look" : "";
    const from = label.threshold === null ? "" : given ? `, from ${per_cent(label.threshold)} up` : `, under ${per_cent(label.threshold)}`;
    box.append(make("p", "said", (given ? "given" : "not given") + from + doubt));
    if (given && words.length) {
      const carried = make("p", "carried");
      for (const word of words) {
        const chip = make("bdi", "", word.textContent);
        chip.style.fontSize = `${0.8 + 0.3 * Number(word.dataset.weight)}em`;
        carried.append(chip);
      }
      box.append(carried);
    }
    return box;
  }

  function details(sentence) {
    const figures = row(sentence);
    const box = make("div");
    const close = make("button", "close", "Close");
    close.type = "button";
    close.addEventListener("click", () => release(true));
    const where = figures.dataset.place ? `, ${figures.dataset.place}` : "";
    box.append(close, make("h3", "", `Sentence ${number(sentence)}${where}`));
    const words = all(figures, "[data-word]");
    all(figures, "[data-p]").forEach((cell, index) =>
      box.append(verdict(cell, index, words.filter((word) => Number(word.dataset.word) === index))));
    if (figures.dataset.why) box.append(make("p", "why", `Worth a look: ${figures.dataset.why}.`));
    return box;
  }

  function show(sentence) {
    if (shown === sentence) return;
    if (shown) {
      shown.classList.remove("active");
      const article = shown.closest("article");
      article.querySelector("[data-details]").hidden = true;
      article.querySelector(".resting").hidden = false;
      article.querySelector(".cursor").hidden = true;
    }
    shown = sentence;
    if (!sentence) return;
    const article = sentence.closest("article");
    sentence.classList.add("active");
    const place = article.querySelector("[data-details]");
    place.replaceChildren(details(sentence));
    place.hidden = false;
    article.querySelector(".resting").hidden = true;
    point(article, number(sentence));
  }

  function release(back) {
    const was = pinned;
    pinned = null;
    show(null);
    if (back && was) {
      was.focus({ preventScroll: true });
      pinned = null;
      show(null);
    }
  }

  /* the one sentence that Tab reaches is a group named by its text; reaching it says what the card shows */
  function stop(sentence) {
    for (const old of all(document, ".s[tabindex='0']")) {
      old.tabIndex = -1;
      for (const name of ["role", "aria-labelledby"]) old.removeAttribute(name);
    }
    sentence.tabIndex = 0;
    sentence.setAttribute("role", "group");
    sentence.setAttribute("aria-labelledby", sentence.id);
  }
  function say(sentence) {
    const why = row(sentence).dataset.why;
    const words = all(row(sentence), "[data-word]").map((word) => word.textContent);
    const parts = [spoken(sentence), words.length ? `Carried by ${[...new Set(words)].join(", ")}` : "", why ? `Worth a look: ${why}` : ""];
    sentence.closest("article").querySelector("[data-spoken]").textContent = `${parts.filter(Boolean).join(". ")}.`;
  }

  function go(sentence) {
    if (!sentence) return;
    stop(sentence);
    sentence.focus({ preventScroll: true });
    pinned = sentence;
    show(sentence);
    const box = sentence.getBoundingClientRect();
    if (box.top < 90 || box.bottom > window.innerHeight * (window.innerWidth < 992 ? 0.5 : 0.9)) {
      sentence.scrollIntoView({ block: window.innerWidth < 992 ? "start" : "center" });
    }
  }

  /* moving */
  const reachable = (wanted) => all(document, wanted).filter((one) => {
    const article = one.closest("article");
    return !article.classList.contains("filtered") || one.classList.contains("hit");
  });
  function step(wanted, by) {
    const stops = reachable(wanted);
    if (!stops.length) return;
    const from = pinned || nearest();
    const after = (one) => from.compareDocumentPosition(one) & Node.DOCUMENT_POSITION_FOLLOWING;
    const before = (one) => from.compareDocumentPosition(one) & Node.DOCUMENT_POSITION_PRECEDING;
    if (!pinned && from && stops.includes(from)) return go(from);
    const next = by > 0 ? stops.find((one) => one !== from && after(one)) : stops.findLast((one) => one !== from && before(one));
    go(next || (by > 0 ? stops[stops.length - 1] : stops[0]));
  }
  function nearest() {
    const stops = all(document, ".s");
    return stops.find((one) => one.getBoundingClientRect().bottom > 90) || stops[0];
  }

  /* bars along the text */
  function point(article, at) {
    const rows = article.querySelector(".rows");
    const count = Number(article.querySelector("[data-strips]").dataset.count);
    const svg = rows.querySelector("svg");
    const cursor = rows.querySelector(".cursor");
    const bars = svg.getBoundingClientRect();
    cursor.hidden = false;
    const middle = bars.left - rows.getBoundingClientRect().left + (bars.width * (at - 0.5)) / count;
    cursor.style.left = `${middle}px`;
    rows.setAttribute("aria-valuenow", at);
    rows.setAttribute("aria-valuetext", spoken(document.getElementById(`${article.id}-s${at}`)));
  }
  function spoken(sentence) {
    const cells = all(row(sentence), "[data-p]");
    return `Sentence ${number(sentence)}: ` + cells.map((cell, index) =>
      `${labels[index].name} ${per_cent(Number(cell.dataset.p))}${"given" in cell.dataset ? ", given" : ""}`).join("; ");
  }
  function strip(article) {
    const rows = article.querySelector(".rows");
    const count = Number(article.querySelector("[data-strips]").dataset.count);
    if (!count) return;
    const sentence = (at) => document.getElementById(`${article.id}-s${Math.min(Math.max(at, 1), count)}`);
    const under = (event) => {
      const box = rows.querySelector("svg").getBoundingClientRect();
      return sentence(1 + Math.floor((count * (event.clientX - box.left)) / box.width));
    };
    rows.setAttribute("role", "slider");
    rows.tabIndex = 0;
    rows.setAttribute("aria-label", rows.dataset.slider);
    rows.setAttribute("aria-valuemin", 1);
    rows.setAttribute("aria-valuemax", count);
    rows.setAttribute("aria-valuenow", 1);
    rows.setAttribute("aria-valuetext", spoken(sentence(1)));
    rows.addEventListener("pointermove", (event) => event.pointerType === "mouse" && show(under(event)));
    rows.addEventListener("pointerleave", () => show(pinned));
    rows.addEventListener("click", (event) => go(under(event)));
    rows.addEventListener("keydown", (event) => {
      const now = Number(rows.getAttribute("aria-valuenow"));
      const big = Math.max(Math.round(count / 10), 1);
      const to = { ArrowRight: now + 1, ArrowUp: now + 1, ArrowLeft: now - 1, ArrowDown: now - 1, Home: 1, End: count, PageUp: now + big, PageDown: now - big }[event.key];
      if (to !== undefined) {
        pinned = sentence(to);
        show(pinned);
      } else if (event.key === "Enter") go(sentence(now));
      else return;
      event.preventDefault();
      event.stopPropagation();
    });
  }

  /* filters */
  function filter(article) {
    const pressed = all(article, "[data-filter][aria-pressed='true']").map((button) => button.dataset.filter);
    const sentences = all(article, ".s");
    const fits = (one) => pressed.some((name) => name === "look" ? one.classList.contains("look") : one.dataset.labels.split(" ").includes(name));
    article.classList.toggle("filtered", pressed.length > 0);
    let count = 0;
    for (const one of sentences) {
      const hit = pressed.length > 0 && fits(one);
      one.classList.toggle("hit", hit);
      count += hit;
    }
    article.querySelector("[data-status]").textContent = pressed.length ? `${count} of ${sentences.length} sentences shown` : "all sentences shown";
  }
  function press(article, name) {
    const buttons = all(article, "[data-filter]");
    for (const button of buttons) {
      if (name === null) button.setAttribute("aria-pressed", "false");
      else if (button.dataset.filter === name) button.setAttribute("aria-pressed", String(button.getAttribute("aria-pressed") !== "true"));
    }
    filter(article);
  }

  /* wiring */
  const dialog = document.getElementById("keys");
  const on = document.getElementById("keys-on");
  for (const article of documents) {
    for (const hidden of all(article, "[data-invitation], [data-keys]")) hidden.hidden = false;
    const text = article.querySelector("[data-text]");
    text.addEventListener("pointermove", (event) => {
      if (event.pointerType === "mouse") show(event.target.closest(".s") || pinned);
    });
    text.addEventListener("pointerleave", () => show(pinned));
    text.addEventListener("click", (event) => {
      const sentence = event.target.closest(".s");
      if (sentence && !String(window.getSelection())) go(sentence);
    });
    text.addEventListener("focusin", (event) => {
      const sentence = event.target.closest(".s");
      if (sentence) { pinned = sentence; show(sentence); say(sentence); }
    });
    for (const button of all(article, "[data-filter]")) button.addEventListener("click", () => press(article, button.dataset.filter));
    for (const button of all(article, "[data-keys]")) button.addEventListener("click", () => dialog.showModal());
    strip(article);
  }
  const first = document.querySelector(".s[data-labels]:not([data-labels='']), .s.look, .s");
  if (first) stop(first);
  dialog.querySelector("[data-close]").addEventListener("click", () => dialog.close());
  document.addEventListener("click", (event) => {
    const link = event.target.closest("a[href*='-s']");
    const target = link && document.getElementById(link.hash.slice(1));
    if (target && target.classList.contains("s")) { event.preventDefault(); history.replaceState(null, "", link.hash); go(target); }
    const part = event.target.closest("a[href$='-figures']");
    if (part) document.getElementById(part.hash.slice(1)).open = true;
  });
  const current = () => (pinned || nearest() || documents[0]).closest("article");
  const moves = {
    j: () => step(".s:not([data-labels=''])", 1), k: () => step(".s:not([data-labels=''])", -1),
    n: () => step(".s.look", 1), p: () => step(".s.look", -1),
    "?": () => dialog.showModal(), 0: () => press(current(), null),
  };
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || dialog.open) return;
    const focused = document.activeElement;
    if (event.key === "Escape") return release(false);
    if (focused && focused.matches("input:not([type=checkbox]), textarea, select")) return;
    if (focused && focused.matches(".s") && /^Arrow(Left|Right)$/.test(event.key)) {
      step(".s", event.key === "ArrowRight" ? 1 : -1);
      return event.preventDefault();
    }
    if (!on.checked) return;
    const digit = Number(event.key);
    if (digit >= 1 && digit <= labels.length) press(current(), String(digit - 1));
    else if (moves[event.key]) moves[event.key]();
    else return;
    event.preventDefault();
  });
})();
