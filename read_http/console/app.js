// The entry point: shows the page that the hash of the URL names.

import { hashUrl, h, setContent } from "./dom.js";
import { datasetPage, datasetsPage } from "./datasets.js";
import { ingestionPage, ingestionsPage } from "./ingestions.js";
import { uploadPage } from "./upload.js";

const PAGES = {
  upload: [uploadPage], ingestions: [ingestionsPage, ingestionPage], datasets: [datasetsPage, datasetPage],
}; // by the number of path segments after the name
const main = document.getElementById("main");
let navigation = new AbortController();

/** Show the page of the current hash. Its title gets the focus, except on the first load. */
function navigate(event) {
  const [path, query] = location.hash.slice(2).split("?");
  const [name, ...segments] = (path || "upload").split("/");
  navigation.abort();
  navigation = new AbortController();
  const title = h("h1", { tabindex: "-1" });
  const page = PAGES[name]?.[segments.length] ?? notFoundPage;
  setContent(main, page({
    title, id: decodeSegment(segments[0]), query: new URLSearchParams(query), signal: navigation.signal,
  }));
  document.title = `${title.textContent} – CSV to Postgres`;
  for (const item of document.querySelectorAll("nav a")) item.ariaCurrent = item.hash === hashUrl(name) ? "page" : null;
  if (!event) return;
  scrollTo(0, 0);
  title.focus();
}

function decodeSegment(text = "") {
  try {
    return decodeURIComponent(text);
  } catch {
    return text; // not a valid percent encoding
  }
}

function notFoundPage({ title }) {
  title.append("Page not found");
  return [title, h("p", "Use the links at the top of this page.")];
}

document.querySelector(".skip").addEventListener("click", (event) => {
  event.preventDefault();
  main.focus();
});
addEventListener("hashchange", navigate);
navigate();
