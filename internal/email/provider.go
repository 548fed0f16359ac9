package email

import (
	"strings"

	"golang.org/x/net/publicsuffix"
)

// common are mail providers that anybody can have an address at, by the label before the public suffix.
var common = map[string]bool{
	"aol": true, "att": true, "bol": true, "comcast": true, "earthlink": true, "free": true, "gmail": true, "gmx": true,
	"googlemail": true, "hey": true, "hotmail": true, "icloud": true, "ig": true, "laposte": true, "libero": true,
	"live": true, "mac": true, "mail": true, "me": true, "msn": true, "orange": true, "outlook": true,
	"rediffmail": true, "sbcglobal": true, "uol": true, "verizon": true, "wanadoo": true, "yahoo": true, "yandex": true,
	"ymail": true,
}

// CommonProvider reports whether strangers share the domain (gmail.com, yahoo.co.uk), so that having an address there
// says nothing about belonging to an organization. The domain is one that ParseDomain gave.
func CommonProvider(domain string) bool {
	suffix, _ := publicsuffix.PublicSuffix(domain)
	rest, ok := strings.CutSuffix(domain, "."+suffix)
	if !ok {
		return false
	}
	return common[rest[strings.LastIndexByte(rest, '.')+1:]]
}
