package server

import (
	"net"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/thimble-auth/thimble/test/vendors"
)

// TestDoctorOfSMPP: the account is bound for a moment, and what is wrong is told by the setting's name.
func TestDoctorOfSMPP(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		prepare  func(*vendors.SMSC)
		settings []string
		want     []string // all lines of smpp that are not ok
		binds    int
	}{
		"good":              {binds: 1},
		"wrong password":    {settings: []string{"THIMBLE_SMPP_PASSWORD=x"}, want: []string{"wrong smpp-password"}},
		"wrong name":        {settings: []string{"THIMBLE_SMPP_SYSTEM_ID=x"}, want: []string{"wrong smpp-system-id"}},
		"nobody there":      {settings: []string{"THIMBLE_SMPP_ADDRESS=127.0.0.1:1"}, want: []string{"wrong smpp-address"}},
		"bound already":     {prepare: func(s *vendors.SMSC) { s.Bind.Store(5) }, want: []string{"warning smpp-system-id"}},
		"not now":           {prepare: func(s *vendors.SMSC) { s.Bind.Store(8) }, want: []string{"warning smpp-address"}},
		"TLS where none is": {settings: []string{"THIMBLE_SMPP_TLS=true"}, want: []string{"wrong smpp-address"}},
		"half an account": {
			settings: []string{
				"THIMBLE_SMPP_ADDRESS=smsc", "THIMBLE_SMPP_PASSWORD=much too long", "THIMBLE_SMPP_FROM=+1",
				"THIMBLE_SMPP_FROM_TYPE=7/1", "THIMBLE_SMPP_WINDOW=0x", "THIMBLE_SMPP_ALPHABET=ebcdic", "THIMBLE_SMPP_CA_FILE=x",
			},
			want: []string{
				"wrong smpp-window", "wrong smpp-address", "wrong smpp-ca-file", "wrong smpp-password", "wrong smpp-from",
				"wrong smpp-from-type", "wrong smpp-alphabet",
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ln, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = ln.Close() }()
			smsc := vendors.NewSMSC()
			if test.prepare != nil {
				test.prepare(smsc)
			}
			go smsc.Serve(ln)
			environ, _ := production(t)
			environ = append(environ,
				"THIMBLE_PUBLIC_URL=https://1.1.1.1", "THIMBLE_SMPP_ADDRESS="+ln.Addr().String(),
				"THIMBLE_SMPP_SYSTEM_ID="+vendors.SMSCSystem, "THIMBLE_SMPP_PASSWORD="+vendors.SMSCPassword,
				"THIMBLE_SMPP_FROM="+vendors.SMSCFrom)
			stdout, stderr, _ := thimble(t, append(environ, test.settings...), "doctor")
			var got []string
			for line := range strings.Lines(stdout) {
				fields := strings.Fields(line)
				if fields[0] != "ok" && strings.HasPrefix(fields[1], "smpp") {
					got = append(got, fields[0]+" "+fields[1])
				}
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("%s\n%s", diff, stdout)
			}
			if strings.Contains(stdout+stderr, vendors.SMSCPassword) {
				t.Error("the password shows")
			}
			hello := strings.HasPrefix(name, "TLS") // is no unit
			if smsc.Binds() != test.binds || len(smsc.Texts()) > 0 || len(smsc.Violations()) > 0 != hello {
				t.Errorf("%d binds, %d texts, violations %q", smsc.Binds(), len(smsc.Texts()), smsc.Violations())
			}
		})
	}
}
