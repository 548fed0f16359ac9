// Starts the built binary the way the README does, on a free port and in a folder of its own, and gives a client of the
// unmodified SDK for it.
import assert from "node:assert/strict";
import { execFile, spawn } from "node:child_process";
import { createHmac } from "node:crypto";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer, request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

import stytch, { StytchError } from "stytch";

import { typed } from "./types.mjs";

/** The binary under test; make build makes it. */
export const binary = process.env.THIMBLE_BINARY ?? fileURLToPath(new URL("../../build/thimble", import.meta.url));

// What thimble dev puts into every new database.
export const project_id = "project-test-11111111-1111-4111-8111-111111111111";
export const secret = "secret-test-11111111111111111111111111111111";
export const acme = "organization-test-22222222-2222-4222-8222-222222222222";
export const ada = "member-test-33333333-3333-4333-8333-333333333333";
export const phone = "+12025550162";

const run = promisify(execFile);

/** A running server, stopped and removed when the test t ends. Settings are flags of thimble project set. */
export async function start(t, ...settings) {
  const data = await mkdtemp(join(tmpdir(), "thimble-sdk-"));
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith("THIMBLE_")));
  const child = spawn(binary, ["dev", "--listen", "127.0.0.1:0", "--data", data], { env });
  const ended = once(child, "exit");
  let log = "";
  child.stderr.on("data", (text) => (log += text));

  const stop = async () => {
    if (child.exitCode === null && child.signalCode === null) child.kill("SIGTERM");
    const [status, signal] = await ended;
    assert.equal(status ?? signal, 0, `the server ended badly:\n${log}`);
  };
  t.after(async () => {
    await stop();
    await rm(data, { recursive: true, force: true });
  });

  const url = await Promise.race([
    ready(child),
    ended.then(([status]) => Promise.reject(new Error(`${binary} ended with ${status} before it was ready:\n${log}`))),
  ]);
  const server = {
    url,
    stop,
    client: client(url),
    log: () => log,
    /** The newest message to an address or number, the code in it, and the token of its link. */
    inbox: (to) => inbox(url, to),
    code: async (to) => /\b\d{6}\b/.exec((await inbox(url, to)).body)[0],
    token: async (to) => /[?&]token=([\w-]+)/.exec((await inbox(url, to)).body)[1],
    /** Runs a command on the server's data. */
    thimble: async (...args) => (await run(binary, [...args, "--data", data], { env })).stdout,
    /** Moves the server's time. JWTs carry it, so the SDK does not believe new ones any more. */
    advance: async (seconds) => {
      const body = JSON.stringify({ advance_seconds: seconds });
      const answer = await fetch(`${url}dev/clock`, { method: "POST", body });
      assert.equal(answer.status, 200);
    },
  };
  // The server reads a project's settings at its first call, so there is nothing to wait for.
  if (settings.length > 0) await server.thimble("project", "set", project_id, ...settings);
  return server;
}

/** The address that the server prints once it is ready. */
function ready(child) {
  return new Promise((resolve) => {
    let text = "";
    child.stdout.on("data", (more) => {
      text += more;
      const [, url] = /is ready: (http\S+)\n/.exec(text) ?? [];
      if (url) resolve(url + "/");
    });
  });
}

/** A client of the SDK, as an application makes it. */
export function client(url, other = {}) {
  return typed(new stytch.B2BClient({ project_id, secret, env: url, ...other }));
}

/** The newest message to an address or number. */
async function inbox(url, to) {
  const answer = await fetch(`${url}dev/messages?limit=1&to=${encodeURIComponent(to)}`);
  const { messages } = await answer.json();
  assert.ok(messages?.length, `no message to ${to}`);
  return messages[0];
}

/** A proxy in front of the server that notes every request, so that a test can tell what asked nobody. */
export async function listenIn(t, url) {
  const seen = [];
  const proxy = createServer((req, res) => {
    seen.push(`${req.method} ${new URL(req.url, url).pathname}`);
    const onward = request(new URL(req.url, url), { method: req.method, headers: req.headers }, (answer) => {
      res.writeHead(answer.statusCode, answer.headers);
      answer.pipe(res);
    });
    onward.on("error", () => res.destroy());
    req.pipe(onward);
  });
  await once(proxy.listen(0, "127.0.0.1"), "listening");
  t.after(() => {
    proxy.closeAllConnections();
    proxy.close();
  });
  return { url: `http://127.0.0.1:${proxy.address().port}/`, seen };
}

/** Expects a refusal with everything that an application reads of one, and gives it. */
export async function refused(call, status_code, error_type) {
  const error = await call.then(() => assert.fail(`want ${error_type}`), (error) => error);
  assert.ok(error instanceof StytchError, error.stack);
  assert.deepEqual({ status_code: error.status_code, error_type: error.error_type }, { status_code, error_type });
  assert.match(error.request_id, /^request-id-test-[0-9a-f-]{36}$/);
  assert.ok(error.error_url.endsWith(`/errors/${status_code}#${error_type}`), error.error_url);
  assert.ok(error.error_message.length > 0);
  return error;
}

/** An organization of its own for a story: everybody of a domain may join, and nobody has to show a second factor. */
export async function found({ client }, name, settings = {}) {
  const { organization } = await client.organizations.create({
    organization_name: name,
    email_jit_provisioning: "RESTRICTED",
    email_allowed_domains: [`${name.toLowerCase()}.example`],
    ...settings,
  });
  return organization.organization_id;
}

/** The kinds of a session's factors in the order in which they were proven. */
export function factors(member_session) {
  return member_session.authentication_factors.map((f) => `${f.type} ${f.delivery_method} ${f.sequence_order}`);
}

/** What an authenticator app shows (RFC 6238), some steps of 30 seconds from now. */
export function app(secret, steps = 0, now = Date.now()) {
  const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
  const bits = [...secret].map((c) => letters.indexOf(c).toString(2).padStart(5, "0")).join("");
  const key = Buffer.from(bits.match(/.{8}/g).map((byte) => parseInt(byte, 2)));
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(Math.floor(now / 30_000) + steps));
  const mac = createHmac("sha1", key).update(counter).digest();
  const code = (mac.readUInt32BE(mac[19] & 0xf) & 0x7fffffff) % 1_000_000;
  return String(code).padStart(6, "0");
}

/** Logs a member in up to the second factor. */
export async function primary({ client, token }, organization_id, email_address) {
  await client.magicLinks.email.loginOrSignup({ organization_id, email_address });
  return client.magicLinks.authenticate({ magic_links_token: await token(email_address) });
}

/** Has a code sent and reads it. */
export async function codeFor({ client, code }, login, mfa_phone_number = phone) {
  const { organization_id, member_id, intermediate_session_token } = login;
  await client.otps.sms.send({ organization_id, member_id, intermediate_session_token, mfa_phone_number });
  return code(mfa_phone_number);
}

/** Logs the seeded member in completely. */
export async function full(server, terms = {}) {
  const login = await primary(server, acme, "ada@example.com");
  const code = await codeFor(server, login);
  const { organization_id, member_id, intermediate_session_token } = login;
  return server.client.otps.sms.authenticate({ organization_id, member_id, intermediate_session_token, code, ...terms });
}
