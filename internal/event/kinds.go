package event

import (
	"slices"
	"strings"

	"github.com/thimble-auth/thimble/internal/audit"
	"github.com/thimble-auth/thimble/internal/store"
)

// The kinds that are told elsewhere than by their audit record alone.
const (
	MessageDelivered = "message.delivered"
	MessageFailed    = "message.failed"
	MemberCreated    = "member.created"
	MemberUpdated    = "member.updated"
	MFAEnrolled      = "mfa.enrolled"
	SessionCreated   = "session.created"
	WebhookDisabled  = "webhook.disabled"
	WebhookTest      = "webhook.test"
)

// Kind is a kind of events.
type Kind struct {
	Name   string
	Says   string
	Fields []Field // beside project_id, and organization_id, member_id and request_id where there are such
}

// Field is something that the data of a kind may hold. Empty ones are left out.
type Field struct{ Name, Means string }

var (
	method = Field{"method", "`sms_otp`, `totp`, `email_otp` or `password`"}
	actor  = Field{"actor_member_id", "the member on whose behalf the backend called; missing for the backend itself"}
	number = Field{"phone_number", "the number, all digits but the last four hidden; of texts alone"}
	text   = []Field{
		{"message_id", "the message, as in `GET /v1/thimble/stories/{id}`"},
		{"channel", "`sms` or `email`"},
		{"kind", "what it was for, such as `sms_otp`"},
		number,
		{"country", "ISO 3166-1 code of the number's country"},
		{"provider", "who took it last"},
	}
)

var kinds = byName(
	Kind{MessageDelivered, "A text arrived, says its provider; or a message of a test project lies in the inbox.", text},
	Kind{MessageFailed, "A message did not arrive, and nobody tries any more.", append(slices.Clone(text),
		Field{"status", "`failed`: nobody took it; `undelivered`: lost behind the provider; `expired`: not taken in time"},
		Field{"reason", "why, in words"})},
	Kind{"message.refused", "Somebody asked for a message and a rule refused it.", []Field{
		{"channel", "`sms` or `email`"},
		{"rule", "which rule, as in `thimble why`"},
		number,
		{"country", "ISO 3166-1 code of the number's country"},
	}},
	Kind{MemberCreated, "A member was created, by a call, an invitation or a login.", []Field{actor}},
	Kind{MemberUpdated, "A member's record was changed.", []Field{actor}},
	Kind{"member.deleted", "A member was deleted, and all its sessions ended.", []Field{actor}},
	Kind{"member.reactivated", "A deleted member came back.", []Field{actor}},
	Kind{"member.locked", "Too many wrong guesses in a row: a method is locked for some time.", []Field{method}},
	Kind{
		"member.mfa_disabled", "Too many wrong guesses in all: the second factor is off until it is bound again.",
		[]Field{method},
	},
	Kind{
		"member.unlocked", "A lock ended early: the last guess was right after all, or an operator unlocked the member.",
		[]Field{method},
	},
	Kind{"organization.created", "An organization was created.", []Field{actor}},
	Kind{"organization.updated", "An organization's record or settings were changed.", []Field{actor}},
	Kind{"organization.deleted", "An organization was deleted, with its members.", []Field{actor}},
	Kind{
		SessionCreated, "A login was completed: there is a new session.",
		[]Field{{"member_session_id", "the session"}},
	},
	Kind{
		"session.revoked", "A session was ended by a call, or all of a member's.",
		[]Field{{"member_session_id", "the session; missing when it was all of the member's"}},
	},
	Kind{MFAEnrolled, "A member proved a second factor for the first time: a number, or an app.", []Field{method}},
	Kind{"mfa.removed", "A member's number or app was removed.", []Field{method, actor}},
	Kind{"recovery_codes.rotated", "A member got new recovery codes.", nil},
	Kind{
		"recovery_codes.used", "A member logged in with a recovery code.",
		[]Field{{"member_session_id", "the session"}},
	},
	Kind{"password.changed", "A member's password was set, reset or migrated.", nil},
	Kind{"password.removed", "A password was deleted, or must be reset.", []Field{actor}},
	Kind{"budget.alert", "A share of a day's budget for texts is used up.", []Field{
		{"budget", "`project`, `organization` or `country`"},
		{"name", "which organization or country"},
		{"day", "of the budget, UTC"},
		{"share", "`all`, or `unverified`: the part for numbers that nobody verified"},
		{"percent", "`50`, `80` or `100`"},
		{"spent_usd", "in US dollars"},
		{"limit_usd", "in US dollars"},
	}},
	Kind{
		WebhookDisabled, "Another webhook of the project answered 410, and is not called any more.",
		[]Field{{"webhook_id", "that webhook"}},
	},
	Kind{WebhookTest, "Somebody asked for a try.", nil},
)

func byName(all ...Kind) map[string]Kind {
	m := make(map[string]Kind, len(all))
	for _, k := range all {
		m[k.Name] = k
	}
	return m
}

// Kinds lists all kinds, by name.
func Kinds() []Kind {
	all := make([]Kind, 0, len(kinds))
	for _, k := range kinds {
		all = append(all, k)
	}
	slices.SortFunc(all, func(a, b Kind) int { return strings.Compare(a.Name, b.Name) })
	return all
}

// telling is an audit record that has a name of its own.
type telling struct{ action, outcome string }

type told struct {
	kind  string
	fixed map[string]string
}

var (
	byText  = map[string]string{"channel": store.ChannelSMS}
	byMail  = map[string]string{"channel": store.ChannelEmail}
	byPhone = map[string]string{"method": store.MethodSMS}
	byApp   = map[string]string{"method": store.MethodTOTP}
)

var tellings = map[telling]told{
	{"sms.send", audit.Refused}:             {"message.refused", byText},
	{"magic_link.send", audit.Refused}:      {"message.refused", byMail},
	{"email_otp.send", audit.Refused}:       {"message.refused", byMail},
	{"password.reset.start", audit.Refused}: {"message.refused", byMail},

	{"member.create", audit.Done}:             {MemberCreated, nil},
	{"member.update", audit.Done}:             {MemberUpdated, nil},
	{"member.external_id.delete", audit.Done}: {"member.updated", nil},
	{"member.delete", audit.Done}:             {"member.deleted", nil},
	{"member.reactivate", audit.Done}:         {"member.reactivated", nil},
	{"member.locked", audit.Done}:             {"member.locked", nil},
	{"member.mfa_disabled", audit.Done}:       {"member.mfa_disabled", nil},
	{"member.unlocked", audit.Done}:           {"member.unlocked", nil},
	{"member.unlock", audit.Done}:             {"member.unlocked", nil},
	{"member.phone.delete", audit.Done}:       {"mfa.removed", byPhone},
	{"member.totp.delete", audit.Done}:        {"mfa.removed", byApp},

	{"organization.create", audit.Done}:                {"organization.created", nil},
	{"organization.update", audit.Done}:                {"organization.updated", nil},
	{"organization.country_policy.update", audit.Done}: {"organization.updated", nil},
	{"organization.external_id.delete", audit.Done}:    {"organization.updated", nil},
	{"organization.delete", audit.Done}:                {"organization.deleted", nil},

	{"session.revoke", audit.Done}: {"session.revoked", nil},

	{"totp.migrate", audit.Done}:           {MFAEnrolled, byApp},
	{"recovery_codes.rotate", audit.Done}:  {"recovery_codes.rotated", nil},
	{"recovery_codes.recover", audit.Done}: {"recovery_codes.used", nil},

	{"password.reset.email", audit.Done}:    {"password.changed", nil},
	{"password.reset.existing", audit.Done}: {"password.changed", nil},
	{"password.reset.session", audit.Done}:  {"password.changed", nil},
	{"password.migrate", audit.Done}:        {"password.changed", nil},
	{"password.delete", audit.Done}:         {"password.removed", nil},
	{"password.require_reset", audit.Done}:  {"password.removed", nil},

	{"budget.alert", audit.Done}:    {"budget.alert", nil},
	{"webhook.disable", audit.Done}: {WebhookDisabled, nil},
}
