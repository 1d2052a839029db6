// SPDX-License-Identifier: CC0-1.0
// Runs the parser of CHUNKPROOF_PARSER (./parser.js) over every case, cut in three ways, and judges
// what it says at two levels. Cases of strength `must` fail; the others are shown as TODO.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { judge, type Answer, type Level } from "./compare.js";

/** What a parser is to this test. Byte by byte, as the network may cut, `body` throws where it broke. */
export interface Parser {
  profiles: string[]; // what it claims; cases of other profiles are skipped
  notRepresented: string[]; // what its answers have no place for
  knownFailures: string[]; // cases that must fail: who is mended is taken off the list
  parse(response: { status: number; headers: Record<string, string[]>; body: AsyncIterable<Uint8Array> }): Promise<Answer>;
}

const LEVELS: Level[] = ["final", "sequence"];
const root = process.env.CHUNKPROOF_EXPORT ?? ".";
const load = (path: string) => JSON.parse(readFileSync(`${root}/${path}`, "utf8"));
const parser: Parser = (await import(process.env.CHUNKPROOF_PARSER ?? "./parser.js")).default;

const vectors: any[] = load("vectors.json");
test("the comparison says what the vectors say", () => {
  for (const vector of vectors.filter(({ level }) => LEVELS.includes(level))) {
    const { verdict, at } = judge(vector.level, vector.expected, vector.observed, vector.not_represented, vector.contested);
    assert.deepEqual({ verdict, at: at.sort() }, { verdict: vector.verdict, at: (vector.at ?? []).sort() }, `${vector.id}: ${vector.says}`);
  }
});
for (const level of new Set(vectors.map((v) => v.level))) if (!LEVELS.includes(level)) test(`the vectors of ${level}`, { skip: "not in compare.ts" });

function cuttings(length: number, pieces: [number, number][]): [string, number[]][] {
  const bytes = Array.from({ length: Math.max(length - 1, 0) }, (_, at) => at + 1);
  const ways: [string, number[]][] = [["in one piece", []], ["as recorded", pieces.map(([at]) => at).filter(Boolean)]];
  return length > 64 * 1024 ? ways : [...ways, ["byte by byte", bytes]];
}

async function* network(body: Uint8Array, cuts: number[], end: string): AsyncGenerator<Uint8Array> {
  const edges = [0, ...cuts, body.length];
  for (let at = 1; at < edges.length; at++) if (body.length) yield body.subarray(edges[at - 1], edges[at]);
  if (end === "reset" || end === "short-length") throw new TypeError(`terminated: ${end}`);
}

for (const id of load("manifest.json").cases) {
  const { status, headers, pieces, end, profiles, strength, title } = load(`cases/${id}/case.json`);
  const skip = !profiles.every((profile: string) => parser.profiles.includes(profile)) && `claims not all of ${profiles}`;
  test(`${id}: ${title}`, { skip, todo: strength !== "must" && strength }, async () => {
    const body = readFileSync(`${root}/cases/${id}/stream.sse`);
    const expected = load(`cases/${id}/expected.json`);
    const failures: string[] = [];
    for (const [cutting, cuts] of cuttings(body.length, pieces)) {
      const answer = await parser.parse({ status, headers, body: network(body, cuts, end) });
      for (const level of LEVELS.filter((level) => expected[level] !== undefined)) {
        const { verdict, at } = judge(level, expected, answer, parser.notRepresented, strength === "choice");
        if (verdict === "fail" || verdict === "error") failures.push(`${level}, ${cutting}: ${at.join(" ") || verdict}`);
      }
    }
    if (parser.knownFailures.includes(id)) assert.notEqual(failures.length, 0, "it passes now: take it off the list");
    else assert.equal(failures.join("\n"), "");
  });
}
