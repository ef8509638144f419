import js from "@eslint/js";

const page = [
  "addEventListener", "atob", "Blob", "clearTimeout", "DecompressionStream", "document", "Element", "FormData",
  "history", "HTMLButtonElement", "HTMLElement", "HTMLFormElement", "HTMLInputElement", "HTMLScriptElement",
  "HTMLSelectElement", "HTMLTableRowElement", "HTMLTableSectionElement", "innerHeight", "innerWidth",
  "IntersectionObserver", "localStorage", "location", "matchMedia", "navigator", "ResizeObserver", "Response",
  "scrollBy", "setTimeout", "URLSearchParams", "window",
];

export default [
  js.configs.all,
  {
    files: ["templates/report.js"],
    languageOptions: {
      ecmaVersion: 2022,
      sourceType: "module",
      globals: Object.fromEntries(page.map((name) => [name, "readonly"])),
    },
    rules: {
      "curly": ["error", "multi-line"],
      "func-style": ["error", "declaration", { allowArrowFunctions: true }],
      "id-length": ["error", { exceptions: ["a", "b", "_"] }],
      "max-lines": "off",
      "max-lines-per-function": ["error", 80],
      "max-statements": ["error", 40],
      "no-inline-comments": "off", // JSDoc casts stand inside of a line
      "no-continue": "off",
      "no-magic-numbers": "off",
      "no-nested-ternary": "off",
      "no-restricted-properties": ["error", { property: "innerHTML" }, { property: "outerHTML" }],
      "no-ternary": "off",
      "no-underscore-dangle": ["error", { allow: ["__data__"] }], // where Vega keeps an element's mark
      "no-undefined": "off",
      "no-use-before-define": ["error", { functions: false }],
      "no-void": ["error", { allowAsStatement: true }],
      "one-var": ["error", "never"],
      "sort-keys": "off",
    },
  },
];
