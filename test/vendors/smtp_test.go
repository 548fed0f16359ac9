package vendors_test

import (
	"bufio"
	"net"
	"strings"
	"testing"

	"github.com/thimble-auth/thimble/test/vendors"
)

// TestSMTPIsStrict talks to the server by hand: each line and the beginning of the answer to it.
func TestSMTPIsStrict(t *testing.T) {
	t.Parallel()
	const head = "From: a@x.test\r\nTo: b@x.test\r\nDate: Mon, 02 Jan 2006 15:04:05 +0000\r\nMessage-ID: <1@x.test>\r\n"
	begin := []string{"EHLO me", "250", "MAIL FROM:<a@x.test>", "250", "RCPT TO:<b@x.test>", "250", "DATA", "354"}
	for name, talk := range map[string][]string{
		"a mail":              append(begin, head+"Subject: Hi\r\n\r\nHello\r\n..\r\n.", "250", "QUIT", "221"),
		"no subject":          append(begin, head+"\r\nHello\r\n.", "550"),
		"two subjects":        append(begin, head+"Subject: 1\r\nSubject: 2\r\n\r\nHello\r\n.", "550"),
		"bare line feed":      {"EHLO me\nQUIT", "500"},
		"no hello":            {"MAIL FROM:<a@x.test>", "503"},
		"recipient first":     {"EHLO me", "250", "RCPT TO:<b@x.test>", "503"},
		"no brackets":         {"EHLO me", "250", "MAIL FROM:a@x.test", "501"},
		"TLS where none is":   {"EHLO me", "250", "STARTTLS", "503"},
		"login where none is": {"EHLO me", "250", "AUTH PLAIN AGEAYg==", "504"},
		"unknown":             {"VRFY a", "502"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := vendors.NewSMTP()
			near, far := net.Pipe()
			done := make(chan struct{})
			go func() { defer close(done); server.ServeConn(far) }()
			in := bufio.NewReader(near)
			if line, _ := in.ReadString('\n'); !strings.HasPrefix(line, "220 ") {
				t.Fatalf("greeting %q", line)
			}
			for i := 0; i < len(talk); i += 2 {
				go func() { _, _ = near.Write([]byte(talk[i] + "\r\n")) }()
				line := "-"
				for strings.Contains(line[:min(4, len(line))], "-") {
					line, _ = in.ReadString('\n')
				}
				if !strings.HasPrefix(line, talk[i+1]) {
					t.Fatalf("%q: %q, want %s", talk[i], line, talk[i+1])
				}
			}
			_ = near.Close()
			<-done
			if mails := server.Mails(); (name == "a mail") != (len(mails) == 1) {
				t.Errorf("%d mails", len(mails))
			} else if len(mails) == 1 && !strings.HasSuffix(string(mails[0].Raw), "\r\nHello\r\n.\r\n") {
				t.Errorf("content %q", mails[0].Raw)
			}
		})
	}
}
