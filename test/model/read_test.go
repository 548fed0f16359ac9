package model

import (
	"crypto/md5" //nolint:gosec // the hash of a service that somebody leaves
	"encoding/hex"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/thimble-auth/thimble/test/model/rulebook"
	"github.com/thimble-auth/thimble/test/world"
)

var (
	tokenInMail = regexp.MustCompile(`\?token=([A-Za-z0-9_-]+)`)
	codeInMail  = regexp.MustCompile(`(?m)^\d{6}$`)
)

func md5Of(text string) string {
	sum := md5.Sum([]byte(text))
	return hex.EncodeToString(sum[:])
}

// read puts a reply into the rulebook's words.
func (s *stage) read(reply *world.Answer, want *rulebook.Answer) rulebook.Answer {
	got := rulebook.Answer{
		Status: reply.Status, Error: reply.Type(), Sent: s.collect(),
		Session: s.name(reply.At("session_token"), want.Session),
		Ends:    s.time(reply.At("member_session.expires_at")),
		Login:   s.name(reply.At("intermediate_session_token"), want.Login),
		App:     s.name(reply.At("totp_registration_id"), want.App),
		Found:   s.found(reply.Body["discovered_organizations"]),
	}
	got.LoginEnds = s.time(reply.At("intermediate_session_token_expires_at"))
	if yes, said := reply.Body["member_authenticated"].(bool); said {
		got.Complete = map[bool]string{true: "yes", false: "no"}[yes]
	}
	if left, said := reply.Body["recovery_codes_remaining"].(float64); said {
		got.Left = int(left)
	}
	if session, there := reply.Body["member_session"].(map[string]any); there {
		got.Factors = s.factors(session)
	}
	if first, there := reply.Body["primary_required"].(map[string]any); there {
		got.First = methods(first, want.First)
	}
	if second, there := reply.Body["mfa_required"].(map[string]any); there {
		got.Second = s.options(second)
	}
	if m := reply.Body["member"]; m != nil {
		got.Member = s.describe(m)
	}
	return got
}

// time tells a time as the rulebook does.
func (s *stage) time(text string) string {
	if text == "" {
		return ""
	}
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return err.Error()
	}
	return s.book.At(at)
}

// methods reads the primary methods that would do. Where a policy allows all, which ones the server has is its own
// matter.
func methods(first map[string]any, want []string) []string {
	list := texts(first["allowed_auth_methods"])
	slices.Sort(list)
	if slices.Equal(want, []string{"any"}) && len(list) > 2 {
		return want
	}
	return list
}

func (s *stage) factors(session map[string]any) []string {
	list, _ := session["authentication_factors"].([]any)
	var all []string
	for _, one := range list {
		f, _ := one.(map[string]any)
		words := []string{text(f, "type")}
		switch {
		case f["email_factor"] != nil:
			words = append(words, text(f, "email_factor.email_address"))
		case f["phone_number_factor"] != nil:
			words = append(words, text(f, "phone_number_factor.phone_number"))
		case f["authenticator_app_factor"] != nil:
			words = append(words, s.name(text(f, "authenticator_app_factor.totp_id"), ""))
		}
		all = append(all, strings.Join(words, " "))
	}
	return all
}

func (s *stage) options(second map[string]any) string {
	var words []string
	if second["member_options"] == nil {
		words = append(words, "enrolment")
	}
	if number := text(second, "member_options.mfa_phone_number"); number != "" {
		words = append(words, number)
	}
	if app := text(second, "member_options.totp_registration_id"); app != "" {
		words = append(words, s.name(app, ""))
	}
	switch by := second["secondary_auth_initiated"]; by {
	case nil:
	case "sms_otp":
		words = append(words, "texted")
	default:
		words = append(words, fmt.Sprint("begun by ", by))
	}
	return strings.Join(words, ", ")
}

// describe tells what is said about a member as the rulebook does.
func (s *stage) describe(member any) string {
	m, _ := member.(map[string]any)
	var words []string
	if m["email_address_verified"] == true {
		words = append(words, "mailbox proven")
	}
	if number := text(m, "mfa_phone_number"); number != "" {
		words = append(words, "number "+number)
	}
	if m["mfa_phone_number_verified"] == true {
		words = append(words, "proven")
	}
	if id := text(m, "totp_registration_id"); id != "" {
		words = append(words, s.name(id, ""))
	}
	if method := text(m, "default_mfa_method"); method != "" {
		words = append(words, "default "+method)
	}
	if m["mfa_enrolled"] == true {
		words = append(words, "enrolled")
	}
	if m["is_locked"] == true {
		lock := "locked"
		if until := text(m, "lock_expires_at"); until != "" {
			lock += " until " + s.time(until)
		}
		words = append(words, lock)
	}
	return strings.Join(words, ", ")
}

// found tells which organizations a login without one leads to.
func (s *stage) found(list any) []string {
	all, _ := list.([]any)
	var found []string
	for _, one := range all {
		o, _ := one.(map[string]any)
		line := text(o, "organization.organization_name") + ": "
		first, firstMissing := o["primary_required"].(map[string]any)
		second, secondMissing := o["mfa_required"].(map[string]any)
		switch {
		case text(o, "membership.type") != "active_member":
			line += text(o, "membership.type")
		case o["member_authenticated"] == true:
			line += "complete"
		case firstMissing:
			list := methods(first, nil)
			if len(list) > 3 {
				list = []string{"any"}
			}
			line += "first " + strings.Join(list, ", ")
		case secondMissing:
			line += "second " + s.options(second)
		}
		found = append(found, line)
	}
	slices.Sort(found)
	return found
}

func text(object map[string]any, path string) string {
	return (&world.Answer{Body: object}).At(path)
}

func texts(list any) []string {
	all, _ := list.([]any)
	var out []string
	for _, one := range all {
		out = append(out, fmt.Sprint(one))
	}
	return out
}
