// Codes by mail by the SDK: join and log in with an organization, and find one's organizations.
import assert from "node:assert/strict";
import { test } from "node:test";

import { factors, found, refused, start } from "./thimble.mjs";

test("a code by mail makes a member and logs in", { timeout: 60_000 }, async (t) => {
  const server = await start(t);
  const { email } = server.client.otps;
  const organization_id = await found(server, "Globex");
  const email_address = "grace@globex.example";
  const ask = { organization_id, email_address };

  const stranger = email.loginOrSignup({ ...ask, email_address: "grace@else.example" });
  await refused(stranger, 400, "invalid_email_for_jit_provisioning");
  const asked = await email.loginOrSignup({ ...ask, signup_expiration_minutes: 5, locale: "fr" });
  assert.equal(asked.member_created, true);
  assert.equal(asked.member.status, "pending");
  assert.equal((await server.inbox(email_address)).locale, "fr");
  const code = await server.code(email_address);

  const guess = (code) => email.authenticate({ ...ask, code });
  await refused(guess("12345"), 400, "invalid_code");
  await refused(guess(String((Number(code) + 1) % 1e6).padStart(6, "0")), 404, "otp_code_not_found");
  const done = await guess(code);
  assert.equal(done.member_authenticated, true);
  assert.equal(done.intermediate_session_token, "");
  assert.match(done.method_id, /^email-test-/);
  assert.equal(done.organization_id, organization_id);
  assert.equal(done.member.status, "active");
  assert.equal(done.member.email_address_verified, true);
  assert.deepEqual(factors(done.member_session), ["email_otp email PRIMARY"]);
  const [{ email_factor }] = done.member_session.authentication_factors;
  assert.deepEqual(email_factor, { email_id: done.method_id, email_address });
  await refused(guess(code), 401, "unable_to_auth_otp_code");

  const again = await email.loginOrSignup(ask);
  assert.equal(again.member_created, false);
  assert.equal(again.member_id, done.member_id);
  const { session_token } = done;
  const stepped = await email.authenticate({ ...ask, code: await server.code(email_address), session_token });
  assert.equal(stepped.session_token, session_token);
  assert.equal(stepped.member_session.authentication_factors.length, 1, "the same factor once more");
});

test("a code by mail finds organizations", { timeout: 60_000 }, async (t) => {
  const server = await start(t);
  const { email } = server.client.otps;
  const organization_id = await found(server, "Globex");
  const email_address = "grace@globex.example";
  await server.client.organizations.members.create({ organization_id, email_address });

  await email.discovery.send({ email_address, discovery_expiration_minutes: 2 });
  const code = await server.code(email_address);
  const other = email.discovery.authenticate({ email_address: "else@globex.example", code });
  await refused(other, 404, "otp_code_not_found");
  const seen = await email.discovery.authenticate({ email_address, code });
  assert.equal(seen.email_address, email_address);
  assert.equal(seen.intermediate_session_token.length, 44);
  const [{ organization, membership, member_authenticated }, ...more] = seen.discovered_organizations;
  assert.deepEqual(more, []);
  assert.equal(organization.organization_id, organization_id);
  assert.equal(membership.type, "active_member");
  assert.equal(membership.member.email_address, email_address);
  assert.equal(member_authenticated, true);

  await email.discovery.send({ email_address });
  await server.advance(601);
  const late = email.discovery.authenticate({ email_address, code: await server.code(email_address) });
  await refused(late, 401, "unable_to_auth_otp_code");
});
