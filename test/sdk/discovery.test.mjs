// Discovery by the SDK: from an address to an organization, as a member, as somebody who may join, and as a founder.
import assert from "node:assert/strict";
import { test } from "node:test";

import { acme, codeFor, factors, found, primary, refused, start } from "./thimble.mjs";

/** Logs an address in without an organization. */
async function discover({ client, code }, email_address) {
  await client.otps.email.discovery.send({ email_address });
  return client.otps.email.discovery.authenticate({ email_address, code: await code(email_address) });
}

test("a colleague joins by the domain of the address", { timeout: 60_000 }, async (t) => {
  const server = await start(t);
  const { discovery } = server.client;
  const organization_id = await found(server, "Globex");
  await primary(server, organization_id, "boss@globex.example"); // somebody there has shown that the domain is theirs
  await found(server, "Initech");

  const { intermediate_session_token } = await discover(server, "grace@globex.example");
  const listed = await discovery.organizations.list({ intermediate_session_token });
  assert.equal(listed.email_address, "grace@globex.example");
  assert.equal(listed.organization_id_hint, null);
  const [only, ...more] = listed.discovered_organizations;
  assert.deepEqual(more, []);
  assert.deepEqual(only.membership, {
    type: "eligible_to_join_by_email_domain",
    details: { domain: "globex.example" },
    member: null,
  });
  assert.equal(only.member_authenticated, true);

  const terms = { session_duration_minutes: 30, session_custom_claims: { plan: "pro" } };
  const exchange = (more) => discovery.intermediateSessions.exchange({ intermediate_session_token, ...terms, ...more });
  await refused(exchange({ organization_id: acme }), 400, "invalid_email_for_jit_provisioning");
  const done = await exchange({ organization_id });
  assert.equal(done.member_authenticated, true);
  assert.equal(done.member.status, "active");
  assert.deepEqual(done.member.roles.map((role) => role.role_id), ["stytch_member"]);
  assert.deepEqual(factors(done.member_session), ["email_otp email PRIMARY"]);
  assert.deepEqual(done.member_session.custom_claims, { plan: "pro" });
  await refused(exchange({ organization_id }), 404, "intermediate_session_not_found");

  const { session_token } = done;
  const { discovered_organizations } = await discovery.organizations.list({ session_token });
  assert.deepEqual(discovered_organizations.map((d) => d.membership.type), ["active_member"]);
});

test("an organization that asks for a second factor gets it by text", { timeout: 60_000 }, async (t) => {
  const server = await start(t);
  const { discovery } = server.client;
  const { intermediate_session_token, discovered_organizations } = await discover(server, "ada@example.com");
  const [{ mfa_required, member_authenticated }] = discovered_organizations;
  assert.equal(member_authenticated, false);
  assert.deepEqual(mfa_required, { member_options: null, secondary_auth_initiated: null });

  const halfway = await discovery.intermediateSessions.exchange({ intermediate_session_token, organization_id: acme });
  assert.equal(halfway.member_authenticated, false);
  assert.equal(halfway.intermediate_session_token, intermediate_session_token, "the same one comes back");
  assert.equal(halfway.session_token, "");
  assert.ok(Date.parse(halfway.intermediate_session_token_expires_at) > Date.now());
  const { member_id } = halfway;
  const who = { organization_id: acme, member_id, intermediate_session_token };
  const done = await server.client.otps.sms.authenticate({ ...who, code: await codeFor(server, who) });
  assert.deepEqual(factors(done.member_session), ["email_otp email PRIMARY", "otp sms SECONDARY"]);
});

test("whoever has no organization founds one", { timeout: 60_000 }, async (t) => {
  const server = await start(t);
  const { organizations } = server.client.discovery;
  const { intermediate_session_token, discovered_organizations } = await discover(server, "founder@initech.example");
  assert.deepEqual(discovered_organizations, []);

  const create = (more) => organizations.create({ intermediate_session_token, ...more });
  await refused(create({ organization_slug: "acme" }), 400, "organization_slug_already_used");
  await refused(create({ organization_slug: "not a slug" }), 400, "invalid_organization_slug");
  const made = await create({ mfa_policy: "OPTIONAL", session_duration_minutes: 5 });
  assert.equal(made.organization.organization_name, "initech.example");
  assert.equal(made.member_authenticated, true);
  assert.equal(made.member.is_admin, true);
  assert.deepEqual(made.member_session.roles.sort(), ["stytch_admin", "stytch_member"]);
  await refused(create(), 404, "intermediate_session_not_found");

  const again = await discover(server, "founder@initech.example");
  const strict = await organizations.create({
    intermediate_session_token: again.intermediate_session_token,
    organization_name: "Initech Secure",
    mfa_policy: "REQUIRED_FOR_ALL",
  });
  assert.equal(strict.member_authenticated, false);
  assert.equal(strict.intermediate_session_token, again.intermediate_session_token);
  assert.deepEqual(strict.mfa_required, { member_options: null, secondary_auth_initiated: null });
});
