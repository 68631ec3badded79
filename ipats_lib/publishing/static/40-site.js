/* Menus for the person who reads: from the gateway's /me.json, or from the list beside the page. */
"use strict";
document.addEventListener("DOMContentLoaded", () => {
  for (const day of document.querySelectorAll(".asof time")) {
    const age = Math.floor((Date.now() - Date.parse(day.dateTime)) / 864e5);
    if (age >= 0) day.after(`, ${age.toLocaleString("en-US")} ${age === 1 ? "day" : "days"} ago`);
  }
  closing();
  reader().then((known) => known && offered(known));
});

/* Escape and a click elsewhere close an open menu. */
function closing() {
  const open = () => document.querySelectorAll("header details[open]");
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    for (const menu of open()) {
      const inside = menu.contains(document.activeElement);
      menu.open = false;
      if (inside) menu.querySelector("summary").focus();
    }
  });
  document.addEventListener("click", (event) => {
    for (const menu of open()) if (!menu.contains(event.target)) menu.open = false;
  });
}

/* Who reads and what they may open; null from a folder without a server. */
async function reader() {
  if (!location.protocol.startsWith("http")) return null;
  const { home } = document.body.dataset;
  const signedIn = await fetched("/me.json");
  return signedIn || (home === undefined ? null : fetched(`${home}scopes.json`));
}

async function fetched(address) {
  try {
    const answer = await fetch(address, { credentials: "same-origin" });
    return answer.status === 200 ? await answer.json() : null;
  } catch {
    return null;
  }
}

const level = (path) => (path === "state" ? 0 : path.includes("/planner/") ? 2 : 1);
const within = (path, outer) => outer === "state" || path === outer || path.startsWith(`${outer}/`);

function offered({ scopes, periods = [], form }) {
  const { root, period, page } = document.body.dataset;
  const scope = scopeHere();
  if (form) account(form);
  const widest = scopes.filter((one) => !scopes.some((other) => other !== one && within(one.path, other.path)));
  const home = document.querySelector("[data-go=home]");
  if (form && home) home.href = widest.length === 1 ? `${root}${period}/${widest[0].path}/index.html` : "/";
  if (!scope) {
    if (form) document.querySelector(".util").prepend(item(link("/", "Home")));
    return;
  }
  named(scope, scopes);
  // Scopes of one kind have the same pages: from a page to the same page of another area.
  const address = (path) => `${root}${period}/${path}/${level(path) === level(scope) && has(path) ? page : "index.html"}`;
  const family = page.includes("/") ? page.split("/")[0] : "";
  const has = (path) => !family || (scopes.find((one) => one.path === path)?.families || [family]).includes(family);
  for (const place of document.querySelectorAll("[data-place], [data-inside]")) {
    const path = place.dataset.place || place.dataset.inside;
    const depth = place.dataset.inside ? level(path) + 1 : level(path);
    const outer = depth === 2 ? scope.split("/planner/")[0] : "state";
    const others = scopes.filter((one) => level(one.path) === depth && within(one.path, outer));
    const span = place.querySelector("span");
    if (depth > 0 && others.length > (place.dataset.inside ? 0 : 1)) {
      span.replaceChildren(chooser(place, others, path, address));
    } else if (path !== scope && scopes.some((one) => one.path === path)) {
      span.replaceChildren(link(`${root}${period}/${path}/index.html`, ...span.childNodes));
    }
  }
  if (periods.length > 1) periodMenu(periods, (name) => `${root}${name}/${scope}/index.html`, period);
}

/* The scope in whose folder the page is; empty for a page of none. */
function scopeHere() {
  const { root, period, home } = document.body.dataset;
  const folder = (address) => new URL(`./${address}`, location.href).pathname;
  return home === undefined ? "" : folder(home).slice(folder(`${root}${period}/`).length).replace(/\/$/, "");
}

/* The name of the planner whose page it is, where planners have one page alike that names none. */
function named(scope, scopes) {
  const place = document.querySelector("[data-place='']");
  const own = scopes.find(({ path }) => path === scope);
  if (!place) return;
  place.dataset.place = scope;
  if (!own) return;
  const [name, number] = own.title.replace(/, LWIA \d\d$/, "").split(/(?= \()/);
  const rest = document.createElement("span");
  rest.className = "wide";
  rest.textContent = number || "";
  place.querySelector("a").replaceChildren(name, rest);
  document.title = document.title.replace(/Career planner, LWIA \d\d/, () => own.title);
}

function chooser(place, others, path, address) {
  const depth = level(others[0].path);
  const label = (place.querySelector("a") || place.querySelector("span")).childNodes;
  const links = others.map((one) => {
    const title = depth === 1 ? one.title.replace(/^LWIA /, "") : one.title.replace(/, LWIA \d\d$/, "");
    const made = link(address(one.path), title);
    if (one.path === path && place.dataset.place) made.setAttribute("aria-current", "true");
    return made;
  });
  const overview = `Overview of ${place.textContent.trim().replace(/(:| \().*/, "")}`;
  const what = depth === 1 ? "LWIA" : "career planner";
  const menu = dropdown(label, links, what, place.dataset.place ? `Choose another ${what}. Now: ` : undefined);
  if (path === scopeHere() && place.dataset.place && document.body.dataset.page !== "index.html") {
    menu.querySelector("ul").prepend(item(link(`${document.body.dataset.home}index.html`, overview)));
  }
  return menu;
}

function periodMenu(periods, address, period) {
  const place = document.querySelector("[data-periods]");
  const links = periods.map(({ name, label }) => {
    const made = link(address(name), label);
    if (name === period) made.setAttribute("aria-current", "true");
    return made;
  });
  place.replaceChildren(dropdown(place.childNodes, links, "period", "Choose another period. Now: "));
}

/* A menu of links under a label (nodes), which `said` explains to who does not see it; a long one is searched by typing. */
function dropdown(label, links, what, said = "") {
  const menu = document.createElement("details");
  const summary = document.createElement("summary");
  const hidden = document.createElement("span");
  const shown = document.createElement("span");
  const list = document.createElement("ul");
  const panel = document.createElement("div");
  menu.className = "drop";
  menu.setAttribute("name", "menu");
  hidden.className = "v";
  hidden.textContent = said;
  shown.append(...label);
  summary.append(hidden, shown);
  panel.className = links.length > 12 ? "panel two" : "panel";
  list.append(...links.map(item));
  if (links.length > 12) panel.append(search(list, what));
  panel.append(list);
  menu.append(summary, panel);
  return menu;
}

function search(list, what) {
  const box = document.createElement("input");
  box.type = "search";
  box.placeholder = `Find a ${what}`.replace("a LWIA", "an LWIA");
  box.setAttribute("aria-label", box.placeholder);
  box.addEventListener("input", () => {
    const wanted = box.value.toLowerCase();
    for (const one of list.children) one.hidden = !one.textContent.toLowerCase().includes(wanted);
  });
  box.addEventListener("keydown", (event) => {
    const first = list.querySelector("li:not([hidden]) a");
    if (event.key === "Enter" && first) first.click();
  });
  return box;
}

/* What only a gateway can do. */
function account(value) {
  const leave = document.createElement("form");
  const field = document.createElement("input");
  const button = document.createElement("button");
  leave.method = "post";
  leave.action = "/logout";
  field.type = "hidden";
  field.name = "form";
  field.value = value;
  button.textContent = "Sign out";
  leave.append(field, button);
  document.querySelector(".util .panel").append(item(link("/request", "Request access")), item(leave));
}

function link(address, ...content) {
  const made = document.createElement("a");
  made.href = address;
  made.append(...content);
  return made;
}

function item(content) {
  const made = document.createElement("li");
  made.append(content);
  return made;
}
