package aws

import (
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/pinpointsmsvoicev2/types"
	"github.com/aws/smithy-go"

	"github.com/thimble-auth/thimble/internal/sms"
)

// TestMeanings keeps the tables honest: each code has a class and words, and only the recipient can opt out.
func TestMeanings(t *testing.T) {
	t.Parallel()
	for _, table := range []map[string]meaning{failures, exceptions, reasons, fields} {
		for code, m := range table {
			known := m.class >= sms.Permanent && m.class <= sms.OptedOut
			if !known || m.reason == "" || strings.ContainsAny(m.reason, digits+"+") {
				t.Errorf("%s: %s %q", code, m.class, m.reason)
			}
			if (m.class == sms.OptedOut) != (code == "DESTINATION_PHONE_NUMBER_OPTED_OUT") {
				t.Errorf("%s is %s", code, m.class)
			}
		}
	}
}

// TestEveryReason: each reason that the service documents becomes a whole error, under its own name.
func TestEveryReason(t *testing.T) {
	t.Parallel()
	var all []smithy.APIError
	for _, r := range types.ConflictExceptionReason("").Values() {
		all = append(all, &types.ConflictException{Reason: r})
	}
	for _, r := range types.AccessDeniedExceptionReason("").Values() {
		all = append(all, &types.AccessDeniedException{Reason: r})
	}
	for _, r := range types.ServiceQuotaExceededExceptionReason("").Values() {
		all = append(all, &types.ServiceQuotaExceededException{Reason: r})
	}
	for _, r := range types.ValidationExceptionReason("").Values() {
		all = append(all, &types.ValidationException{Reason: r})
	}
	known := map[string]bool{}
	for _, refused := range all {
		reason, _ := details(refused)
		known[reason] = true
		e := &sms.Error{}
		explain(e, refused)
		if e.Class == 0 || e.Reason == "" || e.Code != reason {
			t.Errorf("%s %s: %+v", refused.ErrorCode(), reason, e)
		}
	}
	for reason := range reasons {
		if !known[reason] {
			t.Errorf("the service does not know the reason %s", reason)
		}
	}
}

// TestEveryEvent: each event about a text that can be subscribed to means something.
func TestEveryEvent(t *testing.T) {
	t.Parallel()
	for _, kind := range types.EventType("").Values() {
		text := strings.HasPrefix(string(kind), "TEXT_") && kind != types.EventTypeTextAll
		_, _, known := (&event{EventType: string(kind), IsFinal: true}).meaning()
		if known != text {
			t.Errorf("%s: known is %v", kind, known)
		}
	}
}
