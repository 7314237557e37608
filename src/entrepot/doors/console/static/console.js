// What pages gain when scripts run: copying, dialogs, menus, keys, live lists. Without it everything can still be read and done.
"use strict";

const words = () => document.getElementById("words").dataset;

// Requests that htmx makes carry the session's token, like forms do.
document.addEventListener("htmx:configRequest", (event) => {
  const token = document.querySelector("meta[name=csrf]")?.content;
  if (token && event.detail.verb !== "get") event.detail.headers["X-CSRF-Token"] = token;
});

document.addEventListener("htmx:sendError", () => toast(words().failed, true));

function toast(text, bad = false) {
  const one = document.createElement("div");
  one.className = bad ? "toast bad" : "toast";
  one.textContent = text;
  document.getElementById("toasts").append(one);
  one.dataset.toast = "";
  fade(one);
}

function fade(one) {
  setTimeout(() => one.remove(), 6000);
}

async function copy(button) {
  await navigator.clipboard.writeText(button.dataset.copy);
  button.classList.add("copied");
  toast(words().copied);
  setTimeout(() => button.classList.remove("copied"), 1500);
}

// A link with data-dialog leads to a page that asks; with scripts its content comes up as a dialog.
async function ask(link) {
  const dialog = document.getElementById("dialog");
  const answer = await fetch(link.href, { headers: { "X-Dialog": "1" } });
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const content = page.querySelector("[data-dialog-content]");
  if (!content) {
    location.href = link.href;
    return;
  }
  dialog.replaceChildren(content);
  htmx.process(dialog);
  dialog.showModal();
}

document.addEventListener("click", (event) => {
  const on = (selector) => event.target.closest(selector);
  const copied = on("[data-copy]");
  if (copied) return void copy(copied);
  const asked = on("a[data-dialog]");
  if (asked && !event.metaKey && !event.ctrlKey && !event.shiftKey) {
    event.preventDefault();
    event.stopImmediatePropagation();
    return void ask(asked);
  }
  if (on("dialog [data-close]")) {
    event.preventDefault();
    event.stopImmediatePropagation();
    return void on("dialog").close();
  }
  if (event.target.matches("dialog")) event.target.close();
  if (on("[data-help]")) document.getElementById("help").showModal();
  const menu = on("[data-menu]");
  const side = document.getElementById("side");
  if (menu) {
    menu.setAttribute("aria-expanded", String(side.classList.toggle("is-open")));
  } else if (!on("#side")) {
    side.classList.remove("is-open");
  }
  for (const open of document.querySelectorAll("details.menu[open]")) {
    if (!open.contains(event.target)) open.open = false;
  }
}, true);

// Ticked rows of a list: what can be done with them shows up once there are any.
function tick(form) {
  const boxes = [...form.querySelectorAll("input[data-pick]")];
  const count = boxes.filter((one) => one.checked).length;
  for (const one of boxes) one.closest("tr").classList.toggle("is-selected", one.checked);
  form.querySelector("[data-bulk-bar]").hidden = count === 0;
  form.querySelector("[data-bulk-count]").textContent = count;
  for (const one of form.querySelectorAll("[data-bulk-exactly]")) one.disabled = count !== Number(one.dataset.bulkExactly);
}

document.addEventListener("change", (event) => {
  const form = event.target.closest("form[data-bulk]");
  if (!form) return;
  if (event.target.matches("[data-pick-all]")) {
    for (const one of form.querySelectorAll("input[data-pick]")) one.checked = event.target.checked;
  }
  tick(form);
});

function tickAll() {
  for (const form of document.querySelectorAll("form[data-bulk]")) tick(form);
}

document.addEventListener("DOMContentLoaded", tickAll);
document.addEventListener("htmx:afterSettle", tickAll);

// A form with rows of fields gets more of them, as many as wanted; without scripts there are some empty ones.
function offerRows() {
  for (const one of document.querySelectorAll("[data-add-row]")) one.hidden = false;
}
document.addEventListener("DOMContentLoaded", offerRows);
document.addEventListener("htmx:afterSettle", offerRows);
document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-add-row]");
  if (!button) return;
  const last = button.previousElementSibling;
  const row = last.cloneNode(true);
  for (const one of row.querySelectorAll("input, select")) {
    if (one.matches("input")) one.value = "";
    else one.value = last.querySelector("select").value;
    one.setAttribute("aria-label", one.getAttribute("aria-label").replace(/\d+/, (number) => Number(number) + 1));
  }
  button.before(row);
  row.querySelector("input").focus();
});

// What came up goes, and the focus is back on what brought it up.
function putAway() {
  for (const open of document.querySelectorAll("details.menu[open]")) {
    if (open.contains(document.activeElement)) open.querySelector("summary").focus();
    open.open = false;
  }
  const side = document.getElementById("side");
  if (!side.classList.contains("is-open")) return;
  side.classList.remove("is-open");
  const button = document.querySelector("[data-menu]");
  button.setAttribute("aria-expanded", "false");
  button.focus();
}

// A swap takes away what had the focus. The same link of the new page gets it; where there is none, the page itself.
let focused = "";
const named = (one) => `${one.closest("thead, nav")?.tagName} ${one.textContent.replace(/[↑↓\s]+/gu, " ").trim()}`;
document.addEventListener("htmx:beforeSwap", () => {
  const one = document.activeElement?.closest("thead a, nav a, .row-link");
  focused = one ? named(one) : "";
});
document.addEventListener("htmx:afterSettle", (event) => {
  if (document.activeElement !== document.body) return;
  const same = focused && [...document.querySelectorAll("thead a, nav a, .row-link")].find((one) => named(one) === focused);
  if (same) same.focus({ preventScroll: true });
  else if (event.detail.target === document.body) document.getElementById("main").focus({ preventScroll: true });
});

// The tab one is on can be seen, also where they do not all fit.
function showTab() {
  for (const one of document.querySelectorAll(".tabs [aria-current]")) {
    const strip = one.closest(".tabs");
    strip.scrollLeft = one.offsetLeft - strip.offsetLeft - (strip.clientWidth - one.offsetWidth) / 2;
  }
}
document.addEventListener("DOMContentLoaded", showTab);
document.addEventListener("htmx:afterSettle", (event) => {
  if (event.detail.target === document.body) showTab();
});

// Keys. A letter pressed while somebody types is theirs.
const ways = { h: "/console/", o: "/console/organizations", i: "/console/images", u: "/console/upload" };
let leading = false;
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") putAway();
  if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest("input, textarea, select, dialog")) return;
  if (event.key === "/") {
    event.preventDefault();
    document.querySelector("[data-search]").focus();
  } else if (event.key === "?") {
    document.getElementById("help").showModal();
  } else if (leading && ways[event.key]) {
    location.href = ways[event.key];
  } else if (event.key === "j" || event.key === "k") {
    const links = [...document.querySelectorAll("[data-rows] .row-link")];
    const at = links.indexOf(document.activeElement);
    const next = at < 0 ? 0 : at + (event.key === "j" ? 1 : -1);
    links[Math.max(0, Math.min(links.length - 1, next))]?.focus();
  }
  leading = event.key === "g";
});

document.addEventListener("htmx:load", () => {
  for (const one of document.querySelectorAll("[data-toast]")) fade(one);
});
document.addEventListener("DOMContentLoaded", () => {
  for (const one of document.querySelectorAll("[data-toast]")) fade(one);
});

// A list with data-live hears of changes and loads its rows again, unless somebody works in them right now. Hidden tabs
// do not listen: a browser has only a few connections for a host.
let stream = null;

function listen() {
  stream?.close();
  stream = null;
  const list = document.querySelector("[data-live]");
  if (!list || document.hidden) return;
  let opened = false;
  stream = new EventSource(list.dataset.live);
  stream.addEventListener("open", () => {
    if (opened) reload();
    opened = true;
  });
  stream.addEventListener("changed", reload);
  stream.addEventListener("ended", () => stream.close());
}

function reload() {
  const list = document.querySelector("[data-live]");
  missed = list !== null && (isAsked() || isWorkedIn(list));
  if (!list || missed) return;
  const at = `#${list.id}`;
  htmx.ajax("GET", location.href, { source: list, target: at, select: at, swap: "outerHTML" });
}

// Rows that only come anew lose against rows that somebody asked for by a filter, and against what somebody began to do
// in the old ones, also when that was after they were asked for. They are asked for again afterwards.
let missed = false;
const isAsked = () => document.querySelector(".htmx-request:not([data-live])") !== null;
const isWorkedIn = (list) => list.contains(document.activeElement) || list.querySelector("[data-pick]:checked, .column-menu details[open]") !== null;
document.addEventListener("htmx:beforeSwap", (event) => {
  const list = event.detail.requestConfig.elt;
  if (list.matches("[data-polled]") && isWorkedIn(list)) event.detail.shouldSwap = false;
  if (!list.matches("[data-live]") || !(isAsked() || isWorkedIn(list))) return;
  event.detail.shouldSwap = false;
  missed = true;
});
document.addEventListener("focusout", () => {
  if (missed) reload();
});
document.addEventListener("htmx:afterSettle", () => {
  if (missed) reload();
});

document.addEventListener("visibilitychange", () => {
  if (!document.hidden) reload();
  listen();
});
document.addEventListener("DOMContentLoaded", listen);
document.addEventListener("htmx:historyRestore", listen);
document.addEventListener("htmx:afterSettle", (event) => {
  if (event.detail.target === document.body || event.detail.boosted) listen();
});

// What can be scrolled sideways can be reached with the keyboard, and only that. What is in it may grow later: fonts, columns.
const grown = new ResizeObserver(reach);

function reach() {
  for (const one of document.querySelectorAll(".table-wrap, pre.code, .tabs, .command code")) {
    if (one.scrollWidth > one.clientWidth) one.tabIndex = 0;
    else one.removeAttribute("tabindex");
    for (const seen of [one, ...one.children]) grown.observe(seen);
  }
}

document.addEventListener("DOMContentLoaded", reach);
// Not only when it has settled: until then the new rows would be out of reach.
document.addEventListener("htmx:afterSwap", reach);
document.addEventListener("htmx:afterSettle", reach);

// Columns of a list can be put away; this browser remembers which. The first that names a row always stays.
function chooseColumns() {
  for (const table of document.querySelectorAll("table[data-columns]")) {
    const key = `columns-${table.dataset.columns}`;
    const away = new Set(JSON.parse(localStorage.getItem(key) || "[]"));
    const heads = [...table.tHead.rows[0].cells];
    const first = heads.findIndex((one) => !one.classList.contains("pick"));
    const show = () => {
      for (const row of table.rows) {
        heads.forEach((_head, at) => { if (at > first && row.cells[at]) row.cells[at].hidden = away.has(at); });
      }
    };
    show();
    if (table.closest(".table-wrap").previousElementSibling?.matches(".column-menu")) continue;
    const menu = document.createElement("div");
    menu.className = "column-menu";
    menu.innerHTML = '<details class="menu"><summary class="button small"></summary><div class="menu-items"></div></details>';
    menu.querySelector("summary").textContent = words().columns;
    heads.forEach((head, at) => {
      if (at <= first) return;
      const label = document.createElement("label");
      const box = document.createElement("input");
      box.type = "checkbox";
      box.checked = !away.has(at);
      box.addEventListener("change", () => {
        if (box.checked) away.delete(at);
        else away.add(at);
        localStorage.setItem(key, JSON.stringify([...away]));
        show();
      });
      label.append(box, head.textContent.replace(/[↑↓]/u, "").trim());
      menu.querySelector(".menu-items").append(label);
    });
    table.closest(".table-wrap").before(menu);
  }
}

document.addEventListener("DOMContentLoaded", chooseColumns);
document.addEventListener("htmx:afterSettle", chooseColumns);
