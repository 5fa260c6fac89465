// Rules for the modules of the report page; run by tests/report/page/test_scripts.py.

import js from "@eslint/js";

const browser = [
  "Blob", "CSS", "HTMLElement", "Image", "MouseEvent", "ResizeObserver", "URL", "URLSearchParams", "XMLSerializer", "atob",
  "document", "getComputedStyle", "history", "location", "navigator", "setTimeout", "window",
];

export default [
  js.configs.recommended,
  {
    languageOptions: { ecmaVersion: 2023, sourceType: "module", globals: Object.fromEntries(browser.map((name) => [name, "readonly"])) },
    rules: {
      "no-unused-vars": ["error", { caughtErrors: "none" }],
      "no-var": "error",
      "prefer-const": "error",
      eqeqeq: "error",
      "no-implicit-globals": "error",
      "no-eval": "error",
      "no-shadow": "off",
      "no-control-regex": "off",
    },
  },
];
