"use strict";
// Tables that sort and search, plots that zoom. Loads nothing; text of the log stays text.
const make = (name, properties) => Object.assign(document.createElement(name), properties);

for (const region of document.querySelectorAll(".scroll")) {
  const table = region.querySelector("table"), body = table.tBodies[0];
  const rows = [...body.rows], caption = table.caption.textContent.trim();
  if (rows.length < 2) continue;

  const value = (row, at) => {
    const cell = row.cells[at], key = cell.dataset.key;
    return key === undefined ? cell.textContent : key === "" ? null : Number(key);
  };
  const before = (a, b) => a === null ? 1 : b === null ? -1 : typeof a === "number" ? a - b : a.localeCompare(b);

  [...table.tHead.rows[0].cells].forEach((head, at) => {
    const button = make("button", { type: "button", textContent: head.textContent, title: head.title });
    head.replaceChildren(button);
    button.addEventListener("click", () => {
      const falling = head.getAttribute("aria-sort") === "ascending";
      for (const other of table.tHead.rows[0].cells) other.removeAttribute("aria-sort");
      head.setAttribute("aria-sort", falling ? "descending" : "ascending");
      const nulls = (a, b) => (value(a, at) === null) - (value(b, at) === null);
      rows.sort((a, b) => nulls(a, b) || before(value(a, at), value(b, at)) * (falling ? -1 : 1));
      body.append(...rows);
    });
    const numbers = rows.map((row) => value(row, at)).filter((one) => typeof one === "number");
    const most = Math.max(...numbers);
    if (numbers.length > 1 && Math.min(...numbers) >= 0 && most > 0 && !["line", "round", "run"].includes(head.textContent))
      for (const row of rows) {
        const share = 100 * (value(row, at) ?? 0) / most;
        row.cells[at].style.background = `linear-gradient(to left, var(--bar) ${share}%, transparent ${share}%)`;
      }
  });

  const search = make("input", { type: "search", placeholder: "search these rows" });
  const count = make("span", { className: "note" });
  search.setAttribute("aria-label", `Search: ${caption}`);
  count.setAttribute("role", "status");
  search.addEventListener("input", () => {
    const wanted = search.value.toLowerCase();
    for (const row of rows) row.hidden = !row.textContent.toLowerCase().includes(wanted);
    count.textContent = wanted ? ` ${rows.filter((row) => !row.hidden).length} of ${rows.length} rows` : "";
  });
  const bar = make("p", { className: "search" });
  bar.append(search, count);
  region.before(bar);
}

for (const image of document.querySelectorAll("img.plot")) {
  const frame = make("div", { className: "zoomed" }), bar = make("p", { className: "search" });
  let width = 100;
  image.before(bar, frame);
  frame.append(image);
  for (const [text, factor] of [["zoom in", 1.5], ["zoom out", 1 / 1.5]]) {
    const button = make("button", { type: "button", textContent: text });
    button.setAttribute("aria-label", `${text}: ${image.alt.split(":")[0]}`);
    button.addEventListener("click", () => {
      width = Math.min(800, Math.max(100, width * factor));
      image.style.maxWidth = width > 100 ? "none" : "";
      image.style.width = `${width}%`;
    });
    bar.append(button, " ");
  }
}
