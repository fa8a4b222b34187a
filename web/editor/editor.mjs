// The editor of scripts: CodeMirror over the text area of the page, which stays the field that is sent.
// It lives in a shadow root, so that its styles need no exception from the Content-Security-Policy.
import { autocompletion, closeBrackets, closeBracketsKeymap, completionKeymap } from "@codemirror/autocomplete";
import { defaultKeymap, history, historyKeymap, indentWithTab } from "@codemirror/commands";
import { python, pythonLanguage } from "@codemirror/lang-python";
import { bracketMatching, HighlightStyle, indentOnInput, indentUnit, syntaxHighlighting } from "@codemirror/language";
import { forceLinting, linter, lintGutter, lintKeymap } from "@codemirror/lint";
import { highlightSelectionMatches, searchKeymap } from "@codemirror/search";
import { EditorState } from "@codemirror/state";
import { drawSelection, EditorView, highlightActiveLine, highlightActiveLineGutter, highlightSpecialChars, keymap, lineNumbers } from "@codemirror/view";
import { tags } from "@lezer/highlight";

/** Milliseconds without a key until the text is checked, and until it is saved. */
const CHECK_MS = 100;
const SAVE_MS = 2000;
/** Bytes that a browser still sends while a page is being left. */
const LEAVING_BYTES = 60000;

function start(area) {
  const form = area.form;
  const said = document.getElementById("kept");
  const found = document.getElementById("found");
  const words = JSON.parse(area.dataset.words);
  const host = document.createElement("div");
  host.className = "editor";
  area.after(host);
  const root = host.attachShadow({ mode: "open" });

  const send = (address, options = {}) => fetch(address, {
    method: "POST",
    credentials: "same-origin",
    body: new URLSearchParams({ csrf_token: form.elements.csrf_token.value, source: area.value, revision: form.elements.revision.value }),
    ...options,
  });
  const answered = (answer) => answer.ok && !answer.redirected && answer.headers.get("Content-Type")?.startsWith("application/json");

  // Findings, at their places.
  const check = async (view) => {
    let told;
    try {
      const answer = await send(area.dataset.findings);
      if (!answered(answer)) throw new Error("no findings");
      told = await answer.json();
    } catch {
      found.textContent = "Not checked: the service does not answer, or you are no longer signed in. Your text is still here.";
      return [];
    }
    found.textContent = told.fault || told.summary;
    return told.findings.map((one) => diagnostic(view, one));
  };
  const diagnostic = (view, one) => {
    const line = view.state.doc.line(Math.min(Math.max(one.line, 1), view.state.doc.lines));
    const from = Math.min(line.from + Math.max(one.column - 1, 0), line.to);
    const word = view.state.wordAt(from);
    return { from, to: word && word.from === from ? word.to : line.to, severity: one.severity === "note" ? "info" : one.severity, message: one.text };
  };

  // The draft is kept while one writes, one save after the other. A page that is older than the draft stops, and says so.
  let saved = area.value;
  let timer = 0;
  let stopped = false;
  let saving = Promise.resolve();
  let underWay = 0;
  const save = (options = {}) => {
    underWay += 1;
    saving = saving.then(() => saveNow(options)).finally(() => { underWay -= 1; });
  };
  const saveNow = async (options) => {
    if (stopped || area.value === saved) return;
    const text = area.value;
    let told;
    try {
      const answer = await send(area.dataset.keep, options);
      if (!answered(answer)) throw new Error("not saved");
      told = await answer.json();
    } catch {
      told = { said: "Not saved: the service does not answer, or you are no longer signed in. Your text is still here." };
    }
    stopped ||= Boolean(told.overtaken);
    said.textContent = told.said;
    if (!told.revision) {
      said.setAttribute("role", "alert");
      return;
    }
    said.removeAttribute("role");
    form.elements.revision.value = told.revision;
    saved = text;
  };
  const changed = (update) => {
    if (!update.docChanged) return;
    area.value = update.state.doc.toString();
    clearTimeout(timer);
    timer = setTimeout(() => save(), SAVE_MS);
  };
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState === "hidden") save(area.value.length < LEAVING_BYTES ? { keepalive: true } : {});
  });
  // The form waits for a save that is under way: otherwise it would be older than the draft.
  form.addEventListener("submit", (event) => {
    clearTimeout(timer);
    stopped = true;
    if (!underWay) return;
    event.preventDefault();
    // Not within this event: the form would not be sent.
    saving.finally(() => setTimeout(() => form.requestSubmit(event.submitter)));
  });
  addEventListener("pageshow", () => { stopped = false; });

  const view = new EditorView({
    root,
    parent: root,
    state: EditorState.create({
      doc: area.value,
      extensions: [
        lineNumbers(), highlightActiveLineGutter(), highlightActiveLine(), highlightSpecialChars(), history(), drawSelection(),
        indentUnit.of("    "), indentOnInput(), bracketMatching(), closeBrackets(), highlightSelectionMatches(),
        EditorView.lineWrapping, python(), syntaxHighlighting(colours), look,
        pythonLanguage.data.of({ autocomplete: completer(words) }), autocompletion(),
        linter(check, { delay: CHECK_MS }), lintGutter(),
        keymap.of([...closeBracketsKeymap, ...defaultKeymap, ...searchKeymap, ...historyKeymap, ...completionKeymap, ...lintKeymap, indentWithTab]),
        EditorView.contentAttributes.of({ "aria-label": `${area.labels[0].textContent.trim()}. Escape, then Tab, leaves the editor.`, spellcheck: "false", autocapitalize: "off" }),
        EditorView.updateListener.of(changed), EditorView.domEventHandlers({ beforeinput: replaceLines }),
      ],
    }),
  });
  area.hidden = true;
  document.getElementById("keys").hidden = false;
  area.labels[0].addEventListener("click", (event) => { event.preventDefault(); view.focus(); });

  // A finding of the page leads into the editor.
  for (const link of document.querySelectorAll("#findings a[href^='#L'], .notice a[href^='#L']")) {
    link.addEventListener("click", (event) => {
      event.preventDefault();
      const line = view.state.doc.line(Math.min(Number(link.hash.slice(2)), view.state.doc.lines));
      view.dispatch({ selection: { anchor: line.from }, effects: EditorView.scrollIntoView(line.from, { y: "center" }) });
      view.focus();
    });
  }
  forceLinting(view);
}

/** Replaces several lines by what is typed. Left alone, the browser does it with inline styles, which the policy of the page refuses. */
function replaceLines(event, view) {
  const { from, to } = view.state.selection.main;
  if (event.inputType !== "insertText" || !event.data || view.composing || view.state.doc.lineAt(from).to >= to) return false;
  event.preventDefault();
  const insert = () => view.state.update(view.state.replaceSelection(event.data), { userEvent: "input.type", scrollIntoView: true });
  if (!view.state.facet(EditorView.inputHandler).some((handle) => handle(view, from, to, event.data, insert))) view.dispatch(insert());
  return true;
}

/** Offers what a script can use: after `user.` its fields, in the quotes of a call or of settings their names, elsewhere functions. */
function completer(words) {
  return (context) => {
    const quoted = context.matchBefore(/(api\.(get|post)\(|api\.settings\[|api\.settings\.get\()\s*["'][\w-]*$/);
    if (quoted) {
      const start = quoted.from + quoted.text.search(/[\w-]*$/);
      return { from: start, options: quoted.text.includes("settings") ? words.settings : words.connections, validFor: /^[\w-]*$/ };
    }
    const member = context.matchBefore(/\b\w+\.\w*$/);
    if (member) {
      const [name, begun] = member.text.split(".");
      const options = words.members[name];
      return options ? { from: context.pos - begun.length, options, validFor: /^\w*$/ } : null;
    }
    const word = context.matchBefore(/\w+$/);
    return word || context.explicit ? { from: word ? word.from : context.pos, options: words.names, validFor: /^\w*$/ } : null;
  };
}

const colours = HighlightStyle.define([
  { tag: [tags.keyword, tags.controlKeyword, tags.definitionKeyword, tags.operatorKeyword], color: "var(--code-keyword)", fontWeight: "600" },
  { tag: [tags.string, tags.special(tags.string)], color: "var(--code-string)" },
  { tag: [tags.number, tags.bool, tags.null], color: "var(--code-number)" },
  { tag: tags.comment, color: "var(--quiet)", fontStyle: "italic" },
  { tag: [tags.function(tags.variableName), tags.function(tags.definition(tags.variableName))], color: "var(--accent)" },
]);

const look = EditorView.theme({
  "&": { backgroundColor: "var(--paper)", color: "var(--ink)", fontSize: "0.8125rem" },
  "&.cm-focused": { outline: "3px solid var(--accent)", outlineOffset: "2px" },
  ".cm-scroller": { fontFamily: 'ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace', lineHeight: "1.6", minHeight: "26rem" },
  ".cm-content": { caretColor: "var(--ink)" },
  ".cm-cursor, .cm-dropCursor": { borderLeftColor: "var(--ink)" },
  ".cm-gutters": { backgroundColor: "var(--paper)", color: "var(--quiet)", borderRight: "1px solid var(--line)" },
  ".cm-activeLine, .cm-activeLineGutter": { backgroundColor: "var(--raised)" },
  "&.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground, .cm-selectionBackground": { background: "var(--chosen)" },
  ".cm-selectionMatch, &.cm-focused .cm-matchingBracket": { backgroundColor: "var(--chosen)", color: "inherit" },
  ".cm-tooltip, .cm-panels": { backgroundColor: "var(--paper)", color: "var(--ink)", border: "1px solid var(--line)", borderRadius: "6px", maxWidth: "min(40rem, 90vw)" },
  ".cm-tooltip.cm-tooltip-autocomplete > ul": { fontFamily: "inherit" },
  ".cm-tooltip-autocomplete ul li[aria-selected]": { background: "var(--accent)", color: "var(--on-accent)" },
  ".cm-completionDetail": { fontStyle: "normal", color: "var(--quiet)", marginLeft: "1em" },
  ".cm-tooltip-autocomplete ul li[aria-selected] .cm-completionDetail": { color: "var(--on-accent)" },
  ".cm-completionMatchedText": { textDecoration: "none", fontWeight: "600" },
  ".cm-completionInfo": { padding: "4px 8px" },
  // Instead of the pictures of the package, which are data: addresses.
  ".cm-lintRange": { paddingBottom: "1px", backgroundImage: "none", textDecorationLine: "underline", textDecorationStyle: "wavy", textDecorationThickness: "1px" },
  ".cm-lintRange-error": { backgroundImage: "none", textDecorationColor: "var(--bad)" },
  ".cm-lintRange-warning": { backgroundImage: "none", textDecorationColor: "var(--warning)" },
  ".cm-lintRange-info": { backgroundImage: "none", textDecorationColor: "var(--quiet)" },
  ".cm-lint-marker": { width: "1em", height: "auto", textAlign: "center", fontWeight: "700" },
  ".cm-lint-marker-error": { content: "normal", color: "var(--bad)" },
  ".cm-lint-marker-warning": { content: "normal", color: "var(--warning)" },
  ".cm-lint-marker-info": { content: "normal", color: "var(--quiet)" },
  ".cm-lint-marker-error::before": { content: "'\\00d7'" },
  ".cm-lint-marker-warning::before": { content: "'!'" },
  ".cm-lint-marker-info::before": { content: "'i'" },
  ".cm-diagnostic": { whiteSpace: "pre-line", borderLeftColor: "var(--warning)", padding: "4px 8px" },
  ".cm-diagnostic-error": { borderLeftColor: "var(--bad)" },
  ".cm-diagnostic-info": { borderLeftColor: "var(--line)" },
  ".cm-panel.cm-panel-lint ul [aria-selected]": { backgroundColor: "var(--raised)" },
  ".cm-panel input, .cm-panel button, .cm-panel label": { fontSize: "inherit" },
  ".cm-textfield": { backgroundColor: "var(--paper)", color: "var(--ink)", border: "1px solid var(--quiet)" },
  ".cm-button": { backgroundImage: "none", backgroundColor: "var(--raised)", color: "var(--ink)", border: "1px solid var(--quiet)" },
});

// A browser that cannot style a shadow root keeps the text area.
const area = document.getElementById("source");
if (area?.dataset.findings && "adoptedStyleSheets" in Document.prototype) start(area);
