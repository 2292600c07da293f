// Keys for the pages of an archive: / to the search, j and k through a list, ? for this list.
// The pages do everything without it.
const TITLES = ".newsfeed-card-title a, .newsfeed-hit-title a";
const KEYS = [
  ["/", "Search"],
  ["j", "Next article"],
  ["k", "Previous article"],
  ["?", "Show or hide these keys"],
];

function isTyping(target) {
  return (
    target instanceof Element &&
    (target.isContentEditable ||
      target.closest("input, textarea, select, [role=textbox], [role=combobox], .cm-editor") !== null)
  );
}

function isShown(element) {
  return element.getClientRects().length > 0;
}

// From the focused link, else from where the window is.
function step(by) {
  const links = [...document.querySelectorAll(TITLES)].filter(isShown);
  let place = links.indexOf(document.activeElement);
  if (place < 0) {
    const next = links.findIndex((link) => link.getBoundingClientRect().top >= 0);
    place = by > 0 ? (next < 0 ? links.length : next) - 1 : next < 0 ? links.length : next;
  }
  const link = links[place + by];
  if (!link) return false;
  link.focus({ preventScroll: true });
  (link.closest("article") ?? link).scrollIntoView({ block: "nearest" });
  return true;
}

function toSearch() {
  const field = document.querySelector("[data-newsfeed-search]");
  if (!field || !isShown(field)) return false;
  field.focus();
  field.select();
  return true;
}

let list = null;

function showKeys() {
  if (list?.open) {
    list.close();
    return true;
  }
  if (!list) {
    list = document.createElement("dialog");
    list.className = "newsfeed newsfeed-keys";
    list.setAttribute("aria-label", "Keys");
    const heading = document.createElement("h2");
    heading.textContent = "Keys";
    const lines = document.createElement("dl");
    for (const [key, does] of KEYS) {
      const term = document.createElement("dt");
      const name = document.createElement("kbd");
      const meaning = document.createElement("dd");
      name.textContent = key;
      meaning.textContent = does;
      term.append(name);
      lines.append(term, meaning);
    }
    const close = document.createElement("button");
    close.type = "button";
    close.className = "newsfeed-button";
    close.textContent = "Close";
    close.addEventListener("click", () => list.close());
    list.append(heading, lines, close);
    document.body.append(list);
  }
  list.showModal();
  return true;
}

const DOES = { "/": toSearch, j: () => step(1), k: () => step(-1), "?": showKeys };

// On the way down: Datasette 1.0 has a use of its own for "/", which its menu offers as well.
document.addEventListener(
  "keydown",
  (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    if (event.defaultPrevented || isTyping(event.composedPath()[0])) return;
    const dialog = document.querySelector("dialog[open]");
    if (dialog && dialog !== list) return;
    if (list?.open && event.key !== "?") return;
    if (Object.hasOwn(DOES, event.key) && DOES[event.key]()) {
      event.preventDefault();
      event.stopImmediatePropagation();
    }
  },
  true,
);

// The list: ids kept in this browser, one list for each archive, with the last title and note.
const listLink = document.querySelector("[data-newsfeed-list]");
const ADD = "[data-newsfeed-id]";

// The front page has articles of several archives.
function pathOf(link) {
  return new URL(link.href).pathname;
}

function kept(path) {
  try {
    const list = JSON.parse(localStorage.getItem(`newsfeed ${path}`));
    const ids = (Array.isArray(list) ? list : list.ids).filter((id) => typeof id === "string");
    return { words: [], ...(Array.isArray(list) ? {} : list), ids: ids.slice(0, 100) };
  } catch {
    return { ids: [], words: [] };
  }
}

function keep(path, list) {
  try {
    localStorage.setItem(`newsfeed ${path}`, JSON.stringify(list));
    return true;
  } catch {
    return false;
  }
}

function showList() {
  const lists = {};
  for (const link of document.querySelectorAll(ADD)) {
    const { ids } = (lists[pathOf(link)] ??= kept(pathOf(link)));
    link.setAttribute("role", "button");
    link.setAttribute("aria-pressed", ids.includes(link.dataset.newsfeedId));
  }
  if (!listLink) return;
  const { ids, words } = kept(pathOf(listLink));
  const query = new URLSearchParams([...ids.map((id) => ["id", id]), ...(ids.length ? words : [])]);
  listLink.search = query;
  listLink.textContent = ids.length ? `List (${ids.length})` : "List";
}

function toggleId(link) {
  const path = pathOf(link);
  const list = kept(path);
  const id = link.dataset.newsfeedId;
  const place = list.ids.indexOf(id);
  if (place < 0) list.ids.push(id);
  else list.ids.splice(place, 1);
  if (!keep(path, list)) return false; // the link then leads to its list
  showList();
  if (place >= 0 && path === location.pathname) {
    const pairs = [...new URLSearchParams(location.search)];
    location.search = new URLSearchParams(pairs.filter(([key, value]) => key !== "id" || value !== id));
  }
  return true;
}

if (listLink && pathOf(listLink) === location.pathname) {
  const pairs = [...new URLSearchParams(location.search)];
  const list = kept(location.pathname);
  const shown = pairs.filter(([key]) => key === "id").map(([, id]) => id);
  if (shown.length === list.ids.length && shown.every((id) => list.ids.includes(id))) {
    keep(location.pathname, { ...list, words: pairs.filter(([key]) => key === "title" || key === "note") });
  }
}

if (listLink || document.querySelector(ADD)) {
  showList();
  addEventListener("storage", showList);
  document.addEventListener("click", (event) => {
    const link = event.target instanceof Element && event.target.closest(ADD);
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
    if (toggleId(link)) event.preventDefault();
  });
  document.addEventListener("keydown", (event) => {
    const link = event.target instanceof Element && event.target.closest(ADD);
    if (link && event.key === " " && toggleId(link)) event.preventDefault();
  });
}
