// Signs a message with the reference library, as a vendor would: node sign.js SECRET ID SECONDS < BODY
import { readFileSync } from "node:fs";
import { Webhook } from "standardwebhooks";

const [secret, id, seconds] = process.argv.slice(2);
const body = readFileSync(0, "utf8");
process.stdout.write(new Webhook(secret).sign(id, new Date(Number(seconds) * 1000), body));
