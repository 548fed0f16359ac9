// Sessions by the SDK: check, step up, list, revoke.
import assert from "node:assert/strict";
import { test } from "node:test";

import { acme, ada, full, phone, start } from "./thimble.mjs";

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
  const [code] = /\b\d{6}\b/.exec((await server.inbox(phone)).body);
  const stepped = await server.client.otps.sms.authenticate({ ...who, code });
  assert.equal(stepped.session_token, session_token);
  assert.equal(stepped.member_session.member_session_id, member_session.member_session_id);
  assert.equal(stepped.member_session.expires_at, member_session.expires_at, "no duration was asked for");
});
