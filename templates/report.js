// @ts-check
/**
 * What the page does when it may run scripts; without them everything but this interaction is there.
 *
 * One module after another: `state` keeps what a reader has chosen, in the address too; the others show it.
 * Text of the log enters the document as text nodes and values, never as markup.
 */

/**
 * @typedef {Record<"function" | "caller" | "text" | "least" | "kind" | "table" | "sort" | "order", string>} State
 * @typedef {{ total: number, rows: (string | number | number[])[][] }} Table
 * @typedef {{ function: string, callers: string[], more_callers: number, params: string, calls: number,
 *   unchanged: number, changed: number, unproven: number, elapsed_ns: number, elapsed: string, numbers: string }} Lookup
 * @typedef {{ params: { name: string }[], datasets: Record<string, { function?: string, functions?: string[] }[]> }} Specification
 * @typedef {{ config: object, charts: Record<string, Specification>, markdown: Record<string, string>,
 *   names: Record<string, string>,
 *   explorer: { columns: (keyof Lookup)[], texts: string[], signatures: Table, lookups: Table } }} PageData
 * @typedef {{ datum?: Record<string, any>, tooltip?: Record<string, string> }} Mark
 * @typedef {{ signal(name: string, value?: unknown): View, runAsync(): Promise<View>, resize(): View, width(px: number): View,
 *   addEventListener(type: string, listener: (event: Event, mark: Mark | null) => void): View }} View
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
const names = new Map(Object.entries(page.names));
/** @param {string} label */
const fullName = (label) => names.get(label) ?? label;
/** What is read aloud, whatever has the focus. */
const spoken = make("p", { class: "spoken", role: "status" });
document.body.append(spoken);

const state = (() => {
  /** @type {State} */
  const nothing = { function: "", caller: "", text: "", least: "", kind: "", table: "signatures", sort: "-calls", order: "rank" };
  /** What a link may say. */
  const allowed = /^(?:function|caller|text|sort|least=\d*$|kind=(?:unchanged|changed|unproven|)$|table=(?:signatures|lookups)$|order=(?:rank|calls|time|confidence)$)/u;
  const keys = /** @type {(keyof State)[]} */ (Object.keys(nothing));
  /** @type {((chosen: State) => void)[]} */
  const listeners = [];
  let chosen = { ...nothing };
  let place = "";

  /** Reads the address: a place in the page, what is chosen, or both. A place alone leaves what is chosen. */
  function read() {
    const fragment = location.hash.slice(1);
    place = /^[\w-]+(?=&|$)/u.exec(fragment)?.[0] ?? "";
    if (place === fragment && place) {
      write();
      return;
    }
    const said = new URLSearchParams(fragment);
    for (const key of keys) {
      const value = said.get(key) ?? nothing[key];
      chosen[key] = allowed.test(`${key}=${value}`) ? value : nothing[key];
    }
    tell();
  }

  function tell() {
    for (const listener of listeners) listener({ ...chosen });
  }

  function write() {
    const said = new URLSearchParams(keys.filter((key) => chosen[key] !== nothing[key]).map((key) => [key, chosen[key]]));
    const fragment = [place, said.toString()].filter(Boolean).join("&");
    history.replaceState(null, "", fragment ? `#${fragment}` : location.href.split("#")[0]);
  }

  /**
   * @param {Partial<State>} changes
   * @param {string} [at] the place to name on
   */
  function choose(changes, at = "") {
    chosen = { ...chosen, ...changes };
    place = at;
    write();
    tell();
  }

  addEventListener("hashchange", read);
  return {
    choose,
    read,
    nothing,
    place: () => place,
    /**
     * Shows only a function, or all again, while an element stays where it is on the screen.
     * @param {string} name
     * @param {Element} element
     */
    toggleFunction(name, element) {
      const before = element.getBoundingClientRect().top;
      choose({ function: chosen.function === name ? "" : name });
      scrollBy(0, element.getBoundingClientRect().top - before);
    },
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
  const say = () => (button.textContent = isDark() ? "Light" : "Dark");
  const kept = keep();
  root.dataset.ground = kept?.getItem("tracereport.ground") ?? "";
  button.addEventListener("click", () => {
    root.dataset.ground = isDark() ? "light" : "dark";
    kept?.setItem("tracereport.ground", root.dataset.ground);
    say();
  });
  systemIsDark.addEventListener("change", say);
  say();
  button.hidden = false;
}

/** Outlives the page, where allowed. */
function keep() {
  try { return localStorage; } catch { return null; }
}

/** Findings open where a link points at them, and copy themselves as Markdown. */
function startFindings() {
  function openTarget() {
    const place = state.place();
    const target = document.getElementById(place);
    const missing = find(HTMLElement, ".missing");
    missing.hidden = !/^f-[0-9a-f]+$/u.test(place) || Boolean(target);
    for (const name of missing.querySelectorAll("code:first-child, span")) name.textContent = place.slice(2);
    target?.closest(".rest")?.setAttribute("open", "");
    if (target?.hidden) state.choose({ function: "" }, target.id);
    target?.querySelector(":scope > details")?.setAttribute("open", "");
    target?.scrollIntoView();
  }
  for (const button of document.querySelectorAll("button")) {
    const markdown = page.markdown[button.dataset.copy ?? ""];
    if (!markdown) continue;
    button.hidden = false;
    const label = button.textContent ?? "";
    button.addEventListener("click", async () => {
      const isCopied = await copy(markdown);
      spoken.textContent = isCopied ? "Copied" : "Copying failed";
      button.replaceChildren(spoken.textContent);
      setTimeout(() => button.replaceChildren(label), 2000);
    });
  }
  addEventListener("hashchange", openTarget);
  openTarget();
}

/**
 * Sorts the findings of each list: those in sight stay as many as they are.
 */
function startOrdering() {
  const ordering = document.querySelector(".findings .ordering");
  if (!(ordering instanceof HTMLElement)) return;
  ordering.hidden = false;
  const buttons = [...ordering.querySelectorAll("button")];
  for (const button of buttons) button.addEventListener("click", () => state.choose({ order: button.dataset.order ?? "rank" }));
  const lists = [...document.querySelectorAll(".card-list")].map((list) => {
    const groups = [...list.querySelectorAll(".cards")];
    return { groups: groups.map((group) => ({ group, size: group.children.length })), cards: groups.flatMap((group) => [...group.children]) };
  });
  let shown = "rank";
  state.listen(({ order }) => {
    for (const button of buttons) button.setAttribute("aria-pressed", String(button.dataset.order === order));
    if (order === shown) return;
    shown = order;
    const sign = order === "calls" || order === "time" ? -1 : 1;
    const value = (/** @type {Element} */ card, /** @type {string} */ key) => Number(card.getAttribute(`data-${key}`));
    for (const { groups, cards } of lists) {
      const sorted = [...cards].sort((one, other) => sign * (value(one, order) - value(other, order)) || value(one, "rank") - value(other, "rank"));
      for (const { group, size } of groups) group.replaceChildren(...sorted.splice(0, size));
    }
  });
}

/** @param {string} text */
async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    // A viewer may withhold the interface and allow the command.
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
        links.get(`#${target.id}`)?.setAttribute("aria-current", String(isIntersecting));
      }
    },
    { rootMargin: "-15% 0px -85% 0px" },
  );
  for (const section of document.querySelectorAll(".sections > section")) observer.observe(section);
}

/** Choosing a function filters every table, says so, and says where nothing is left. */
function startChoice() {
  for (const name of document.querySelectorAll(".choose")) {
    const chosen = name.closest("[data-function]")?.getAttribute("data-function");
    if (!chosen) continue;
    const button = make("button", { type: "button", class: "choose", "aria-pressed": "false" }, ...name.childNodes);
    button.querySelector("[tabindex]")?.removeAttribute("tabindex");
    button.addEventListener("click", () => state.toggleFunction(chosen, button));
    name.replaceWith(button);
  }
  const notice = find(HTMLElement, ".chosen");
  find(HTMLButtonElement, "button", notice).addEventListener("click", () => state.choose({ function: "" }));
  /** @type {Map<Element, HTMLElement[]>} rows by their table or list */
  const groups = new Map();
  for (const row of document.querySelectorAll("[data-function]:is(tr, .card), tr[data-functions]")) {
    const group = row.closest(".frame, .cards");
    if (group && row instanceof HTMLElement) groups.set(group, [...(groups.get(group) ?? []), row]);
  }
  state.listen(({ function: chosen }) => {
    notice.hidden = !chosen;
    find(HTMLElement, "code", notice).textContent = fullName(chosen);
    for (const note of document.querySelectorAll(".none")) note.remove();
    for (const [group, rows] of groups) {
      for (const row of rows) {
        const { function: one, functions: several } = row.dataset;
        row.hidden = Boolean(chosen) && !(several ? JSON.parse(several) : [one]).includes(chosen);
        row.querySelector("button.choose")?.setAttribute("aria-pressed", String(Boolean(chosen) && !row.hidden));
      }
      const isFound = rows.some((row) => !row.hidden);
      if (chosen && isFound) group.closest(".rest")?.setAttribute("open", "");
      if (isFound || group.closest(".rest")) continue;
      const picture = group.closest(".chart")?.querySelector(".picture");
      const what = group.matches(".cards") ? "findings shown" : picture ? "rows of its table" : "rows shown";
      const words = `None of the ${rows.length} ${what} is of `;
      (picture ?? group).after(make("p", { class: "none" }, words, make("code", {}, fullName(chosen)), "."));
    }
  });
}

/**
 * What a mark says, names in full.
 * @param {Mark} mark
 * @returns {[string, string][]}
 */
const listWords = ({ tooltip: said }) => Object.entries(said ?? {}).map(([key, text]) => [key, fullName(text)]);

/** One tooltip for all charts. It stays while the pointer is on it, and Escape closes it (WCAG 2.2, 1.4.13). */
const tooltip = (() => {
  const tip = make("dl", { class: "tip", "aria-hidden": "true", hidden: "" });
  document.body.append(tip);
  let timer = 0;
  /** @type {Mark | null} */
  let shown = null;
  function hide() {
    tip.hidden = true;
    shown = null;
  }
  function leave() {
    clearTimeout(timer);
    timer = setTimeout(() => (tip.matches(":hover") ? leave() : hide()), 250);
  }
  return {
    tip,
    hide,
    leave,
    /**
     * @param {{ clientX: number, clientY: number }} place
     * @param {Mark} mark
     */
    show({ clientX, clientY }, mark) {
      clearTimeout(timer);
      if (mark === shown) return;
      shown = mark;
      const words = listWords(mark).flatMap(([key, text]) => [make("dt", {}, key), make("dd", {}, text)]);
      tip.replaceChildren(...words);
      tip.hidden = false;
      const { offsetWidth: width, offsetHeight: height } = tip;
      const below = clientY + 10;
      tip.style.left = `${Math.max(4, Math.min(clientX + 10, innerWidth - width - 4))}px`;
      tip.style.top = `${below + height > innerHeight ? Math.max(4, clientY - height - 10) : below}px`;
    },
  };
})();

/**
 * A box of the call tree becomes the whole width, and gives it back; any other mark chooses its function.
 * @param {HTMLElement} frame
 * @param {View} view
 * @param {Mark | null} mark
 */
function chooseMark(frame, view, mark) {
  const datum = mark?.datum;
  if (frame.dataset.chart === "tree" && datum) {
    const isWhole = datum.start === view.signal("zoomLeft") && datum.end === view.signal("zoomRight");
    zoom(frame, view, isWhole ? [0, 1] : [datum.start, datum.end]);
  } else if (typeof datum?.function === "string") {
    state.toggleFunction(datum.function, frame);
  }
}

/**
 * @param {HTMLElement} frame
 * @param {View} view
 * @param {[number, number]} range of the whole tree
 */
function zoom(frame, view, [left, right]) {
  tooltip.hide();
  void view.signal("zoomLeft", left).signal("zoomRight", right).runAsync();
  frame.parentElement?.querySelector(".whole")?.remove();
  if (right - left === 1) return;
  const whole = make("button", { type: "button", class: "whole" }, "Show the whole tree");
  whole.addEventListener("click", () => {
    zoom(frame, view, [0, 1]);
    frame.focus();
  });
  frame.after(whole);
}

/**
 * The boxes of the call tree are as wide as their calls, or as their time, and are marked by what is searched for.
 * @param {HTMLElement} frame
 * @param {View} view
 */
function startWidths(frame, view) {
  if (frame.dataset.chart !== "tree") return;
  const widths = document.querySelector(".widths");
  if (!(widths instanceof HTMLElement)) return;
  widths.hidden = false;
  const buttons = [...widths.querySelectorAll("button")];
  for (const button of buttons) {
    button.addEventListener("click", () => {
      for (const other of buttons) other.setAttribute("aria-pressed", String(other === button));
      zoom(frame, view, [0, 1]);
      void view.signal("byTime", button.dataset.width === "time").runAsync();
    });
  }
  const search = find(HTMLInputElement, "input", widths);
  const marked = find(HTMLElement, ".marked", widths);
  const boxes = page.charts.tree?.datasets.rows ?? [];
  search.addEventListener("input", () => {
    const sought = search.value.trim().toLowerCase();
    void view.signal("sought", sought).runAsync();
    const found = boxes.filter((box) => box.function?.toLowerCase().includes(sought)).length;
    marked.textContent = sought ? `${count.format(found)} of ${count.format(boxes.length)} boxes` : "";
  });
}

/**
 * The marks of a chart that have something to say, in the order of drawing.
 * @param {HTMLElement} frame
 */
function listMarks(frame) {
  return [...frame.querySelectorAll("path, text")].flatMap((element) => {
    // Vega's SVG renderer leaves each element its mark.
    const mark = /** @type {{ __data__?: Mark }} */ (/** @type {unknown} */ (element)).__data__;
    const isArea = element.getAttribute("fill") === "transparent";
    return mark?.tooltip && typeof mark.tooltip === "object" && !isArea ? [{ element, mark }] : [];
  });
}

/**
 * Arrow keys go from mark to mark and read it; Enter does what a click does.
 * @param {HTMLElement} frame
 * @param {View} view
 */
function startKeys(frame, view) {
  /** @type {Element | null} */
  let reached = null;
  frame.tabIndex = 0;
  frame.setAttribute("role", "application");
  frame.setAttribute("aria-roledescription", "chart; arrow keys read its marks");
  frame.addEventListener("keydown", (event) => {
    const marks = listMarks(frame);
    const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
    const position = marks.findIndex(({ element }) => element === reached);
    if (event.key === "Enter") chooseMark(frame, view, marks[position]?.mark ?? null);
    if (!step || !marks.length) return;
    event.preventDefault();
    const next = marks[position < 0 && step < 0 ? marks.length - 1 : (position + step + marks.length) % marks.length];
    if (!next) return;
    reached?.classList.remove("reached");
    reached = next.element;
    reached.classList.add("reached");
    const box = reached.getBoundingClientRect();
    tooltip.show({ clientX: box.x + box.width / 2, clientY: box.y + box.height / 2 }, next.mark);
    spoken.textContent = listWords(next.mark).map((pair) => pair.join(" ")).join(", ");
  });
  frame.addEventListener("blur", () => {
    reached?.classList.remove("reached");
    reached = null;
    tooltip.hide();
  });
}

/**
 * @param {Embed} embed
 * @param {HTMLElement} frame
 * @param {Specification} specification
 * @returns {Promise<View>} the chart as it now stands in its frame, as wide as that is and becomes
 */
async function drawChart(embed, frame, specification) {
  const letters = () => Math.max(10, Math.min(44, Math.floor(frame.clientWidth / 18)));
  let width = frame.clientWidth;
  const params = specification.params.map((one) => (one.name === "letters" ? { ...one, value: letters() } : one));
  const live = make("div", {});
  const options = { actions: false, ast: true, config: page.config, defaultStyle: false, mode: "vega-lite", renderer: "svg" };
  const { view } = await embed(live, { ...specification, params, width }, {
    ...options,
    tooltip: (/** @type {[unknown, PointerEvent, Mark, unknown]} */ ...[, place, mark, said]) =>
      said ? tooltip.show(place, mark) : tooltip.leave(),
  });
  // The frame speaks for what is in it.
  live.querySelector("svg")?.setAttribute("aria-hidden", "true");
  frame.replaceChildren(live);
  const resized = new ResizeObserver(() => {
    if (frame.clientWidth === width) return;
    width = frame.clientWidth;
    void view.width(width).signal("letters", letters()).resize().runAsync();
  });
  resized.observe(frame);
  return view;
}

/**
 * Runs the charts' library, which rests in the page packed: compiling it would hold up everything else.
 * The page's policy knows its hash, so it may run as a script and nothing else may.
 * @returns {Promise<Embed | undefined>} nothing where the page was written without it, or the browser can't unpack it
 */
async function readEmbed() {
  const packed = find(HTMLScriptElement, "#vega").text;
  if (!packed || !("DecompressionStream" in window)) return undefined;
  const bytes = Uint8Array.from(atob(packed), (letter) => letter.charCodeAt(0));
  const unpacked = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  document.head.append(make("script", {}, await new Response(unpacked).text()));
  return /** @type {{ vegaEmbed?: Embed }} */ (/** @type {unknown} */ (window)).vegaEmbed;
}

/** @type {Promise<Embed | undefined> | null} */
let reading = null;
const loadEmbed = () => (reading ??= readEmbed());

/** Charts come alive when they come near; until then, and where that fails, their pictures stand. */
function startCharts() {
  /** @type {View[]} */
  const views = [];
  let chosenFunction = "";

  /** @param {HTMLElement} frame */
  async function wake(frame) {
    const specification = page.charts[frame.dataset.chart ?? ""];
    if (!specification) return;
    const embed = await loadEmbed();
    if (!embed) return;
    const view = await drawChart(embed, frame, specification);
    views.push(view);
    await view.signal("chosen", chosenFunction).resize().runAsync();
    view.addEventListener("click", (_, mark) => chooseMark(frame, view, mark));
    startKeys(frame, view);
    startWidths(frame, view);
  }

  state.listen((chosen) => {
    chosenFunction = chosen.function;
    for (const view of views) void view.signal("chosen", chosen.function).runAsync();
  });
  addEventListener("keydown", ({ key, target }) => {
    if (key !== "Escape" || target instanceof HTMLInputElement) return;
    const whole = document.querySelector("button.whole");
    if (!tooltip.tip.hidden) tooltip.hide();
    else if (whole instanceof HTMLElement) whole.click();
    else if (chosenFunction) state.choose({ function: "" });
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

/** @type {[key: keyof Lookup, title?: string, sort?: keyof Lookup][]} the explorer's columns */
const explorerColumns = [
  ["function"],
  ["params", "parameters and call numbers"],
  ["calls"],
  ["unchanged"],
  ["changed"],
  ["unproven", "no evidence"],
  ["elapsed", "time", "elapsed_ns"],
];
const isFigure = (/** @type {keyof Lookup} */ key) => key !== "function" && key !== "params";

/** @param {Table} table its rows, by name of column */
function unpackRows({ total, rows }) {
  const { columns, texts } = page.explorer;
  const read = (/** @type {unknown} */ index) => texts[Number(index)];
  /** @type {(column: string, value: unknown) => unknown} */
  const unpack = (column, value) =>
    column === "function" || column === "params" ? read(value) : Array.isArray(value) ? value.map(read) : value;
  const named = (/** @type {unknown[]} */ row) => columns.map((column, index) => [column, unpack(column, row[index])]);
  return { total, rows: rows.map((row) => /** @type {Lookup} */ (Object.fromEntries(named(row)))) };
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
    (!kind || row[/** @type {"changed"} */ (kind)] > 0)
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
    if (isFigure(key)) {
      return make("td", { class: "figure" }, typeof value === "number" ? count.format(value) : String(value));
    }
    const code = make("code", { class: key === "params" ? "asked" : "" }, String(value));
    code.title = names.get(String(value)) ?? "";
    const more = row.more_callers ? ` and ${count.format(row.more_callers)} more` : "";
    return key === "function"
      ? make("th", { scope: "row" }, code, make("small", {}, `by ${row.callers.join(", ")}${more}`))
      : make("td", {}, code, make("small", {}, row.numbers));
  });
  return make("tr", {}, ...cells);
}

/** @param {string} sort */
function showHeadings(sort) {
  return explorerColumns.map(([key, title = key, sortKey = key]) => {
    const isDown = sort.startsWith("-");
    const isSorted = sort.replace(/^-/u, "") === sortKey;
    const next = isSorted ? (isDown ? sortKey : `-${sortKey}`) : `${isFigure(key) ? "-" : ""}${sortKey}`;
    const button = make("button", { type: "button", class: "sort", "data-sort": next, "data-column": key }, title);
    const heading = make("th", { scope: "col", class: isFigure(key) ? "figure" : "" }, button);
    if (isSorted) heading.setAttribute("aria-sort", isDown ? "descending" : "ascending");
    return heading;
  });
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
  const says = find(HTMLElement, ".count", explorer);
  const signatures = unpackRows(page.explorer.signatures);
  const lookups = unpackRows(page.explorer.lookups);
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
    const [some, all, kept] = [shown, found, table.rows].map((rows) => count.format(rows.length));
    const leftOut = `; this page holds the ${kept} with most calls of ${count.format(table.total)}`;
    says.textContent =
      `${some} of ${all} ${chosen.table} that match${table.rows.length < table.total ? leftOut : ""}.`;
  }

  function fillForm() {
    for (const [key, value] of Object.entries(chosen)) {
      const field = form.elements.namedItem(key);
      if (field && "value" in field && field.value !== value) field.value = value;
    }
  }

  const all = [...signatures.rows, ...lookups.rows];
  const offered = { function: all.map((row) => row.function), caller: all.flatMap((row) => row.callers) };
  for (const [name, values] of Object.entries(offered)) {
    const options = [...new Set(values)].sort().map((value) => make("option", { value }, value));
    find(HTMLSelectElement, `[name=${name}]`, form).append(...options);
  }
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
  const closed = document.querySelectorAll(".card details:not([open])");
  for (const details of closed) details.setAttribute("open", "");
  const close = () => closed.forEach((details) => details.removeAttribute("open"));
  addEventListener("afterprint", close, { once: true });
}

startGround();
startContents();
startChoice();
startOrdering();
startExplorer();
startCharts();
addEventListener("beforeprint", startPrint);
// Only what is wider than its frame is a stop for the keyboard.
const widths = new ResizeObserver((entries) => {
  for (const { target } of entries) target.setAttribute("tabindex", target.scrollWidth > target.clientWidth ? "0" : "-1");
});
for (const frame of document.querySelectorAll(".frame")) widths.observe(frame);
for (const hint of document.querySelectorAll("[data-live]")) hint.removeAttribute("hidden");
if (location.hash) state.read();
startFindings();
