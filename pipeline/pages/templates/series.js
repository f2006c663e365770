(() => {
  "use strict";
  // Sorting tables: each heading of a [data-sortable] table gets a button; rows carry their keys in data-key.
  const order = new Intl.Collator("en", { numeric: true, sensitivity: "base" });

  function compare(kind, up) {
    return (one, other) => {
      if (one.key === "" || other.key === "") {
        return (one.key === "") - (other.key === "") || one.place - other.place;
      }
      const found = kind === "number" ? Number(one.key) - Number(other.key) : order.compare(one.key, other.key);
      return (up ? found : -found) || one.place - other.place;
    };
  }

  function sort(table, heading, column, places) {
    const headings = table.tHead.rows[0].cells;
    const before = heading.getAttribute("aria-sort");
    const first = heading.dataset.first || (heading.dataset.sort === "number" ? "descending" : "ascending");
    const direction = before ? (before === "ascending" ? "descending" : "ascending") : first;
    for (const one of headings) one.removeAttribute("aria-sort");
    heading.setAttribute("aria-sort", direction);
    const body = table.tBodies[0];
    const rows = [...body.rows].map((row) => ({ row, key: row.cells[column].dataset.key, place: places.get(row) }));
    rows.sort(compare(heading.dataset.sort, direction === "ascending"));
    body.append(...rows.map((one) => one.row));
    const status = table.closest("section").querySelector("[data-announce]");
    status.textContent = `Sorted by “${heading.textContent.trim()}”, ${direction}.`;
  }

  for (const table of document.querySelectorAll("table[data-sortable]")) {
    const places = new Map([...table.tBodies[0].rows].map((row, place) => [row, place]));
    table.classList.add("sortable");
    [...table.tHead.rows[0].cells].forEach((heading, column) => {
      if (!heading.dataset.sort) return;
      const button = document.createElement("button");
      button.type = "button";
      button.className = "sort";
      button.append(...heading.childNodes);
      button.addEventListener("click", () => sort(table, heading, column, places));
      heading.append(button);
    });
  }
})();
