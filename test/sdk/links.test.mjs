// Magic links by the SDK: login and signup, invitations, discovery, and links that are bound to a browser.
import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { test } from "node:test";

import { factors, found, primary, refused, start } from "./thimble.mjs";

const email_address = "grace@globex.example";

test("a link signs up and logs in", { timeout: 60_000 }, async (t) => {
  const server = await start(t);
  const { magicLinks } = server.client;
  const organization_id = await found(server, "Globex");

  const asked = await magicLinks.email.loginOrSignup({ organization_id, email_address, signup_expiration_minutes: 5 });
  assert.equal(asked.member_created, true);
  assert.equal(asked.member.status, "pending");
  const magic_links_token = await server.token(email_address);
  const done = await magicLinks.authenticate({ magic_links_token, session_duration_minutes: 10 });
  assert.equal(done.member_authenticated, true);
  assert.equal(done.reset_sessions, false);
  assert.match(done.method_id, /^email-test-/);
  assert.equal(done.member.status, "active");
  assert.deepEqual(factors(done.member_session), ["magic_link email PRIMARY"]);
  const { started_at, expires_at } = done.member_session;
  assert.equal(Date.parse(expires_at) - Date.parse(started_at), 600_000);
  await refused(magicLinks.authenticate({ magic_links_token }), 401, "unable_to_auth_magic_link");

  const asked2 = await magicLinks.email.loginOrSignup({ organization_id, email_address });
  assert.equal(asked2.member_created, false);
  await server.advance(3601);
  const late = magicLinks.authenticate({ magic_links_token: await server.token(email_address) });
  await refused(late, 401, "unable_to_auth_magic_link");
});

test("an invitation is accepted by its link", { timeout: 60_000 }, async (t) => {
  const server = await start(t);
  const { magicLinks } = server.client;
  const organization_id = await found(server, "Globex", { email_invites: "ALL_ALLOWED" });
  const boss = await primary(server, organization_id, "boss@globex.example");

  const asked = await magicLinks.email.invite({
    organization_id,
    email_address: "new@else.example",
    invited_by_member_id: boss.member_id,
    name: "Grace Hopper",
    untrusted_metadata: { team: 7 },
  });
  assert.equal(asked.member.status, "invited");
  assert.equal(asked.member.name, "Grace Hopper");
  assert.deepEqual(asked.member.untrusted_metadata, { team: 7 });
  const done = await magicLinks.authenticate({ magic_links_token: await server.token("new@else.example") });
  assert.equal(done.member_id, asked.member_id);
  assert.equal(done.member.status, "active");
  assert.equal(done.member.email_address_verified, true);
  const again = magicLinks.email.invite({ organization_id, email_address: "new@else.example" });
  await refused(again, 400, "duplicate_member_email");

  // On behalf of a member, who may not invite anybody.
  const caller = { authorization: { session_token: done.session_token } };
  const third = magicLinks.email.invite({ organization_id, email_address: "third@else.example" }, caller);
  await refused(third, 403, "session_authorization_error");
});

test("a discovery link is good only in the browser that asked for it", { timeout: 60_000 }, async (t) => {
  const server = await start(t);
  const { magicLinks } = server.client;
  const organization_id = await found(server, "Globex");
  await server.client.organizations.members.create({ organization_id, email_address });

  const pkce_code_verifier = randomBytes(32).toString("base64url");
  const pkce_code_challenge = createHash("sha256").update(pkce_code_verifier).digest("base64url");
  await magicLinks.email.discovery.send({ email_address, pkce_code_challenge });
  const discovery_magic_links_token = await server.token(email_address);
  const open = (more) => magicLinks.discovery.authenticate({ discovery_magic_links_token, ...more });
  await refused(open(), 400, "pkce_expected_code_verifier");
  await refused(open({ pkce_code_verifier: randomBytes(32).toString("base64url") }), 400, "pkce_mismatch");
  const seen = await open({ pkce_code_verifier });
  assert.equal(seen.email_address, email_address);
  assert.deepEqual(seen.discovered_organizations.map((d) => d.organization.organization_id), [organization_id]);
  await refused(open({ pkce_code_verifier }), 401, "unable_to_auth_magic_link");
});
