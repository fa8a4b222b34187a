// Judges pages: standard input is a JSON object of pages by address, standard output one line for each fault.
import { HtmlValidate } from "html-validate";

let input = "";
for await (const part of process.stdin) input += part;

const checker = new HtmlValidate({
  root: true,
  extends: ["html-validate:recommended", "html-validate:document"],
  rules: JSON.parse(process.argv[2] ?? "{}"),
});
for (const [address, text] of Object.entries(JSON.parse(input))) {
  const report = await checker.validateString(text, address);
  for (const { messages } of report.results) {
    for (const { ruleId, message, line, selector } of messages) {
      console.log(`${address} line ${line}: ${ruleId}: ${message} (${selector ?? ""})`);
    }
  }
}
