package sms

import "testing"

func TestIsSender(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]bool{
		"+12025550100": true, "+442079460000": true, "12345": true, "123": true, "12345678": true, "Acme": true, "Acme Co 24": true,
		"A": true, "4Acme": true,

		"": false, "+": false, "+012025550100": false, "+1202": false, "+1202555010012345": false, "12025550100": false, "12": false,
		"Acme & Co": false, "Acme Brothers": false, "+Acme": false, " ": false, "Åcme": false, "Acme\n": false,
	} {
		if got := IsSender(text, " "); got != want {
			t.Errorf("%q: %v, want %v", text, got, want)
		}
	}
	if IsSender("Acme Co", "") || !IsSender("Acme-Co", "-") {
		t.Error("the provider's signs are not heeded")
	}
}
