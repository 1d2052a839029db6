// Judges every line of standard input, {level, expected, observed, not_represented, contested}, by
// the exported comparison, and prints {verdict, at} for each.
import { createInterface } from "node:readline";
import { judge } from "./compare.js";

for await (const line of createInterface({ input: process.stdin })) {
  const { level, expected, observed, not_represented, contested } = JSON.parse(line);
  const { verdict, at } = judge(level, expected, observed, not_represented, contested);
  console.log(JSON.stringify({ verdict, at: at.sort() }));
}
