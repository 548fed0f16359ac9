package webhook

import (
	"errors"
	"net/url"

	"github.com/thimble-auth/thimble/internal/signature"
)

// check reports all that is wrong with the settings at once, each by its name.
func check(c Config) (*url.URL, signature.Keys, error) {
	var problems []error
	u, err := target(c)
	if err != nil {
		problems = append(problems, err)
	}
	ring, err := readKeys(c.setting(), c.Secret.Reveal())
	if err != nil {
		problems = append(problems, err)
	}
	if c.HTTP == nil || c.Now == nil {
		problems = append(problems, errors.New(c.setting()+": no HTTP client or no clock"))
	}
	return u, ring, errors.Join(problems...)
}

// setting is how the names of the settings begin.
func (c *Config) setting() string {
	if c.Setting == "" {
		return "sms-webhook"
	}
	return c.Setting
}

// target reads the URL. It may have a path and a query, which are the operator's own.
func target(c Config) (*url.URL, error) {
	u, err := url.Parse(c.URL)
	if err != nil || u.Hostname() == "" || u.User != nil || u.Fragment != "" || u.Scheme != "https" && u.Scheme != "http" {
		return nil, errors.New(c.setting() + "-url must be https://HOST/PATH, without credentials")
	}
	// Texts hold codes; they must not cross the internet in the clear. Inside a network it is for its owner to say.
	if u.Scheme == "http" && !c.Private {
		return nil, errors.New(c.setting() + "-url must be https, or " + c.setting() + "-allow-private must be set")
	}
	return u, nil
}

func readKeys(setting, text string) (signature.Keys, error) {
	ring, right := signature.Read(text)
	switch {
	case !right:
		return nil, errors.New(setting + "-secret must be whsec_ and 24 to 64 random bytes in base64; " +
			"make one with `echo whsec_$(openssl rand -base64 32)`")
	case len(ring) == 0:
		return nil, errors.New(setting + "-secret is missing; make one with `echo whsec_$(openssl rand -base64 32)`")
	}
	return ring, nil
}
