/* Rosters, and sections of which one is shown at a time. */
"use strict";
document.addEventListener("DOMContentLoaded", () => {
  document.querySelectorAll(".table.roster").forEach(sortable);
  document.querySelectorAll(".switch").forEach(switched);
});

/* A roster: a box that filters its rows, and headings that sort them. */
function sortable(region) {
  const table = region.querySelector("table");
  const body = table.tBodies[0];
  const label = document.createElement("label");
  const box = document.createElement("input");
  const said = document.createElement("output");
  label.append("Show rows with ", box);
  box.type = "search";
  region.before(label, said);
  box.addEventListener("input", () => {
    const wanted = box.value.toLowerCase();
    let shown = 0;
    for (const row of body.rows) {
      row.hidden = !row.textContent.toLowerCase().includes(wanted);
      shown += row.hidden ? 0 : 1;
    }
    said.textContent = wanted ? ` ${shown} of ${body.rows.length} rows` : "";
  });
  Array.from(table.tHead.rows[0].cells).forEach((cell, place) => {
    const button = document.createElement("button");
    button.append(...cell.childNodes);
    cell.append(button);
    button.addEventListener("click", () => {
      const down = cell.getAttribute("aria-sort") === "ascending";
      for (const other of table.tHead.rows[0].cells) other.removeAttribute("aria-sort");
      cell.setAttribute("aria-sort", down ? "descending" : "ascending");
      const text = (row) => row.cells[place].textContent;
      const compare = new Intl.Collator("en", { numeric: true }).compare;
      const rows = Array.from(body.rows).sort((a, b) => compare(text(a), text(b)) * (down ? -1 : 1));
      body.append(...rows);
    });
  });
}

/* Sections of which one is shown at a time. */
function switched(group) {
  const sections = Array.from(group.children);
  const bar = document.createElement("div");
  bar.setAttribute("role", "group");
  bar.setAttribute("aria-label", group.dataset.label);
  bar.className = "choices";
  const buttons = sections.map((section) => {
    const button = document.createElement("button");
    button.textContent = section.dataset.title;
    button.addEventListener("click", () => show(section));
    return button;
  });
  function show(chosen) {
    sections.forEach((section, place) => {
      section.classList.toggle("other", section !== chosen);
      buttons[place].setAttribute("aria-pressed", String(section === chosen));
    });
  }
  bar.append(...buttons);
  group.prepend(bar);
  show(sections[0]);
}
