package notify

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/thimble-auth/thimble/internal/phone"
	"github.com/thimble-auth/thimble/internal/sms"
	"github.com/thimble-auth/thimble/internal/store"
)

// SMSRoute is a provider of texts and where it may be used.
type SMSRoute struct {
	Sender sms.Sender
	// Countries are ISO 3166-1 alpha-2 codes; none means all.
	Countries []string
}

func (r *SMSRoute) serves(country string) bool {
	return len(r.Countries) == 0 || slices.Contains(r.Countries, country)
}

// Routes are lists of providers, the preferred one first, by where a number is: in a prefix such as +1876, in a country
// such as US, or anywhere, *. A longer prefix comes before a shorter one, a prefix before a country.
type Routes map[string][]string

// Anywhere is the key of Routes for numbers that have no list of their own.
const Anywhere = "*"

// ParseRoutes reads lists such as US=vonage>twilio. The error tells everything that is wrong with them.
func ParseRoutes(lines []string, providers []SMSRoute) (Routes, error) {
	routes, problems := Routes{}, problems{}
	for _, line := range lines {
		where, list, ok := strings.Cut(line, "=")
		where = strings.ToUpper(strings.TrimSpace(where))
		if !ok || !isPlace(where) {
			problems.add("%q: want a country, a prefix or * and its providers, such as US=vonage>twilio or +1876=telnyx", line)
			continue
		}
		if routes[where] != nil {
			problems.add("%s has two lists", where)
		}
		for name := range strings.SplitSeq(list, ">") {
			name = strings.TrimSpace(name)
			problems.check(where, name, routes[where], providers)
			routes[where] = append(routes[where], name)
		}
	}
	return routes, problems.err()
}

// isPlace tells whether a list may have that key.
func isPlace(where string) bool {
	digits, prefix := strings.CutPrefix(where, "+")
	if prefix {
		return len(digits) > 0 && len(digits) <= 15 && strings.Trim(digits, "0123456789") == ""
	}
	return where == Anywhere || phone.ValidRegion(where)
}

// problems are those of a set of routes.
type problems []string

func (p *problems) add(format string, args ...any) { *p = append(*p, fmt.Sprintf(format, args...)) }

func (p *problems) check(where, name string, before []string, providers []SMSRoute) {
	i := slices.IndexFunc(providers, func(r SMSRoute) bool { return r.Sender.Name() == name })
	switch {
	case i < 0:
		var names []string
		for _, r := range providers {
			names = append(names, r.Sender.Name())
		}
		p.add("%s names the provider %q, which is not set up; set up: %s", where, name, strings.Join(names, ", "))
	case slices.Contains(before, name):
		p.add("%s names %s twice", where, name)
	case len(where) == 2 && !providers[i].serves(where):
		p.add("%s names %s, whose own countries leave it out", where, name)
	}
}

func (p problems) err() error {
	if len(p) == 0 {
		return nil
	}
	return fmt.Errorf("sms-routes: %s", strings.Join(p, "; "))
}

// Preference is what is known of how well providers serve.
type Preference interface {
	// Prefer puts the better providers for a country first.
	Prefer(country string, senders []sms.Sender)
	// Begin tells which of n providers, the best one first, a text begins with.
	Begin(n int) int
}

// names gives the list for a number; all tells that there are no lists at all, and so no list that leaves it out.
func (r Routes) names(country, number string) (list []string, all bool) {
	if len(r) == 0 {
		return nil, true
	}
	for n := len(number); n > 1; n-- {
		if list, ok := r[number[:n]]; ok {
			return list, false
		}
	}
	if list, ok := r[country]; ok {
		return list, false
	}
	return r[Anywhere], false
}

// leg is one of the ways of a text: a provider, and how long its report is waited for before the next way is gone.
type leg struct {
	sender  sms.Sender
	channel int // counts the project's channels from 0
	wait    time.Duration
}

// justSMS is what a project that sets no channels has.
var justSMS = []store.ChannelWait{{Channel: string(sms.SMS)}}

// legs are the ways to a number, by the project's channels, the preferred one first. Those of live projects and those of
// test projects have nothing in common.
func (s *Service) legs(live bool, country, number string, channels []store.ChannelWait) []leg {
	if len(channels) == 0 {
		channels = justSMS
	}
	senders := s.rehearsed()
	if live {
		senders = s.senders(country, number)
		if s.o.Learned != nil {
			s.o.Learned.Prefer(country, senders)
		}
	}
	legs := make([]leg, 0, len(senders))
	for i, c := range channels {
		wait := receiptWait
		if c.Seconds > 0 {
			wait = time.Duration(c.Seconds) * time.Second
		}
		for _, sender := range senders {
			if string(sender.Channel()) == c.Channel {
				legs = append(legs, leg{sender, i, wait})
			}
		}
	}
	return legs
}

// senders are the providers for a number on all channels, the preferred one first.
func (s *Service) senders(country, number string) []sms.Sender {
	names, all := s.o.Routes.names(country, number)
	senders := make([]sms.Sender, 0, len(s.o.SMS))
	if !all {
		for _, name := range names {
			if i := slices.IndexFunc(s.o.SMS, func(r SMSRoute) bool { return r.Sender.Name() == name && r.serves(country) }); i >= 0 {
				senders = append(senders, s.o.SMS[i].Sender)
			}
		}
		return senders
	}
	for i := range s.o.SMS {
		if s.o.SMS[i].serves(country) {
			senders = append(senders, s.o.SMS[i].Sender)
		}
	}
	return senders
}

// legsOf are the ways of a text that was decided on before.
func (s *Service) legsOf(m *store.Message, c *Content) []leg {
	if m.Channel == store.ChannelEmail {
		return nil
	}
	return s.legs(!isTest(m.ID), m.Country, m.Recipient, c.Channels)
}

// Route tells which provider a message would go to first, and whether there is one. A text's country is that of its
// number; the number is in E.164 form, or "" to ask about the country as a whole.
func (s *Service) Route(p *store.Project, channel, country, number string) (provider string, ok bool) {
	if !p.Live() && (channel == store.ChannelEmail || !s.rehearsing()) {
		return ProviderInbox, true
	}
	if channel == store.ChannelEmail {
		return ProviderSMTP, s.o.Mail != nil
	}
	legs := s.legs(p.Live(), country, number, p.Settings.Channels)
	if len(legs) == 0 {
		return "", false
	}
	if p.Live() && s.o.Learned != nil {
		same := slices.IndexFunc(legs, func(l leg) bool { return l.channel != legs[0].channel })
		if same < 0 {
			same = len(legs)
		}
		i := s.o.Learned.Begin(same)
		legs[0], legs[i] = legs[i], legs[0]
	}
	if provider, ok = s.next(legs, nil); ok {
		return provider, true
	}
	return legs[0].sender.Name(), true
}

// Outage tells whether no provider has taken a text to the number for a while, and when it is worth asking again: a code
// that is accepted now would be old before it left. One text now and then is let through, to find out.
func (s *Service) Outage(p *store.Project, country, number string) (wait time.Duration, out bool) {
	if !p.Live() && !s.rehearsing() {
		return 0, false
	}
	now := s.o.DB.Now()
	for i, l := range s.legs(p.Live(), country, number, p.Settings.Channels) {
		w, out := s.health[l.sender.Name()].outage(now)
		if !out {
			return 0, false
		}
		if i == 0 || w < wait {
			wait = w
		}
	}
	return wait, wait > 0
}

// next gives the first of the ways that has not been tried in this round and is not left alone. One that only keeps
// silent is better than none.
func (s *Service) next(legs []leg, tried []string) (provider string, ok bool) {
	now := s.o.DB.Now()
	for _, l := range legs {
		name := l.sender.Name()
		if slices.Contains(tried, name) {
			continue
		}
		broken, silent := s.health[name].wait(now)
		if broken == 0 && !silent {
			return name, true
		}
		if broken == 0 && !ok {
			provider, ok = name, true
		}
	}
	return provider, ok
}

// second gives the way of a text whose first one is lost, or has not reported in time: of the next channel if there is
// one, else another provider of the same.
func (s *Service) second(legs []leg, provider string) (next string, ok bool) {
	i := find(legs, provider)
	if i < 0 {
		return s.next(legs, []string{provider})
	}
	for channel := legs[i].channel + 1; channel <= legs[len(legs)-1].channel; channel++ {
		later := slices.DeleteFunc(slices.Clone(legs), func(l leg) bool { return l.channel != channel })
		if next, ok = s.next(later, nil); ok {
			return next, true
		}
	}
	same := slices.DeleteFunc(slices.Clone(legs), func(l leg) bool { return l.channel != legs[i].channel })
	return s.next(same, []string{provider})
}

// find gives the place of a provider among the ways, -1 when it is none of them.
func find(legs []leg, provider string) int {
	return slices.IndexFunc(legs, func(l leg) bool { return l.sender.Name() == provider })
}

func (s *Service) sender(provider string) sms.Sender {
	for _, r := range s.o.SMS {
		if r.Sender.Name() == provider {
			return r.Sender
		}
	}
	for _, sender := range s.rehearsed() {
		if sender.Name() == provider {
			return sender
		}
	}
	return nil
}
