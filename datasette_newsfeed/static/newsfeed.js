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
