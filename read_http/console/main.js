// The page: which view its address names, and what happens when that changes.

import { address, h, show } from "./dom.js";
import { datasets } from "./datasets.js";
import { dataset } from "./dataset.js";
import { ingestions } from "./ingestions.js";
import { ingestion } from "./ingestion.js";
import { upload } from "./upload.js";

const VIEWS = { upload: [upload], ingestions: [ingestions, ingestion], datasets: [datasets, dataset] };
const main = document.getElementById("main");
let leaving = new AbortController();

/** Show the view of the address; the focus goes to its title, but not when the page has just come. */
function turn(event) {
  const [path, query] = location.hash.slice(2).split("?");
  const [name, ...rest] = (path || "upload").split("/");
  leaving.abort();
  leaving = new AbortController();
  const title = h("h1", { tabindex: "-1" });
  const view = VIEWS[name]?.[rest.length] ?? lost;
  show(main, view({ title, id: decoded(rest[0]), query: new URLSearchParams(query), signal: leaving.signal }));
  document.title = `${title.textContent} – CSV to Postgres`;
  for (const link of document.querySelectorAll("nav a")) {
    link.ariaCurrent = link.hash === address(name) ? "page" : null;
  }
  if (!event) return;
  scrollTo(0, 0);
  title.focus();
}

function decoded(text = "") {
  try {
    return decodeURIComponent(text);
  } catch {
    return text; // an escape that is none
  }
}

function lost({ title }) {
  title.append("There is no such view");
  return [title, h("p", "Choose one of those above.")];
}

document.querySelector(".skip").addEventListener("click", (event) => {
  event.preventDefault();
  main.focus();
});
addEventListener("hashchange", turn);
turn();
