// Sorting of tables by the heads of their columns: up, down, and back to the order of the page. Without it nothing is missing.
(() => {
  // A cell counts as a number by what it starts with: 0.267 [0.100, 0.400] is 0.267.
  const numberOf = (text) => {
    const found = text.replace(/,(?=\d{3})/g, "").replace("−", "-").match(/^-?\d+(\.\d+)?(?=$|[\s/%])/);
    return found ? Number(found[0]) : NaN;
  };
  const missing = (text) => text === "" || text === "–";

  function comparison(texts) {
    const numeric = texts.every((text) => missing(text) || !Number.isNaN(numberOf(text)));
    return numeric ? (a, b) => numberOf(a) - numberOf(b) : (a, b) => a.localeCompare(b, "en", { numeric: true });
  }

  function sort(body, original, column, direction) {
    const textOf = (row) => row.cells[column].textContent.trim();
    const compare = comparison(original.map(textOf));
    const sign = direction === "descending" ? -1 : 1;
    const rows = direction ? [...original].sort((one, other) => {
      const [a, b] = [textOf(one), textOf(other)];
      // Missing values stay last in both directions.
      return missing(a) - missing(b) || (missing(a) ? 0 : sign * compare(a, b));
    }) : original;
    body.append(...rows);
  }

  const NEXT = { "": "ascending", ascending: "descending", descending: "" };
  for (const table of document.querySelectorAll("table.sortable")) {
    const [heads, body] = [[...table.tHead.rows[0].cells], table.tBodies[0]];
    const original = [...body.rows];
    heads.forEach((head, column) => {
      const button = document.createElement("button");
      button.type = "button";
      button.append(...head.childNodes);
      head.append(button);
      button.addEventListener("click", () => {
        const direction = NEXT[head.getAttribute("aria-sort") ?? ""];
        heads.forEach((other) => other.removeAttribute("aria-sort"));
        if (direction) head.setAttribute("aria-sort", direction);
        sort(body, original, column, direction);
      });
    });
  }

  // Paper cannot be clicked.
  addEventListener("beforeprint", () => document.querySelectorAll("details").forEach((one) => { one.open = true; }));
})();
