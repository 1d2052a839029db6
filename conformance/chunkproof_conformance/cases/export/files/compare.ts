// SPDX-License-Identifier: CC0-1.0
// The comparison of the levels `final` and `sequence`, as README.md describes it in words.
// A member of an expectation that is undefined is not judged. `vectors.json` checks this file.

export type Level = "final" | "sequence";
export type Verdict = "pass" | "fail" | "choice" | "n/a" | "error";
type Json = any; // whatever JSON.parse gives
type Text = string | null | undefined;

/** What a parser's user sees of one stream; `schemas/observation.schema.json` has every member. */
export interface Answer {
  outcome: "complete" | "incomplete" | "failed";
  outcome_stated?: boolean;
  choices?: Json[] | null;
  usage?: Json;
  events?: Json[] | null;
  not_represented?: string[];
  [member: string]: Json;
}

export interface Judgement { verdict: Verdict; at: string[] }
interface Terms { blind: Set<string>; partial: boolean; unfinished: boolean }

const CHANNELS = ["text", "reasoning", "refusal"];
const SAYING = [...CHANNELS, "tool_calls", "finish_reason", "audio", "annotations"];
const COUNTS = ["prompt_tokens", "completion_tokens", "total_tokens"];
const RUNNABLE_AFTER = ["tool_calls", "function_call", "stop", null];

export function judge(level: Level, expected: Json, answer: Answer, notRepresented: string[] = [], contested = false): Judgement {
  const terms = termsOf(expected, answer, new Set([...notRepresented, ...(answer.not_represented ?? [])]));
  if (contradicts(answer, terms)) return { verdict: "error", at: [] };
  const at = level === "final" ? judgeFinal(expected.final, answer, terms) : judgeSequence(expected.sequence, answer, terms);
  if (at === null) return { verdict: "n/a", at: [] };
  return { verdict: contested ? "choice" : at.length ? "fail" : "pass", at };
}

/** A parser that states its outcome is taken at its word; of another, less is asked where it ends early. */
function termsOf(expected: Json, answer: Answer, blind: Set<string>): Terms {
  if (answer.outcome_stated) return { blind, partial: false, unfinished: false };
  const truth = expected.final?.outcome;
  const unfinished = (truth === "incomplete" || truth === "failed") && answer.outcome !== "complete";
  return { blind, partial: answer.outcome === "failed", unfinished };
}

function contradicts(answer: Answer, { blind }: Terms): boolean {
  const members = ["role", ...SAYING, "logprobs"];
  return (answer.choices ?? []).some((choice) => members.some((member) => blind.has(member) && says(choice[member])));
}

const says = (value: Json): boolean => (Array.isArray(value) ? value.length > 0 : Boolean(value));

// The level final ------------------------------------------------------------------------------

function judgeFinal(truth: Json, answer: Answer, terms: Terms): string[] {
  const got = finalOf(answer);
  const at: string[] = [];
  const asserts = answer.outcome_stated || answer.outcome === "complete" || (truth.outcome === "complete" && answer.outcome === "failed");
  if (truth.outcome !== undefined && truth.outcome !== answer.outcome && asserts && !terms.blind.has("outcome")) at.push("/outcome");
  if (truth.choices !== undefined) {
    const wanted = new Map<number, Json>(truth.choices.map((choice: Json) => [choice.index, choice]));
    const indexes = [...new Set([...wanted.keys(), ...got.choices.keys()])].sort((a, b) => a - b);
    for (const index of indexes) at.push(...judgeChoice(`/choices/${index}`, truth, wanted.get(index), got.choices.get(index), terms));
    at.push(...got.twice.map((index) => `/choices/${index}`));
  }
  return [...at, ...judgeUsage(truth.usage, got.usage, terms)];
}

function finalOf(answer: Answer): { choices: Map<number, Json>; twice: number[]; usage: Json } {
  if (!answer.choices) return { ...fold(answer.events ?? []), twice: [] };
  const choices = new Map<number, Json>();
  const twice: number[] = [];
  for (const choice of answer.choices) {
    if (choices.has(choice.index)) twice.push(choice.index);
    choices.set(choice.index, choice);
  }
  return { choices, twice, usage: answer.usage };
}

function judgeChoice(path: string, truth: Json, wanted: Json, got: Json, terms: Terms): string[] {
  if (!wanted) return SAYING.some((member) => says(got[member])) ? [path] : [];
  if (!got) return !terms.partial && SAYING.some((member) => says(wanted[member])) ? [path] : [];
  const at = got.role && differs(wanted.role, got.role, "role", terms) ? [`${path}/role`] : [];
  for (const member of [...CHANNELS, "finish_reason"]) {
    if (differs(wanted[member], got[member], member, terms)) at.push(`${path}/${member}`);
  }
  const calls: Json[] = got.tool_calls ?? [];
  if (wanted.tool_calls !== undefined && !terms.blind.has("tool_calls")) at.push(...judgeCalls(`${path}/tool_calls`, wanted.tool_calls, calls, terms));
  if (wanted.logprobs !== undefined && !terms.blind.has("logprobs")) {
    for (const member of ["content", "refusal"]) {
      const entries = wanted.logprobs === null ? null : wanted.logprobs[member];
      if (entries !== undefined) at.push(...judgeEntries(`${path}/logprobs/${member}`, entries ?? [], got.logprobs?.[member] ?? [], terms));
    }
  }
  if (wanted.audio !== undefined && !terms.blind.has("audio")) {
    for (const member of ["id", "data", "transcript"]) {
      if (differs(wanted.audio === null ? null : wanted.audio[member], got.audio?.[member], "audio", terms)) at.push(`${path}/audio/${member}`);
    }
    const expires = wanted.audio === null ? null : wanted.audio.expires_at;
    const seen = got.audio?.expires_at ?? null;
    if (expires !== undefined && expires !== seen && !(terms.partial && seen === null)) at.push(`${path}/audio/expires_at`);
  }
  if (wanted.annotations !== undefined && !terms.blind.has("annotations")) at.push(...judgeEntries(`${path}/annotations`, wanted.annotations, got.annotations ?? [], terms));
  calls.forEach((call, number) => {
    const model = wanted.tool_calls?.[number];
    if (call.executable && model && mayRun(truth.outcome, wanted.finish_reason, model) === false) at.push(`${path}/tool_calls/${number}/executable`);
  });
  return at;
}

/** Whether two strings differ; null and "" are the same, and before an exception a beginning is enough. */
function differs(wanted: Text, got: Text, member: string, terms: Terms): boolean {
  if (wanted === undefined || terms.blind.has(member)) return false;
  const [one, other] = [wanted || null, got || null];
  return one !== other && !(terms.partial && (other === null || (one ?? "").startsWith(other)));
}

function judgeCalls(path: string, wanted: Json[], got: Json[], terms: Terms): string[] {
  const at = wanted.slice(0, got.length).flatMap((call, number) => judgeCall(`${path}/${number}`, call, got[number], terms));
  wanted.forEach((call, number) => { if (number >= got.length && !mayBeMissing(call, terms)) at.push(`${path}/${number}`); });
  return [...at, ...got.slice(wanted.length).map((_, number) => `${path}/${wanted.length + number}`)];
}

function judgeCall(path: string, wanted: Json, got: Json, terms: Terms): string[] {
  const members = wanted.arguments_json === undefined ? ["id", "type", "name", "arguments"] : ["id", "type", "name"];
  const at = members
    .filter((member) => !(member === "type" && !got.type))
    .filter((member) => differs(wanted[member], got[member], `tool_calls.${member}`, terms))
    .map((member) => `${path}/${member}`);
  if (wanted.arguments_json !== undefined && !terms.partial && !isEqual(valueOf(got.arguments ?? ""), wanted.arguments_json)) at.push(`${path}/arguments`);
  return at;
}

const isHalf = (call: Json): boolean => typeof call.arguments === "string" && valueOf(call.arguments) === undefined;
const mayBeMissing = (call: Json, terms: Terms): boolean => terms.partial || (terms.unfinished && isHalf(call));

/** Whether a call may be run; undefined where the expectation does not say. */
function mayRun(outcome: Json, finish: Json, call: Json): boolean | undefined {
  if (outcome === undefined || finish === undefined) return undefined;
  if (call.arguments === undefined && call.arguments_json === undefined) return undefined;
  if (outcome !== "complete" || !RUNNABLE_AFTER.includes(finish)) return false;
  return !call.arguments || call.type === "custom" || !isHalf(call);
}

function judgeEntries(path: string, wanted: Json[], got: Json[], terms: Terms): string[] {
  const end = Math.max(wanted.length, got.length);
  for (let number = 0; number < end && !(terms.partial && number >= got.length); number++) {
    if (!isEqual(wanted[number], got[number])) return [`${path}/${number}`];
  }
  return [];
}

function judgeUsage(wanted: Json, got: Json, terms: Terms): string[] {
  if (wanted === undefined || terms.blind.has("usage")) return [];
  return COUNTS.filter((count) => {
    const [right, seen] = [wanted === null ? null : wanted[count], got?.[count] ?? null];
    return right !== undefined && right !== seen && !terms.blind.has(`usage.${count}`) && !(terms.partial && seen === null);
  }).map((count) => `/usage/${count}`);
}

/** A text as JSON value; undefined where it is none. */
function valueOf(text: string): Json {
  try { return JSON.parse(text); } catch { return undefined; }
}

/** Equality of JSON values: the order of members does not count. */
function isEqual(one: Json, other: Json): boolean {
  if (typeof one !== "object" || typeof other !== "object" || one === null || other === null) return one === other;
  const names = Object.keys(one);
  return Array.isArray(one) === Array.isArray(other) && names.length === Object.keys(other).length
    && names.every((name) => Object.hasOwn(other, name) && isEqual(one[name], other[name]));
}

// Joining events -------------------------------------------------------------------------------

/** Per choice its stretches and calls in order, and the same joined as a choice of the level final. */
function fold(events: Json[]): { choices: Map<number, Json>; usage: Json; entries: Map<number, Json[]> } {
  const choices = new Map<number, Json>();
  const entries = new Map<number, Json[]>();
  const calls = new Map<string, Json>();
  let usage: Json = null;
  const callOf = (event: Json): Json => {
    const key = `${event.choice}/${event.call}`;
    if (!calls.has(key)) {
      calls.set(key, { kind: "tool_call", id: null, type: null, name: null, arguments: "" });
      entries.get(event.choice)!.push(calls.get(key));
      choices.get(event.choice).tool_calls.push(calls.get(key));
    }
    return calls.get(key);
  };
  for (const event of events) {
    if (event.event === "usage") usage = event;
    if (![...CHANNELS, "tool_call", "tool_arguments", "finish", "audio", "annotation"].includes(event.event)) continue;
    if (!choices.has(event.choice)) {
      choices.set(event.choice, { index: event.choice, tool_calls: [], annotations: [] });
      entries.set(event.choice, []);
    }
    const [choice, list] = [choices.get(event.choice), entries.get(event.choice)!];
    if (CHANNELS.includes(event.event)) {
      choice[event.event] = (choice[event.event] ?? "") + event.text;
      if (list.at(-1)?.kind !== event.event) list.push({ kind: event.event, text: "" });
      list.at(-1).text += event.text;
    } else if (event.event === "tool_call") {
      Object.assign(callOf(event), { id: event.id, type: event.type, name: event.name });
    } else if (event.event === "tool_arguments") {
      callOf(event).arguments += event.fragment;
    } else if (event.event === "finish") {
      choice.finish_reason = event.reason;
    } else if (event.event === "annotation") {
      choice.annotations.push(event.annotation);
    } else {
      choice.audio ??= {};
      for (const [name, value] of Object.entries<Json>(event.audio)) {
        const joins = (name === "data" || name === "transcript") && typeof value === "string";
        choice.audio[name] = joins ? (choice.audio[name] ?? "") + value : (choice.audio[name] ?? value);
      }
    }
  }
  return { choices, usage, entries };
}

// The level sequence ---------------------------------------------------------------------------

function judgeSequence(truth: Json, answer: Answer, terms: Terms): string[] | null {
  if (!answer.events || answer.not_represented?.includes("sequence")) return null;
  const { entries } = fold(answer.events);
  const keys = [...new Set([...Object.keys(truth), ...[...entries.keys()].map(String)])].sort((a, b) => Number(a) - Number(b));
  return keys.flatMap((key) => {
    const seen = (entries.get(Number(key)) ?? []).filter((entry) => entry.kind === "tool_call" || entry.text);
    return judgeOrder(`/${key}`, visible(truth[key] ?? [], terms), seen, terms);
  });
}

/** The entries a library has a place for; what then stands side by side is one to it. */
function visible(wanted: Json[], { blind }: Terms): Json[] {
  const seen: Json[] = [];
  for (const entry of wanted) {
    if (blind.has(entry.kind) || (entry.kind === "tool_call" && blind.has("tool_calls"))) continue;
    const last = seen.at(-1);
    if (last && last.kind === entry.kind && entry.kind !== "tool_call") seen[seen.length - 1] = { ...last, text: last.text + entry.text };
    else seen.push(entry);
  }
  return seen;
}

function judgeOrder(path: string, wanted: Json[], got: Json[], terms: Terms): string[] {
  const at: string[] = [];
  for (let number = 0; number < Math.min(wanted.length, got.length); number++) {
    const [entry, seen, where] = [wanted[number], got[number], `${path}/${number}`];
    if (entry.kind !== seen.kind) return [...at, where];
    if (entry.kind === "tool_call") at.push(...judgeCall(where, entry, seen, terms));
    else if (differs(entry.text, seen.text, entry.kind, terms)) at.push(`${where}/text`);
  }
  for (let number = got.length; number < wanted.length; number++) {
    const mayBeLeftOut = terms.partial || (wanted[number].kind === "tool_call" && mayBeMissing(wanted[number], terms));
    if (!mayBeLeftOut) at.push(`${path}/${number}`);
  }
  for (let number = wanted.length; number < got.length; number++) at.push(`${path}/${number}`);
  return at;
}
