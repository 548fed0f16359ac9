package smpp_test

import (
	"context"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/thimble-auth/thimble/internal/sms"
	"github.com/thimble-auth/thimble/internal/sms/smpp"
	"github.com/thimble-auth/thimble/test/vendors"
)

// TestTexts: what a strict server reads of texts in each alphabet and length.
func TestTexts(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		change   func(*smpp.Config)
		body     string
		segments int
		class    sms.Class // of an error
	}{
		"GSM":            {nil, "Your code: {493817} @ 1 €", 1, 0},
		"longest GSM":    {nil, strings.Repeat("x", 160), 1, 0},
		"two parts":      {nil, strings.Repeat("x", 161), 2, 0},
		"two full parts": {nil, strings.Repeat("x", 306), 2, 0},
		"three parts":    {nil, strings.Repeat("x", 152) + strings.Repeat("€", 76) + "xx", 3, 0},
		"other letters":  {nil, "Ваш код 493817", 1, 0},
		"longest UCS-2":  {nil, strings.Repeat("ж", 70), 1, 0},
		"UCS-2 in parts": {nil, strings.Repeat("ж", 66) + "😀" + strings.Repeat("ж", 66), 3, 0},
		"Latin-1":        {func(c *smpp.Config) { c.Alphabet = smpp.AlphabetLatin1 }, "Votre code à être", 1, 0},
		"long Latin-1":   {func(c *smpp.Config) { c.Alphabet = smpp.AlphabetLatin1 }, strings.Repeat("ê", 141), 2, 0},
		"beyond Latin-1": {func(c *smpp.Config) { c.Alphabet = smpp.AlphabetLatin1 }, "5 €", 1, 0},
		"all in UCS-2":   {func(c *smpp.Config) { c.Alphabet = smpp.AlphabetUCS2 }, "Code 493817", 1, 0},
		"payload":        {func(c *smpp.Config) { c.LongTexts = smpp.LongPayload }, strings.Repeat("x", 500), 0, 0},
		"no need of it":  {func(c *smpp.Config) { c.LongTexts = smpp.LongPayload }, "Code 493817", 0, 0},
		"much too long":  {nil, strings.Repeat("x", 1531), 0, sms.OtherRoute},
		"too long to carry": {
			func(c *smpp.Config) { c.LongTexts = smpp.LongPayload }, strings.Repeat("x", 1531), 0, sms.OtherRoute,
		},
	} {
		prepare := func(_ *vendors.SMSC, c *smpp.Config) {
			if test.change != nil {
				test.change(c)
			}
		}
		inBubble(t, prepare, func(s *scene) {
			m := text()
			m.Body = test.body
			result, err := s.sender.Send(s.t.Context(), m)
			if e := sms.AsError(err); (test.class != 0) != (e != nil) || e != nil && e.Class != test.class {
				s.t.Errorf("%s: Send = %v", name, err)
			}
			if test.class != 0 {
				return
			}
			synctest.Wait()
			seen := s.smsc.Texts()
			if len(seen) != 1 || seen[0].Body != test.body || result.Segments != test.segments {
				s.t.Errorf("%s: %d segments, seen %+v", name, result.Segments, seen)
			}
			if got := s.desk.got(); len(got) != 1 || got[0].ProviderID != result.ProviderID {
				s.t.Errorf("%s: %s is reported as %+v", name, result.ProviderID, got)
			}
		})
	}
}

// TestSenders: types that go by the form of the sender, and others that are set.
func TestSenders(t *testing.T) {
	t.Parallel()
	for _, from := range []string{vendors.SMSCFrom, vendors.SMSCName, "12345"} {
		inBubble(t, func(_ *vendors.SMSC, c *smpp.Config) { c.From = from }, func(s *scene) {
			if _, e := s.send(); e != nil {
				s.t.Errorf("%s: Send = %v", from, e)
			}
			if seen := s.smsc.Texts()[0]; seen.From != strings.TrimPrefix(from, "+") {
				s.t.Errorf("%s: the server saw %+v", from, seen)
			}
		})
	}
	for name, change := range map[string]func(*smpp.Config){
		"other_route 0x00000048": func(c *smpp.Config) { c.FromType = "5/0" },
		"other_route 0x00000049": func(c *smpp.Config) { c.FromType = "1/0" },
		"other_route 0x00000050": func(c *smpp.Config) { c.ToType = "2/1" },
		"other_route 0x00000051": func(c *smpp.Config) { c.ToType = "1/0" },
		"other_route 0x0000000A": func(c *smpp.Config) { c.From = "+13125550009" },
	} {
		synctest.Test(t, func(t *testing.T) {
			c, smsc, listener := config(), vendors.NewSMSC(), vendors.NewListener()
			change(&c)
			go smsc.Serve(listener)
			c.Dial = func(ctx context.Context, network, address string) (net.Conn, error) {
				return listener.Dial(ctx, network, address)
			}
			s := &scene{t: t, smsc: smsc, sender: smpp.New(c), desk: newDesk()}
			s.link()
			if _, e := s.send(); e == nil || e.Class.String()+" "+e.Code != name || smsc.Taken() != 0 {
				t.Errorf("Send = %v, want %s", e, name)
			}
			s.unlink()
			_ = listener.Close()
		})
	}
}

func TestCheck(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		change func(*smpp.Config)
		want   string // part of the problem; "" is none
	}{
		"good":               {func(*smpp.Config) {}, ""},
		"a name":             {func(c *smpp.Config) { c.From = "Acme" }, ""},
		"TLS":                {func(c *smpp.Config) { c.TLS = true }, ""},
		"IPv6":               {func(c *smpp.Config) { c.Address = "[2001:db8::1]:2775" }, ""},
		"no address":         {func(c *smpp.Config) { c.Address = "" }, "smpp-address "},
		"no port":            {func(c *smpp.Config) { c.Address = "smsc.example.com" }, "smpp-address "},
		"a port too high":    {func(c *smpp.Config) { c.Address = "smsc.example.com:70000" }, "smpp-address "},
		"no system id":       {func(c *smpp.Config) { c.SystemID = "" }, "smpp-system-id "},
		"long system id":     {func(c *smpp.Config) { c.SystemID = "0123456789abcdef" }, "smpp-system-id "},
		"no password":        {func(c *smpp.Config) { c.Password = "" }, "smpp-password "},
		"long password":      {func(c *smpp.Config) { c.Password = "123456789" }, "smpp-password "},
		"password with NUL":  {func(c *smpp.Config) { c.Password = "a\x00b" }, "smpp-password "},
		"long system type":   {func(c *smpp.Config) { c.SystemType = "0123456789abc" }, "smpp-system-type "},
		"no sender":          {func(c *smpp.Config) { c.From = "" }, "smpp-from "},
		"long name":          {func(c *smpp.Config) { c.From = "Acme Brothers" }, "smpp-from "},
		"number without +":   {func(c *smpp.Config) { c.From = "13125550001" }, "smpp-from "},
		"no type":            {func(c *smpp.Config) { c.FromType = "5" }, "smpp-from-type "},
		"no such type":       {func(c *smpp.Config) { c.ToType = "9/9" }, "smpp-to-type "},
		"no window":          {func(c *smpp.Config) { c.Window = -1 }, "smpp-window "},
		"a hall":             {func(c *smpp.Config) { c.Window = 1001 }, "smpp-window "},
		"strange alphabet":   {func(c *smpp.Config) { c.Alphabet = "utf8" }, "smpp-alphabet "},
		"strange long texts": {func(c *smpp.Config) { c.LongTexts = "sar" }, "smpp-long-texts "},
		"strange ids":        {func(c *smpp.Config) { c.MessageIDs = "octal" }, "smpp-message-ids "},
		"no CA file":         {func(c *smpp.Config) { c.TLS, c.CAFile = true, "/nowhere/ca.pem" }, "smpp-ca-file "},
		"CA in the clear":    {func(c *smpp.Config) { c.CAFile = "/nowhere/ca.pem" }, "smpp-ca-file "},
		"CA that is none":    {func(c *smpp.Config) { c.TLS, c.CAFile = true, "smpp.go" }, "smpp-ca-file "},
	} {
		c := config()
		test.change(&c)
		s := smpp.New(c)
		err := s.Check()
		if test.want == "" {
			if err != nil {
				t.Errorf("%s: Check = %v", name, err)
			}
			continue
		}
		if err == nil || !strings.Contains(err.Error(), test.want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: Check = %v, want only one with %q", name, err, test.want)
		}
		if _, err := s.Send(t.Context(), text()); sms.AsError(err).Class != sms.OtherRoute {
			t.Errorf("%s: Send = %v", name, err)
		}
	}
}

// TestValidity: the life of a text in the relative form, rounded down.
func TestValidity(t *testing.T) {
	t.Parallel()
	for _, life := range []time.Duration{
		time.Second, 90*time.Second + 999*time.Millisecond, 2 * time.Minute, time.Hour - time.Second, 25 * time.Hour, 1e6 * time.Hour,
	} {
		inBubble(t, nil, func(s *scene) {
			m := text()
			m.ValidFor = life
			if _, err := s.sender.Send(s.t.Context(), m); err != nil {
				s.t.Fatal(err)
			}
			got := time.Duration(s.smsc.Texts()[0].Validity) * time.Second
			if want := min(life.Truncate(time.Second), 28*24*time.Hour); got != want {
				s.t.Errorf("the server was told %v, want %v", got, want)
			}
		})
	}
}
