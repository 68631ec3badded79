/* Tabs, headings that sort, and long lists. Every page is complete without it. */
"use strict";
(() => {
  const FIRST = 10; // rows of a table that a phone shows at first
  const compare = new Intl.Collator("en", { numeric: true }).compare;

  /* Orders two sort keys; rows without a value come last, whichever way. */
  function order(one, two, down) {
    const empty = (key) => key === null || key === undefined || key === "";
    if (empty(one) || empty(two)) return empty(one) - empty(two);
    const found = typeof one === "number" && typeof two === "number" ? one - two : compare(one, two);
    return down ? -found : found;
  }
  function element(name, text, attributes = {}) {
    const made = document.createElement(name);
    if (text) made.textContent = text;
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    return made;
  }

  /* A table that fits its box needs no tab stop, and its head stays in view while the page scrolls. */
  function fit(box) {
    const fits = box.firstElementChild.scrollWidth <= box.clientWidth + 1;
    box.classList.toggle("fits", fits);
    if (fits) box.removeAttribute("tabindex");
    else box.setAttribute("tabindex", "0");
  }

  /* On a phone ten rows of a table of more than twelve, with a button for all. On paper all are there. */
  const phone = window.matchMedia("(max-width: 40rem)");
  function short(box) {
    let seen = 0;
    for (const row of box.querySelectorAll("tbody tr")) {
      row.classList.toggle("beyond", seen >= FIRST);
      seen += !row.classList.contains("grp");
    }
    // Who chose the tab of all rows sees them.
    if (seen <= FIRST + 2 || box.matches(".short, .sheet, [data-title^='All '] *")) return;
    box.after(element("p", "", { class: "show all" }));
    box.nextSibling.append(element("button", `Show all ${seen.toLocaleString("en")}`, { type: "button" }));
    box.nextSibling.addEventListener("click", () => { whole(box, seen); box.querySelector(".beyond").tabIndex = -1; box.querySelector(".beyond").focus(); });
    counted(box, FIRST);
    box.classList.add("short");
  }
  function whole(box, all) {
    if (box.classList.replace("short", "whole")) { box.nextSibling.remove(); counted(box, all); }
  }
  /* What a long list says of its rows: 1 to 10 of 18. */
  function counted(box, number) {
    const count = box.parentElement.querySelector(":scope > .count");
    if (count) count.textContent = count.textContent.replace(/to [\d,]+/, `to ${number}`);
  }

  /* Headings become buttons; chosen(place, down) reorders the rows. */
  function headings(table, chosen) {
    const cells = Array.from(Array.from(table.tHead.rows).at(-1).cells);
    cells.forEach((cell, place) => {
      const button = element("button", "", { type: "button" });
      const words = cell.querySelector(".h");
      button.append(...words.childNodes);
      words.append(button);
      button.addEventListener("click", () => {
        const down = cell.getAttribute("aria-sort") === "ascending";
        for (const other of cells) other.removeAttribute("aria-sort");
        cell.setAttribute("aria-sort", down ? "descending" : "ascending");
        chosen(place, down);
      });
    });
  }
  function sortable(table) {
    headings(table, (place, down) => {
      for (const body of table.tBodies) {
        const key = (row) => {
          const value = row.cells[place].dataset.v;
          return value === "" || isNaN(value) ? value : Number(value);
        };
        const rows = Array.from(body.rows).filter((row) => !row.classList.contains("grp"));
        body.append(...rows.sort((a, b) => order(key(a), key(b), down)));
      }
      const box = table.closest(".show-table");
      if (box.classList.contains("short")) short(box);
    });
  }

  /* A box that shows the rows of a table which hold what is typed; a short table needs none. */
  function searched(box) {
    const noun = box.dataset.search;
    const rows = Array.from(box.querySelectorAll("tbody tr:not(.grp)"));
    if (rows.length <= 12) return;
    const label = element("label", `Find ${/^(?:[aeiou]|LWIA)/.test(noun) ? "an" : "a"} ${noun} `);
    const input = element("input", "", { type: "search" });
    const count = element("output", "");
    const bar = element("div", "", { class: "show tools" });
    label.append(input);
    bar.append(label, count);
    box.before(bar);
    input.addEventListener("input", () => {
      const wanted = input.value.toLowerCase().split(/\s+/).filter(Boolean);
      for (const row of rows) row.hidden = !wanted.every((word) => row.textContent.toLowerCase().includes(word));
      const shown = rows.filter((row) => !row.hidden).length;
      if (wanted.length) whole(box, rows.length);
      count.textContent = wanted.length ? `${shown} of ${rows.length}` : "";
    });
    input.addEventListener("keydown", (event) => {
      const first = rows.find((row) => !row.hidden)?.querySelector("a");
      if (event.key === "Enter" && first) first.click();
    });
  }

  /* Tabs. The fragment of the address holds the chosen section of every group, after commas. */
  function chosenIds() {
    return decodeURIComponent(location.hash.slice(1)).split(",");
  }
  function tabs(group) {
    const sections = Array.from(group.children).filter((child) => child.tagName === "SECTION");
    const bar = element("div", "", { role: "tablist", "aria-label": group.dataset.label, class: "tabs" });
    const buttons = sections.map((section) => {
      const button = element("button", section.dataset.title, { type: "button", role: "tab", "aria-controls": section.id, id: `tab-${section.id}` });
      section.setAttribute("role", "tabpanel");
      // Not the tab's words alone: another choice of the page may offer the same ones.
      section.setAttribute("aria-label", `${group.dataset.label}: ${section.dataset.title}`);
      button.addEventListener("click", () => { select(section); remember(section); });
      return button;
    });
    function select(chosen) {
      sections.forEach((section, place) => {
        const on = section === chosen;
        section.hidden = !on;
        buttons[place].setAttribute("aria-selected", String(on));
        buttons[place].tabIndex = on ? 0 : -1;
      });
      // A chart that was drawn while hidden has no width: it measures again when the window does.
      window.dispatchEvent(new Event("resize"));
    }
    function remember(chosen) {
      const elsewhere = (id) => document.getElementById(id)?.matches(".show-choose > section") && !sections.some((section) => section.id === id);
      history.replaceState(null, "", `#${[...chosenIds().filter(elsewhere), chosen.id].join(",")}`);
    }
    function follow() {
      const ids = chosenIds();
      const target = document.getElementById(ids[0]);
      const found = sections.find((section) => ids.includes(section.id) || (target && section.contains(target)));
      if (found) select(found);
      return Boolean(found);
    }
    bar.addEventListener("keydown", (event) => {
      const at = buttons.indexOf(document.activeElement);
      const to = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: buttons.length - 1 }[event.key];
      if (at < 0 || to === undefined) return;
      event.preventDefault();
      const next = (to + buttons.length) % buttons.length;
      buttons[next].focus();
      buttons[next].click();
    });
    bar.append(...buttons);
    group.prepend(bar);
    group.classList.add("live");
    if (!follow()) select(sections[0]);
    window.addEventListener("hashchange", follow);
  }

  /* What belongs to a row of a long list, at the row's id, from the shard that holds it. */
  function opened(box, json) {
    const shards = Array.from(box.querySelectorAll("[data-places]"));
    const place = element("div", "", { class: "opened", "aria-live": "polite" });
    box.append(place);
    async function follow() {
      const [id] = chosenIds();
      place.replaceChildren();
      if (!/^[a-z][a-z0-9]*$/.test(id)) return;
      try {
        const shard = shards.find((one) => one.dataset.places.split(" ").includes(id));
        if (!shard) return;
        // The library wrote and escaped it.
        place.innerHTML = (await json(shard.dataset.shard)).details[id];
        place.scrollIntoView();
      } catch {
        const said = element("p", "The browser could not load this. Open ", { class: "failed", role: "alert" });
        said.append(box.querySelector(".show-file a").cloneNode(true), " instead.");
        place.replaceChildren(said);
      }
    }
    window.addEventListener("hashchange", follow);
    follow();
  }

  /* A long list: its first rows are on the page, the others come when a reader asks for them. */
  function records(box) {
    const size = phone.matches ? FIRST : Number(box.dataset.page);
    const total = Number(box.dataset.rows);
    const { name, noun } = box.dataset;
    // A landing page is one folder above its files.
    const folder = box.querySelector(".show-file a").getAttribute("href").replace(/[^/]*$/, "");
    const json = (file) => fetch(folder + file).then((answer) => {
      if (!answer.ok) throw new Error(answer.status);
      return answer.json();
    });
    if (box.querySelector("[data-places]")) opened(box, json);
    if (total <= Number(box.dataset.page)) return;
    const table = box.querySelector("table");
    const body = table.tBodies[0];
    const count = box.querySelector(".count");
    const labels = Array.from(table.tHead.rows[0].cells, (cell) => cell.querySelector(".h").textContent);
    const pattern = body.querySelector("tr:not(.grp)").cloneNode(true);
    const filters = JSON.parse(box.dataset.filters || "[]");
    const by = "by" in box.dataset ? Number(box.dataset.by) : -1;
    const head = body.querySelector("tr.grp")?.cloneNode(true);
    const state = { first: 0, words: "", sort: null, chips: new Map() };
    let loading = null;
    let rows = [];
    let shown = [];

    const tools = element("div", "", { class: "tools" });
    const label = element("label", "Search ");
    const input = element("input", "", { type: "search" });
    label.append(input);
    tools.append(label);
    const pager = element("div", "", { class: "pager" });
    const back = element("button", "Previous", { type: "button" });
    const next = element("button", "Next", { type: "button" });
    pager.append(back, next);
    box.prepend(tools);
    box.querySelector(".show-table").after(pager);

    function load() {
      loading ??= json(`${name}.json`)
        .then((index) => Promise.all(index.shards.map((shard) => json(shard.file))))
        .then((shards) => {
          const inert = document.createElement("template");
          rows = shards.flatMap((shard) => shard.rows).map((cells) => {
            const html = cells.slice(0, labels.length).map((cell) => (Array.isArray(cell) ? cell[0] : cell));
            inert.innerHTML = html.join(" ");
            return {
              html,
              keys: cells.slice(0, labels.length).map((cell) => (Array.isArray(cell) ? cell[1] : cell)),
              marks: cells.slice(labels.length),
              text: inert.content.textContent.toLowerCase(),
            };
          });
        })
        .catch(() => {
          const file = box.querySelector(".show-file a");
          const said = element("p", "The browser could not load the other rows. Open ", { class: "failed", role: "alert" });
          said.append(file.cloneNode(true), " for all of them.");
          tools.replaceWith(said);
          pager.remove();
          throw new Error("not loaded");
        });
      return loading;
    }
    function chips(filters) {
      // Of many filters the first one stays in view, so that rows are on the first screen.
      const folded = element("details", "", { class: "more" });
      if (filters.length > 2) folded.append(element("summary", "More filters"));
      for (const [place, filter] of filters.entries()) {
        const bar = element("div", "", { class: "chips", role: "group", "aria-label": filter.title });
        bar.append(element("span", filter.title));
        const buttons = [["All", total], ...filter.values].map(([word, number], at) => {
          const button = element("button", `${word} ${number.toLocaleString("en")}`, { type: "button", "aria-pressed": String(at === 0) });
          button.addEventListener("click", () => {
            state.chips.set(place, at - 1);
            for (const other of buttons) other.setAttribute("aria-pressed", String(other === button));
            when(choose);
          });
          return button;
        });
        bar.append(...buttons);
        (place && folded.firstChild ? folded : tools).append(bar);
      }
      if (folded.firstChild) tools.append(folded);
    }
    function choose() {
      const wanted = state.words.toLowerCase().split(/\s+/).filter(Boolean);
      shown = rows.filter((row) => wanted.every((word) => row.text.includes(word))
        && Array.from(state.chips).every(([place, value]) => value < 0 || row.marks[place] === value));
      if (state.sort) {
        const [place, down] = state.sort;
        shown = shown.slice().sort((a, b) => order(a.keys[place], b.keys[place], down));
      }
      state.first = 0;
      draw();
    }
    function draw() {
      const part = shown.slice(state.first, state.first + size);
      body.replaceChildren(...part.flatMap((row, place) => {
        const made = pattern.cloneNode(true);
        // The library wrote and escaped these cells, as it did the first ones.
        Array.from(made.cells).forEach((cell, at) => { cell.innerHTML = row.html[at]; });
        return headed(row, part[place - 1]) ? [titled(row), made] : [made];
      }));
      const last = state.first + part.length;
      const words = (number) => number.toLocaleString("en");
      count.textContent = part.length
        ? `${words(state.first + 1)} to ${words(last)} of ${words(shown.length)} ${noun}${shown.length < total ? ` (${words(total)} in all)` : ""}`
        : `No ${noun} match.`;
      back.disabled = state.first === 0;
      next.disabled = last >= shown.length;
    }
    /* Rows in their own order stand under the words that they share. */
    function headed(row, before) {
      return head && !state.sort && (!before || before.marks[by] !== row.marks[by]);
    }
    function titled(row) {
      const made = head.cloneNode(true);
      const [word] = filters[by].values[row.marks[by]];
      const number = shown.filter((other) => other.marks[by] === row.marks[by]).length;
      made.cells[0].textContent = `${word}: ${number.toLocaleString("en")}`;
      return made;
    }
    /* Runs an action once the rows are here. */
    function when(action) {
      const fresh = !rows.length;
      load().then(() => {
        if (fresh) shown = rows;
        action();
      }, () => {});
    }
    for (const row of Array.from(body.querySelectorAll("tr:not(.grp)")).slice(size)) row.remove();
    for (const group of body.querySelectorAll(".grp:last-child, .grp:has(+ .grp)")) group.remove();
    counted(table.parentElement, size);
    back.disabled = true;
    back.addEventListener("click", () => when(() => { state.first = Math.max(0, state.first - size); draw(); }));
    next.addEventListener("click", () => when(() => { state.first += size; draw(); table.scrollIntoView({ block: "nearest" }); }));
    input.addEventListener("input", () => { state.words = input.value; when(choose); });
    input.addEventListener("focus", () => load().catch(() => {}), { once: true });
    headings(table, (place, down) => { state.sort = [place, down]; when(choose); });
    chips(filters);
  }

  document.addEventListener("DOMContentLoaded", () => {
    document.querySelectorAll(".show-choose").forEach(tabs);
    document.querySelectorAll(".show table[data-sort]").forEach(sortable);
    document.querySelectorAll(".show-records").forEach(records);
    document.querySelectorAll(".show-table[data-search]").forEach(searched);
    const boxes = document.querySelectorAll(".show-table");
    if (phone.matches) Array.from(boxes).filter((box) => !box.parentElement.querySelector(":scope > .pager")).forEach(short);
    const all = () => boxes.forEach(fit);
    all();
    window.addEventListener("resize", all);
  });
})();
