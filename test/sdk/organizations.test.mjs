// Organizations and members by the SDK.
import assert from "node:assert/strict";
import { test } from "node:test";

import { codeFor, primary, refused, start } from "./thimble.mjs";

test("an organization is made, read, changed and deleted", { timeout: 60_000 }, async (t) => {
  const { client } = await start(t);
  const made = await client.organizations.create({
    organization_name: "Globex",
    organization_slug: "globex",
    organization_external_id: "crm-7",
    trusted_metadata: { tier: "gold" },
    mfa_policy: "REQUIRED_FOR_ALL",
  });
  const { organization_id } = made.organization;
  assert.match(organization_id, /^organization-test-/);
  assert.equal(made.organization.mfa_policy, "REQUIRED_FOR_ALL");

  for (const name of [organization_id, "globex", "crm-7"]) {
    const { organization } = await client.organizations.get({ organization_id: name });
    assert.deepEqual(organization, made.organization, `by ${name}`);
  }

  const { organization } = await client.organizations.update({
    organization_id: "globex",
    organization_name: "Globex Corporation",
    mfa_methods: "RESTRICTED",
    allowed_mfa_methods: ["sms_otp"],
  });
  assert.equal(organization.organization_name, "Globex Corporation");
  assert.equal(organization.organization_slug, "globex");
  assert.deepEqual(organization.allowed_mfa_methods, ["sms_otp"]);
  assert.deepEqual(organization.trusted_metadata, { tier: "gold" });

  await assert.rejects(client.organizations.create({ organization_name: "Another", organization_slug: "globex" }), {
    status_code: 400,
    error_type: "organization_slug_already_used",
  });
  const { organization: unnamed } = await client.organizations.deleteExternalId({ organization_id });
  assert.equal(unnamed.organization_external_id, null);
  await refused(client.organizations.get({ organization_id: "crm-7" }), 404, "organization_not_found");
  assert.equal((await client.organizations.delete({ organization_id })).organization_id, organization_id);
  await assert.rejects(client.organizations.get({ organization_id }), {
    status_code: 404,
    error_type: "organization_not_found",
  });
});

test("a member is made, read, changed, deleted and brought back", { timeout: 60_000 }, async (t) => {
  const server = await start(t);
  const { organizations } = server.client;
  const organization_id = (await organizations.create({ organization_name: "Globex", mfa_policy: "REQUIRED_FOR_ALL" }))
    .organization.organization_id;

  const made = await organizations.members.create({
    organization_id,
    email_address: "Grace@Globex.example",
    name: "Grace Hopper",
    external_id: "employee-1",
    untrusted_metadata: { theme: "dark" },
  });
  const { member_id } = made;
  assert.equal(made.member.status, "active");
  assert.equal(made.member.email_address, "grace@globex.example");

  for (const by of [{ member_id }, { member_id: "employee-1" }, { email_address: "grace@globex.example" }]) {
    const { member } = await organizations.members.get({ organization_id, ...by });
    assert.deepEqual(member, made.member, JSON.stringify(by));
  }

  const changed = await organizations.members.update({ organization_id, member_id, name: "Grace B. Hopper" });
  assert.equal(changed.member.name, "Grace B. Hopper");
  assert.deepEqual(changed.member.untrusted_metadata, { theme: "dark" });

  const login = await primary(server, organization_id, "grace@globex.example");
  const code = await codeFor(server, login, "+12025550143");
  const { intermediate_session_token } = login;
  const done = await server.client.otps.sms.authenticate({ organization_id, member_id, code, intermediate_session_token });
  assert.equal(done.member.mfa_phone_number_verified, true);

  const unbound = await organizations.members.deleteMFAPhoneNumber({ organization_id, member_id });
  assert.equal(unbound.member.mfa_phone_number, "");
  assert.equal(unbound.member.mfa_phone_number_verified, false);

  const unnamed = await organizations.members.deleteExternalId({ organization_id, member_id });
  assert.equal(unnamed.member.external_id, null);
  const twice = organizations.members.create({ organization_id, email_address: "grace@globex.example" });
  await refused(twice, 400, "duplicate_member_email");
  await organizations.members.delete({ organization_id, member_id });
  await assert.rejects(organizations.members.get({ organization_id, member_id }), {
    status_code: 404,
    error_type: "member_not_found",
  });
  await assert.rejects(server.client.sessions.authenticate({ session_token: done.session_token }), { status_code: 404 });

  const back = await organizations.members.reactivate({ organization_id, member_id });
  assert.equal(back.member.member_id, member_id);
});
