// @ts-check
/**
 * What the page does when it may run scripts; without them everything but this interaction is there.
 *
 * One module after another: `state` knows what a reader has chosen and keeps it in the address, the others show it.
 * Text of the log enters the document as text nodes and values only, never as markup.
 */

/**
 * @typedef {{ function: string, caller: string, text: string, least: string, kind: string, table: string, sort: string }} State
 * @typedef {{ total: number, rows: (string | number | string[])[][] }} Table
 * @typedef {{ function: string, callers: string[], more_callers: number, params: string, calls: number,
 *   unchanged: number, changed: number, unproven: number, elapsed_ns: number, elapsed: string, numbers: string }} Lookup
 * @typedef {{ config: object, charts: Record<string, Record<string, unknown>>, markdown: Record<string, string>,
 *   explorer: { columns: (keyof Lookup)[], signatures: Table, lookups: Table } }} PageData
 * @typedef {{ datum?: Record<string, any>, tooltip?: Record<string, string> }} Mark
 * @typedef {{ signal(name: string, value?: unknown): View, runAsync(): Promise<View>, width(px: number): View,
 *   addEventListener(type: string, listener: (event: Event, mark: Mark | null) => void): View,
 *   tooltip(): (handler: unknown, event: object, mark: Mark, value: unknown) => void }} View
 * @typedef {(target: Element, specification: object, options: object) => Promise<{ view: View }>} Embed
 */

/**
 * @template {Element} E
 * @param {new () => E} type
 * @param {string} selector
 * @param {ParentNode} [within]
 * @returns {E}
 */
function find(type, selector, within = document) {
  const found = within.querySelector(selector);
  if (!(found instanceof type)) throw new Error(`The page lacks ${selector}`);
  return found;
}

/**
 * @template {keyof HTMLElementTagNameMap} T
 * @param {T} tag
 * @param {Record<string, string>} attributes
 * @param {...(Node | string)} children
 * @returns {HTMLElementTagNameMap[T]}
 */
function make(tag, attributes, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

/** @type {PageData} */
const page = JSON.parse(find(HTMLScriptElement, "#page-data").textContent ?? "");
const count = new Intl.NumberFormat("en-US");

const state = (() => {
  /** @type {State} */
  const nothing = { function: "", caller: "", text: "", least: "", kind: "", table: "signatures", sort: "-calls" };
  /** @type {((chosen: State) => void)[]} */
  const listeners = [];
  let chosen = { ...nothing };

  /** Reads what a link says. A fragment without `=` names a place in the page. */
  function read() {
    if (!location.hash.includes("=")) return;
    const said = new URLSearchParams(location.hash.slice(1));
    chosen = { ...nothing };
    for (const key of /** @type {(keyof State)[]} */ (Object.keys(nothing))) chosen[key] = said.get(key) ?? nothing[key];
    tell();
  }

  function tell() {
    for (const listener of listeners) listener(chosen);
  }

  /** @param {Partial<State>} changes */
  function choose(changes) {
    chosen = { ...chosen, ...changes };
    const said = new URLSearchParams();
    for (const key of /** @type {(keyof State)[]} */ (Object.keys(nothing))) {
      if (chosen[key] !== nothing[key]) said.set(key, chosen[key]);
    }
    const fragment = said.toString();
    history.replaceState(null, "", fragment ? `#${fragment}` : location.href.split("#")[0]);
    tell();
  }

  addEventListener("hashchange", read);
  return {
    choose,
    read,
    nothing,
    /** @param {string} name */
    toggleFunction: (name) => choose({ function: chosen.function === name ? "" : name }),
    /** @param {(chosen: State) => void} listener */
    listen(listener) {
      listeners.push(listener);
    },
  };
})();

/** The light or dark ground: the system's, until a reader decides. */
function startGround() {
  const button = find(HTMLButtonElement, ".ground");
  const root = document.documentElement;
  const systemIsDark = matchMedia("(prefers-color-scheme: dark)");
  const isDark = () => (root.dataset.ground ? root.dataset.ground === "dark" : systemIsDark.matches);
  function say() {
    button.textContent = isDark() ? "Light" : "Dark";
  }
  button.addEventListener("click", () => {
    root.dataset.ground = isDark() ? "light" : "dark";
    say();
  });
  systemIsDark.addEventListener("change", say);
  say();
  button.hidden = false;
}

/** Findings open where a link points at them, and copy themselves as Markdown. */
function startFindings() {
  function openTarget() {
    const target = location.hash.includes("=") ? null : document.getElementById(location.hash.slice(1));
    const details = target?.querySelector(":scope > details");
    if (details instanceof HTMLDetailsElement && !details.open) {
      details.open = true;
      target?.scrollIntoView();
    }
  }
  for (const button of document.querySelectorAll("button[data-copy]")) {
    if (!(button instanceof HTMLButtonElement)) continue;
    button.hidden = false;
    button.addEventListener("click", async () => {
      const isCopied = await copy(page.markdown[button.dataset.copy ?? ""] ?? "");
      button.replaceChildren(isCopied ? "Copied" : "Copying failed");
    });
  }
  addEventListener("hashchange", openTarget);
  openTarget();
}

/**
 * @param {string} text
 * @returns {Promise<boolean>} whether it is in the clipboard now
 */
async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    // A viewer may withhold the clipboard's interface and still allow the old command.
    const area = make("textarea", { "aria-hidden": "true" }, text);
    document.body.append(area);
    area.select();
    const done = document.execCommand("copy");
    area.remove();
    return done;
  }
}

/** Marks in the contents where the reader is. */
function startContents() {
  const links = new Map([...document.querySelectorAll(".contents a")].map((link) => [link.getAttribute("href"), link]));
  const observer = new IntersectionObserver(
    (entries) => {
      for (const { isIntersecting, target } of entries) {
        const link = links.get(`#${target.id}`);
        if (isIntersecting) link?.setAttribute("aria-current", "true");
        else link?.removeAttribute("aria-current");
      }
    },
    { rootMargin: "-15% 0px -85% 0px" },
  );
  for (const section of document.querySelectorAll(".sections > section")) observer.observe(section);
}

/** Choosing a function filters every table, and says so. */
function startChoice() {
  for (const name of document.querySelectorAll(".choose")) {
    const chosen = name.closest("[data-function]")?.getAttribute("data-function");
    if (!chosen) continue;
    const button = make("button", { type: "button", class: "choose", "aria-pressed": "false" }, ...name.childNodes);
    button.querySelector("[tabindex]")?.removeAttribute("tabindex");
    button.addEventListener("click", () => state.toggleFunction(chosen));
    name.replaceWith(button);
  }
  const notice = find(HTMLElement, ".chosen");
  find(HTMLButtonElement, "button", notice).addEventListener("click", () => state.choose({ function: "" }));
  state.listen((chosen) => {
    notice.hidden = !chosen.function;
    find(HTMLElement, "code", notice).textContent = chosen.function;
    for (const row of document.querySelectorAll("tr[data-function], .card[data-function]")) {
      const matches = !chosen.function || row.getAttribute("data-function") === chosen.function;
      if (row instanceof HTMLElement) row.hidden = !matches;
      const button = row.querySelector("button.choose");
      button?.setAttribute("aria-pressed", String(Boolean(chosen.function) && matches));
    }
  });
}

/**
 * A box of the call tree becomes the whole width, and gives it back; any other mark chooses its function.
 * @param {HTMLElement} frame
 * @param {View} view
 * @param {Mark | null} mark
 */
function chooseMark(frame, view, mark) {
  const datum = mark?.datum;
  if (!datum) return;
  if (frame.dataset.chart === "tree") {
    const isWhole = datum.left === view.signal("zoomLeft") && datum.right === view.signal("zoomRight");
    void view.signal("zoomLeft", isWhole ? 0 : datum.left).signal("zoomRight", isWhole ? 1 : datum.right).runAsync();
  } else if (typeof datum.function === "string") {
    state.toggleFunction(datum.function);
  }
}

/**
 * The marks of a chart that have something to say, in the order of drawing.
 * @param {HTMLElement} frame
 */
function listMarks(frame) {
  return [...frame.querySelectorAll("path, text")].flatMap((element) => {
    // Vega's SVG renderer leaves each element its mark.
    const mark = /** @type {{ __data__?: Mark }} */ (/** @type {unknown} */ (element)).__data__;
    return mark?.tooltip && typeof mark.tooltip === "object" ? [{ element, mark }] : [];
  });
}

/**
 * Arrow keys go from mark to mark and read it; Enter does what a click does.
 * @param {HTMLElement} frame
 * @param {View} view
 * @param {HTMLElement} spoken
 */
function startKeys(frame, view, spoken) {
  let position = -1;
  frame.tabIndex = 0;
  frame.setAttribute("role", "application");
  frame.setAttribute("aria-roledescription", "chart; arrow keys read its marks");
  frame.addEventListener("keydown", (event) => {
    const marks = listMarks(frame);
    const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
    if (event.key === "Enter") chooseMark(frame, view, marks[position]?.mark ?? null);
    if (!step || !marks.length) return;
    event.preventDefault();
    position = position < 0 && step < 0 ? marks.length - 1 : (position + step + marks.length) % marks.length;
    const reached = marks[position];
    if (!reached) return;
    for (const { element } of marks) element.classList.toggle("reached", element === reached.element);
    const box = reached.element.getBoundingClientRect();
    const place = { clientX: box.x + box.width / 2, clientY: box.y + box.height / 2 };
    const showTooltip = view.tooltip();
    showTooltip(null, place, reached.mark, reached.mark.tooltip);
    spoken.textContent = Object.entries(reached.mark.tooltip ?? {}).map((pair) => pair.join(" ")).join(", ");
  });
  frame.addEventListener("blur", () => {
    for (const { element, mark } of listMarks(frame)) {
      element.classList.remove("reached");
      const showTooltip = view.tooltip();
      showTooltip(null, { clientX: 0, clientY: 0 }, mark, null);
    }
  });
}

/**
 * @param {Embed} embed
 * @param {HTMLElement} frame
 * @param {Record<string, unknown>} specification
 * @returns {Promise<View>} the chart as it now stands in its frame
 */
async function drawChart(embed, frame, specification) {
  const narrowPx = 560;
  const width = frame.clientWidth;
  const narrow = width < narrowPx ? { axisY: { labelLimit: width / 3 }, axisQuantitative: { tickCount: 4 } } : {};
  const live = make("div", {});
  const { view } = await embed(live, { ...specification, width }, {
    actions: false,
    ast: true,
    config: { ...page.config, ...narrow },
    defaultStyle: false,
    mode: "vega-lite",
    renderer: "svg",
    tooltip: { disableDefaultStyle: true },
  });
  // The frame speaks for what is in it.
  live.querySelector("svg")?.setAttribute("aria-hidden", "true");
  frame.replaceChildren(live);
  const resized = new ResizeObserver(() => {
    void view.width(frame.clientWidth).runAsync();
  });
  resized.observe(frame);
  return view;
}

/**
 * Runs the charts' library, which rests in the page as text: compiling it would hold up everything else.
 * The page's policy knows its hash, so it may run as a script and nothing else may.
 * @returns {Embed}
 */
function loadEmbed() {
  const global = /** @type {{ vegaEmbed?: Embed }} */ (/** @type {unknown} */ (window));
  if (!global.vegaEmbed) document.head.append(make("script", {}, find(HTMLScriptElement, "#vega").text));
  if (!global.vegaEmbed) throw new Error("The charts' library didn't start");
  return global.vegaEmbed;
}

/** Charts come alive when they come near; until then, and where that fails, their pictures stand. */
function startCharts() {
  const spoken = make("p", { class: "spoken", role: "status" });
  document.body.append(spoken);
  /** @type {View[]} */
  const views = [];
  let chosenFunction = "";

  /** @param {HTMLElement} frame */
  async function wake(frame) {
    const specification = page.charts[frame.dataset.chart ?? ""];
    if (!specification) return;
    const view = await drawChart(loadEmbed(), frame, specification);
    views.push(view);
    await view.signal("chosen", chosenFunction).runAsync();
    view.addEventListener("click", (_, mark) => chooseMark(frame, view, mark));
    startKeys(frame, view, spoken);
  }

  state.listen((chosen) => {
    chosenFunction = chosen.function;
    for (const view of views) void view.signal("chosen", chosen.function).runAsync();
  });
  const observer = new IntersectionObserver(
    (entries) => {
      for (const { isIntersecting, target } of entries) {
        if (!isIntersecting || !(target instanceof HTMLElement)) continue;
        observer.unobserve(target);
        void wake(target);
      }
    },
    { rootMargin: "200px 0px" },
  );
  addEventListener("DOMContentLoaded", () => {
    for (const frame of document.querySelectorAll("[data-chart]")) observer.observe(frame);
  });
}

/** @type {[keyof Lookup, string, keyof Lookup][]} what a column of the explorer shows, its title, what it is sorted by */
const explorerColumns = [
  ["function", "function", "function"],
  ["params", "parameters and call numbers", "params"],
  ["calls", "calls", "calls"],
  ["unchanged", "unchanged", "unchanged"],
  ["changed", "changed", "changed"],
  ["unproven", "no evidence", "unproven"],
  ["elapsed", "time", "elapsed_ns"],
];
const figureColumns = new Set(["calls", "unchanged", "changed", "unproven", "elapsed"]);

/**
 * @param {Table} table
 * @returns {Lookup[]} its rows, by name of column
 */
function unpackRows(table) {
  const named = (/** @type {unknown[]} */ row) => page.explorer.columns.map((column, index) => [column, row[index]]);
  return table.rows.map((row) => /** @type {Lookup} */ (Object.fromEntries(named(row))));
}

/**
 * @param {Lookup} row
 * @param {State} chosen
 */
function isChosen(row, chosen) {
  const { kind } = chosen;
  return (
    (!chosen.function || row.function === chosen.function) &&
    (!chosen.caller || row.callers.includes(chosen.caller)) &&
    row.params.toLowerCase().includes(chosen.text.toLowerCase()) &&
    row.calls >= Number(chosen.least) &&
    ((kind !== "unchanged" && kind !== "changed" && kind !== "unproven") || row[kind] > 0)
  );
}

/**
 * @param {string} sort the column, behind a `-` where the largest comes first
 * @returns {(one: Lookup, other: Lookup) => number}
 */
function orderBy(sort) {
  const key = /** @type {keyof Lookup} */ (sort.replace(/^-/u, ""));
  const sign = sort.startsWith("-") ? -1 : 1;
  return (one, other) => {
    const [a, b] = [one[key], other[key]];
    return sign * (typeof a === "number" && typeof b === "number" ? a - b : String(a).localeCompare(String(b), "en"));
  };
}

/** @param {Lookup} row */
function showLookup(row) {
  const cells = explorerColumns.map(([key]) => {
    const value = row[key];
    if (figureColumns.has(key)) {
      return make("td", { class: "figure" }, typeof value === "number" ? count.format(value) : String(value));
    }
    const code = make("code", { class: key === "params" ? "asked" : "" }, String(value));
    const more = row.more_callers ? ` and ${count.format(row.more_callers)} more` : "";
    return key === "function"
      ? make("th", { scope: "row" }, code, make("small", {}, `by ${row.callers.join(", ")}${more}`))
      : make("td", {}, code, make("small", {}, row.numbers));
  });
  return make("tr", {}, ...cells);
}

/** @param {string} sort */
function showHeadings(sort) {
  return explorerColumns.map(([key, title, sortKey]) => {
    const isDown = sort.startsWith("-");
    const isSorted = sort.replace(/^-/u, "") === sortKey;
    const next = isSorted ? (isDown ? sortKey : `-${sortKey}`) : `${figureColumns.has(key) ? "-" : ""}${sortKey}`;
    const button = make("button", { type: "button", class: "sort", "data-sort": next, "data-column": key }, title);
    const heading = make("th", { scope: "col", class: figureColumns.has(key) ? "figure" : "" }, button);
    if (isSorted) heading.setAttribute("aria-sort", isDown ? "descending" : "ascending");
    return heading;
  });
}

/**
 * Offers the values of a filter.
 * @param {HTMLSelectElement} select
 * @param {string[]} values
 */
function offer(select, values) {
  select.append(...[...new Set(values)].sort().map((value) => make("option", { value }, value)));
}

/** One table of signatures and one of lookups, sorted and filtered. */
function startExplorer() {
  const explorer = document.querySelector("#explorer");
  if (!(explorer instanceof HTMLElement)) return;
  const firstRows = 20;
  const form = find(HTMLFormElement, "form", explorer);
  const head = find(HTMLTableRowElement, "thead tr", explorer);
  const body = find(HTMLTableSectionElement, "tbody", explorer);
  const more = find(HTMLButtonElement, ".more", explorer);
  const signatures = { total: page.explorer.signatures.total, rows: unpackRows(page.explorer.signatures) };
  const lookups = { total: page.explorer.lookups.total, rows: unpackRows(page.explorer.lookups) };
  let isWhole = false;
  let chosen = state.nothing;

  function render() {
    const table = chosen.table === "lookups" ? lookups : signatures;
    const found = table.rows.filter((row) => isChosen(row, chosen)).sort(orderBy(chosen.sort));
    const shown = isWhole ? found : found.slice(0, firstRows);
    head.replaceChildren(...showHeadings(chosen.sort));
    body.replaceChildren(...shown.map(showLookup));
    more.hidden = shown.length === found.length;
    more.textContent = `Show all ${count.format(found.length)}`;
    const kept = count.format(table.rows.length);
    const leftOut = `; this page holds the ${kept} with most calls of ${count.format(table.total)}`;
    find(HTMLElement, ".count", explorer ?? document).textContent =
      `${count.format(shown.length)} of ${count.format(found.length)} ${chosen.table} that match` +
      `${table.rows.length < table.total ? leftOut : ""}.`;
  }

  function fillForm() {
    for (const [key, value] of Object.entries(chosen)) {
      const field = form.elements.namedItem(key);
      const holdsValue =
        field instanceof RadioNodeList || field instanceof HTMLInputElement || field instanceof HTMLSelectElement;
      if (holdsValue && field.value !== value) field.value = value;
    }
  }

  const all = [...signatures.rows, ...lookups.rows];
  offer(find(HTMLSelectElement, "[name=function]", form), all.map((row) => row.function));
  offer(find(HTMLSelectElement, "[name=caller]", form), all.flatMap((row) => row.callers));
  form.addEventListener("input", () => {
    isWhole = false;
    state.choose(Object.fromEntries([...new FormData(form)].map(([key, value]) => [key, String(value)])));
  });
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("reset", (event) => {
    event.preventDefault();
    state.choose({ ...state.nothing, table: chosen.table });
  });
  head.addEventListener("click", (event) => {
    const button = event.target;
    if (!(button instanceof HTMLButtonElement)) return;
    state.choose({ sort: button.dataset.sort ?? "" });
    find(HTMLButtonElement, `[data-column="${button.dataset.column}"]`, head).focus();
  });
  more.addEventListener("click", () => {
    isWhole = true;
    render();
  });
  state.listen((now) => {
    chosen = now;
    fillForm();
    render();
  });
  for (const table of document.querySelectorAll("[data-explored]")) table.classList.add("explored");
  explorer.hidden = false;
  render();
}

/** What is printed can't be opened later. */
function startPrint() {
  addEventListener("beforeprint", () => {
    for (const details of document.querySelectorAll(".card details")) details.setAttribute("open", "");
  });
}

startGround();
startFindings();
startContents();
startChoice();
startExplorer();
startCharts();
startPrint();
state.read();
