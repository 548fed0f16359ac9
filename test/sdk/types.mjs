// Holds every answer against the type that the SDK declares for it: what is required is there and never null, and all is
// of the kind that a program in TypeScript relies on. More than the declared fields may come.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";

const declarations = new URL("./node_modules/stytch/types/lib/b2b/", import.meta.url);
const files = new Map();

/** What a declaration file says: where its names come from, and the members of its interfaces and classes. */
function read(url) {
  if (!files.has(url.href)) {
    const text = readFileSync(url, "utf8").replace(/\/\*\*.*?\*\//gs, "");
    const imports = new Map();
    for (const [, names, from] of text.matchAll(/^import \{ (.+) \} from "(\..+)";$/gm)) {
      for (const name of names.split(", ")) imports.set(name, new URL(`${from}.d.ts`, url));
    }
    const members = new Map();
    for (const [, name, body] of text.matchAll(/^export (?:interface|declare class) (\w+).*? \{\n(.*?)^\}/gms)) {
      const fields = body.matchAll(/^ {4}(\w+)(\??|\(.*\)): (.+);$/gm);
      members.set(name, Array.from(fields, ([, field, mark, type]) => ({ field, mark, type })));
    }
    files.set(url.href, { imports, members });
  }
  return files.get(url.href);
}

/** The members of a declared type, and the file that its own types are named in. */
function resolve(url, name) {
  const { imports, members } = read(url);
  if (members.has(name)) return { url, members: members.get(name) };
  assert.ok(imports.has(name), `${name} is declared in ${url}`);
  return resolve(imports.get(name), name);
}

/** Fails unless the value is of the type; where names the value. */
function hold(value, type, url, where) {
  if (type.endsWith("[]")) {
    assert.ok(Array.isArray(value), `${where} is a list: ${JSON.stringify(value)}`);
    value.forEach((one, i) => hold(one, type.slice(0, -2), url, `${where}[${i}]`));
  } else if (type.includes(" | ")) {
    assert.ok(type.endsWith(" | string") && typeof value === "string", `${where} is ${type}: ${JSON.stringify(value)}`);
  } else if (["string", "number", "boolean"].includes(type)) {
    assert.equal(typeof value, type, `${where} is a ${type}: ${JSON.stringify(value)}`);
  } else {
    assert.ok(value !== null && typeof value === "object" && !Array.isArray(value), `${where} is a ${type}`);
    if (type.startsWith("Record<")) return;
    const declared = resolve(url, type);
    for (const { field, mark, type } of declared.members) {
      if (mark === "?" && (value[field] === null || value[field] === undefined)) continue;
      hold(value[field], type, declared.url, `${where}.${field}`);
    }
  }
}

/** The SDK's client, of which every answer is held against its declared type. */
export function typed(object, name = "B2BClient", from = new URL("client.d.ts", declarations)) {
  const { url, members } = resolve(from, name);
  return new Proxy(object, {
    get(target, key) {
      const declared = members.find(({ field }) => field === key);
      if (!declared) return target[key];
      if (!declared.mark.startsWith("(")) return typed(target[key], declared.type, url);
      const [, answer] = /^Promise<(\w+)>$/.exec(declared.type) ?? [];
      return async (...args) => {
        const value = await target[key](...args);
        if (answer) hold(value, answer, url, `${name}.${key}()`);
        return value;
      };
    },
  });
}
