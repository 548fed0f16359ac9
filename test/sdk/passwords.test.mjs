// Passwords by the SDK: judged, brought along, used, and the ways to a new one.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";

import { factors, found, primary, refused, start } from "./thimble.mjs";

const email_address = "grace@globex.example";
const [first, second, third] = ["correct horse battery staple", "nine llamas sing at dusk", "a violet tram to nowhere"];

/** A member with the first password, which the system before this one kept as SHA-1 with salt. */
async function migrated(server) {
  const organization_id = await found(server, "Globex");
  const { member_id, member } = await server.client.passwords.migrate({
    organization_id,
    email_address,
    hash: createHash("sha1").update(`salt${first}`).digest("hex"),
    hash_type: "sha_1",
    sha_1_config: { prepend_salt: "salt", append_salt: "" },
    name: "Grace Hopper",
  });
  return { organization_id, member_id, member };
}

test("passwords are judged", { timeout: 60_000 }, async (t) => {
  const { client } = await start(t);
  const weak = await client.passwords.strengthCheck({ password: "password", email_address });
  assert.deepEqual([weak.valid_password, weak.score, weak.strength_policy], [false, 0, "zxcvbn"]);
  assert.equal(weak.luds_feedback, null);
  assert.ok(weak.zxcvbn_feedback.warning.length > 0 && weak.zxcvbn_feedback.suggestions.length > 0);
  const strong = await client.passwords.strengthCheck({ password: first });
  assert.deepEqual([strong.valid_password, strong.score], [true, 4]);

  const other = await start(t, "--password-policy", "luds", "--password-min-length", "10");
  const { luds_feedback, ...rest } = await other.client.passwords.strengthCheck({ password: "Abc" });
  assert.deepEqual([rest.valid_password, rest.strength_policy, rest.zxcvbn_feedback], [false, "luds", null]);
  assert.deepEqual(luds_feedback, {
    has_lower_case: true,
    has_upper_case: true,
    has_digit: false,
    has_symbol: false,
    missing_complexity: 1,
    missing_characters: 7,
  });
});

test("a password is brought along and logs in", { timeout: 60_000 }, async (t) => {
  const server = await start(t);
  const { passwords, sessions, organizations } = server.client;
  const { organization_id, member_id, member } = await migrated(server);
  assert.equal(member.email_address_verified, true);
  assert.match(member.member_password_id, /^member-password-test-/);

  const log = (password) => passwords.authenticate({ organization_id, email_address, password });
  await refused(log(second), 401, "unauthorized_credentials");
  for (const time of ["by the old hash", "by our own"]) {
    const done = await log(first);
    assert.equal(done.member_authenticated, true, time);
    assert.equal(done.member_id, member_id);
    assert.deepEqual(factors(done.member_session), ["password knowledge PRIMARY"]);
  }

  const before = await log(first);
  const change = (existing_password, new_password) =>
    passwords.existingPassword.reset({ organization_id, email_address, existing_password, new_password });
  await refused(change(second, third), 401, "unauthorized_credentials");
  await refused(change(first, "password"), 400, "weak_password");
  const changed = await change(first, second);
  assert.equal(changed.member_authenticated, true);
  await refused(sessions.authenticate({ session_token: before.session_token }), 404, "session_not_found");

  const { session_token } = changed;
  const other = await log(second);
  const reset = await passwords.sessions.reset({ organization_id, password: third, session_token });
  assert.equal(reset.session_token, session_token, "this session stays");
  await refused(sessions.authenticate({ session_token: other.session_token }), 404, "session_not_found");
  await log(third);

  const { member_password_id } = reset.member;
  const without = await organizations.members.deletePassword({ organization_id, member_password_id });
  assert.equal(without.member.member_password_id, "");
  await refused(log(third), 401, "unauthorized_credentials");
});

test("a link leads to a new password", { timeout: 60_000 }, async (t) => {
  const server = await start(t);
  const { passwords, sessions } = server.client;
  const organization_id = await found(server, "Globex");
  const { member_id, session_token } = await primary(server, organization_id, email_address);

  const ask = { organization_id, email_address };
  const stranger = { ...ask, email_address: "nobody@globex.example" };
  await refused(passwords.email.resetStart(stranger), 404, "member_not_found");
  const code_verifier = "v".repeat(43);
  const code_challenge = createHash("sha256").update(code_verifier).digest("base64url");
  const asked = await passwords.email.resetStart({ ...ask, code_challenge, reset_password_expiration_minutes: 5 });
  assert.equal(asked.member_id, member_id);
  assert.match(asked.member_email_id, /^email-test-/);

  // Where the browser ends up: at the application, with what it needs for the rest.
  const [link] = /http\S+/.exec((await server.inbox(email_address)).body);
  const arrived = new URL((await fetch(link, { redirect: "manual" })).headers.get("location"));
  assert.equal(arrived.origin + arrived.pathname, "http://localhost:3000/authenticate");
  const query = Object.fromEntries(arrived.searchParams);
  const password_reset_token = query.token;
  assert.deepEqual(query, {
    stytch_redirect_type: "reset_password",
    stytch_token_type: "multi_tenant_passwords",
    token: await server.token(email_address),
  });
  const reset = (password, more) => passwords.email.reset({ password_reset_token, password, ...more });
  await refused(reset(first), 400, "pkce_expected_code_verifier");
  await refused(reset("password", { code_verifier }), 400, "weak_password");
  const done = await reset(first, { code_verifier, session_duration_minutes: 30 });
  assert.equal(done.member_authenticated, true);
  assert.equal(done.member_email_id, asked.member_email_id);
  assert.notEqual(done.member.member_password_id, "");
  await refused(sessions.authenticate({ session_token }), 404, "session_not_found");
  await refused(reset(second, { code_verifier }), 401, "unable_to_auth_password_reset_token");
  await passwords.authenticate({ ...ask, password: first });
});

test("one password for all organizations finds them", { timeout: 60_000 }, async (t) => {
  const server = await start(t, "--cross-org-passwords");
  const { passwords, discovery, organizations } = server.client;
  const { organization_id } = await migrated(server);
  const initech = await found(server, "Initech");
  await organizations.members.create({ organization_id: initech, email_address });

  await passwords.discovery.email.resetStart({ email_address: "nobody@globex.example" }); // says nothing
  await passwords.discovery.email.resetStart({ email_address });
  const password_reset_token = await server.token(email_address);
  const reset = await passwords.discovery.email.reset({ password_reset_token, password: second });
  assert.equal(reset.email_address, email_address);
  assert.equal(reset.discovered_organizations.length, 2);

  const log = (password) => passwords.discovery.authenticate({ email_address, password });
  await refused(log(first), 401, "unauthorized_credentials");
  const { intermediate_session_token, discovered_organizations } = await log(second);
  const ids = discovered_organizations.map((d) => d.organization.organization_id);
  assert.deepEqual(ids.sort(), [organization_id, initech].sort());
  const done = await discovery.intermediateSessions.exchange({ intermediate_session_token, organization_id });
  assert.deepEqual(factors(done.member_session), ["password knowledge PRIMARY"]);

  await passwords.email.requireReset({ email_address });
  const late = passwords.authenticate({ organization_id, email_address, password: second });
  await refused(late, 400, "member_reset_password");
});

test("a password of one organization is not asked to be reset", { timeout: 60_000 }, async (t) => {
  const { client } = await start(t);
  await refused(client.passwords.email.requireReset({ email_address }), 400, "cross_org_passwords_not_enabled");
});
