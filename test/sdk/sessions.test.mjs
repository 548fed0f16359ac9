// Sessions by the SDK: check, step up, list, revoke, exchange.
import assert from "node:assert/strict";
import { test } from "node:test";

import { acme, ada, codeFor, factors, found, full, phone, primary, refused, start } from "./thimble.mjs";

test("sessions are checked, listed and revoked", { timeout: 60_000 }, async (t) => {
  const server = await start(t);
  const { sessions } = server.client;
  const one = await full(server);
  const two = await full(server);
  const id = (login) => login.member_session.member_session_id;
  assert.notEqual(id(one), id(two));

  const checked = await sessions.authenticate({ session_token: one.session_token, session_custom_claims: { seat: 7 } });
  assert.equal(checked.member_session.member_session_id, id(one));
  assert.deepEqual(checked.member_session.custom_claims, { seat: 7 });
  assert.equal(checked.member.member_id, ada);
  assert.equal(checked.organization.organization_id, acme);

  const listed = async () => {
    const { member_sessions } = await sessions.get({ organization_id: acme, member_id: ada });
    return member_sessions.map((s) => s.member_session_id).sort();
  };
  assert.deepEqual(await listed(), [id(one), id(two)].sort());

  await sessions.revoke({ session_jwt: one.session_jwt });
  assert.deepEqual(await listed(), [id(two)]);
  await assert.rejects(sessions.authenticate({ session_token: one.session_token }), {
    status_code: 404,
    error_type: "session_not_found",
  });

  await sessions.revoke({ member_session_id: id(two) });
  assert.deepEqual(await listed(), []);
  await sessions.revoke({ member_session_id: id(two) }); // twice is fine
});

test("a session gets the factor again and keeps its token", { timeout: 60_000 }, async (t) => {
  const server = await start(t);
  const { session_token, member_session } = await full(server);
  const who = { organization_id: acme, member_id: ada, session_token };

  await server.client.otps.sms.send(who);
  const code = await server.code(phone);
  const stepped = await server.client.otps.sms.authenticate({ ...who, code });
  assert.equal(stepped.session_token, session_token);
  assert.equal(stepped.member_session.member_session_id, member_session.member_session_id);
  assert.equal(stepped.member_session.expires_at, member_session.expires_at, "no duration was asked for");
});

test("a session goes along into another organization", { timeout: 60_000 }, async (t) => {
  const server = await start(t);
  const { client } = server;
  const one = await found(server, "Globex");
  const two = await found(server, "Initech", { mfa_policy: "REQUIRED_FOR_ALL" });
  const email_address = "grace@globex.example";
  const { session_token, session_jwt } = await primary(server, one, email_address);
  await refused(client.sessions.exchange({ organization_id: two, session_token }), 404, "member_not_found");
  const { member_id } = await client.organizations.members.create({ organization_id: two, email_address });

  const halfway = await client.sessions.exchange({ organization_id: two, session_jwt, locale: "es" });
  assert.equal(halfway.member_authenticated, false);
  assert.deepEqual(halfway.mfa_required, { member_options: null, secondary_auth_initiated: null });
  const { intermediate_session_token } = halfway;
  const who = { organization_id: two, member_id, intermediate_session_token };
  const done = await client.otps.sms.authenticate({ ...who, code: await codeFor(server, who) });
  assert.equal(done.member_session.organization_id, two);
  assert.deepEqual(factors(done.member_session), ["magic_link email PRIMARY", "otp sms SECONDARY"]);

  const back = await client.sessions.exchange({ organization_id: one, session_token: done.session_token });
  assert.equal(back.member_authenticated, true);
  assert.notEqual(back.session_token, session_token, "a session of its own");
  await client.sessions.authenticate({ session_token }); // the first one stays
});

test("what a session may do is checked with the session", { timeout: 60_000 }, async (t) => {
  const server = await start(t);
  const { session_token } = await full(server);
  const check = (authorization_check) => server.client.sessions.authenticate({ session_token, authorization_check });
  const { verdict } = await check({ organization_id: acme, resource_id: "stytch.self", action: "update.info.name" });
  assert.deepEqual(verdict, { authorized: true, granting_roles: ["stytch_member"] });
  const boss = check({ organization_id: acme, resource_id: "stytch.organization", action: "delete" });
  await refused(boss, 403, "session_authorization_error");
  const globex = await found(server, "Globex");
  const elsewhere = check({ organization_id: globex, resource_id: "stytch.self", action: "update.info.name" });
  await refused(elsewhere, 403, "session_authorization_tenancy_error");
});
