package server

import (
	_ "embed"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/thimble-auth/thimble/internal/guard"
	"github.com/thimble-auth/thimble/internal/limit"
	"github.com/thimble-auth/thimble/internal/password"
	"github.com/thimble-auth/thimble/internal/phone"
	"github.com/thimble-auth/thimble/internal/project"
	"github.com/thimble-auth/thimble/internal/store"
)

//go:embed project_settings.go
var projectSettingsText string

// projectSet changes only what is given.
type projectSet struct {
	storage
	Project string `arg:"" help:"Id of the project."`
	// Name that people read in texts and mails.
	Name *string `name:"name"`
	settingFlags
}

// settingFlags are the settings of a project. The comments of the fields are what --help shows.
type settingFlags struct {
	// Countries that texts may go to, such as US,CA, or default.
	Countries []string `name:"countries" placeholder:"CC"`
	// What to do about texts to a country: allow, monitor (they go, and it is recorded that they would not have), block, or
	// default. May be given several times.
	CountryPolicy map[string]string `name:"country-policy" mapsep:"," placeholder:"CC=POLICY"`
	// What to do about a type of numbers: allow, monitor, block, or default. Types: landline, voip, personal, toll_free,
	// shared_cost, premium, pager, uan, voicemail, mobile, unknown.
	NumberTypes map[string]string `name:"number-type" mapsep:"," placeholder:"TYPE=POLICY"`
	// Countries that --countries and --country-policy let in only with --risky-countries, none, or default.
	UnsupportedCountries []string `name:"unsupported-countries" placeholder:"CC"`
	// Allow countries to which carriers deliver badly or where fraud is frequent.
	RiskyCountries bool `name:"risky-countries"`
	// A send limit: a number, none, or default. May be given several times; project list shows the names.
	Limits map[string]string `name:"limit" mapsep:"," placeholder:"NAME=N"`
	// US dollars that texts may cost a day (in UTC), half of which is for numbers that their member has not verified: an
	// amount, none, or default, which is 50 for unverified numbers and no end for verified ones.
	BudgetDay *string `name:"budget-day" placeholder:"USD"`
	// The same for texts to a country, such as US=20, beside the budget of all: an amount, none, or default, which is none.
	BudgetCountry map[string]string `name:"budget-country" mapsep:"," placeholder:"CC=USD"`
	// The same for an organization by its id, or for each that has none of its own, *=5.
	BudgetOrganization map[string]string `name:"budget-organization" mapsep:"," placeholder:"ID=USD"`
	// Ways of a code to a number, the preferred one first, each with the seconds until the next is tried when no report
	// came that it arrived: sms, whatsapp, voice, such as whatsapp:20,sms:30,voice. default is sms alone.
	Channels []string `name:"channels" placeholder:"CHANNEL:SECONDS"`
	// Let a test project refuse what a live one would.
	EnforceLimits *bool `name:"enforce-limits" negatable:""`
	// Wrong codes in a row that lock a member, 1 to 100. 0 is the default, 10.
	LockAfter *int64 `name:"lock-after" placeholder:"N"`
	// How long a lock lasts in minutes, 5 to 10080. 0 is the default, 60.
	LockMinutes *int64 `name:"lock-minutes" placeholder:"N"`
	// The longest session that a call may ask for, in minutes, 5 to 527040. 0 is the default, 527040.
	SessionMaxMinutes *int64 `name:"session-max-minutes" placeholder:"N"`
	// Domain whose pages may read codes out of texts. Empty for none.
	WebOTPDomain *string `name:"webotp-domain" placeholder:"HOST"`
	// SMS that a text may take whose wording is the project's own, 1 to 3. 0 is the default, 1.
	TextSegments *int64 `name:"text-segments" placeholder:"N"`
	// OpenID Connect userinfo endpoint of the system that sessions are migrated from. Empty for none.
	UserinfoURL *string `name:"userinfo-url" placeholder:"URL"`
	// Text a verified number without any session token.
	SendWithoutToken *bool `name:"send-without-token" negatable:""`
	// Let a send replace a number that nobody verified.
	ReplaceUnverifiedPhone *bool `name:"replace-unverified-phone" negatable:""`
	// How new passwords are judged: zxcvbn or luds.
	PasswordPolicy *string `name:"password-policy" placeholder:"POLICY"`
	// Characters that luds asks for, 8 to 32. 0 is the default, 8.
	PasswordMinLength *int64 `name:"password-min-length" placeholder:"N"`
	// Classes of characters that luds asks for, 1 to 4. 0 is the default, 3.
	PasswordMinComplexity *int64 `name:"password-min-complexity" placeholder:"N"`
	// Look new passwords up in the server's list of breached ones, if it has one.
	CheckBreachOnCreation *bool `name:"check-breach-on-creation" negatable:""`
	// Look passwords up there at each login, too.
	CheckBreachOnAuthentication *bool `name:"check-breach-on-authentication" negatable:""`
	// Have passwords reset at login that do not meet the policy any more.
	ValidateOnAuthentication *bool `name:"validate-on-authentication" negatable:""`
	// Give each address one password for all organizations. Cannot be changed once there are passwords.
	CrossOrgPasswords *bool `name:"cross-org-passwords" negatable:""`
}

// Run changes the settings and shows the result.
func (c *projectSet) Run(r *runner) error {
	return c.withProjects(r, func(s *project.Service) error {
		p, err := s.Update(r.ctx, c.Project, c.apply)
		if err != nil {
			return err
		}
		r.printf("%s", viewOf(p))
		return nil
	})
}

func (c *projectSet) apply(p *project.Project) error {
	s := &p.Settings
	set(&p.Name, c.Name)
	set(&s.EnforceLimits, c.EnforceLimits)
	set(&s.LockAfter, c.LockAfter)
	set(&s.LockMinutes, c.LockMinutes)
	set(&s.SessionMaxMinutes, c.SessionMaxMinutes)
	set(&s.WebOTPDomain, c.WebOTPDomain)
	set(&s.TextSegments, c.TextSegments)
	set(&s.UserinfoURL, c.UserinfoURL)
	set(&s.SendWithoutToken, c.SendWithoutToken)
	set(&s.ReplaceUnverifiedPhone, c.ReplaceUnverifiedPhone)
	c.applyPasswords(s)
	if err := c.applyCountries(s); err != nil {
		return err
	}
	if err := c.applyChannels(s); err != nil {
		return err
	}
	if err := c.applyBudgets(s); err != nil {
		return err
	}
	return c.applyLimits(s)
}

func (c *projectSet) applyPasswords(s *store.ProjectSettings) {
	set(&s.ValidationPolicy, c.PasswordPolicy)
	set(&s.LUDSMinLength, c.PasswordMinLength)
	set(&s.LUDSMinComplexity, c.PasswordMinComplexity)
	set(&s.ValidateOnAuthentication, c.ValidateOnAuthentication)
	set(&s.CrossOrgPasswords, c.CrossOrgPasswords)
	if c.CheckBreachOnCreation != nil {
		s.SkipBreachOnCreation = !*c.CheckBreachOnCreation
	}
	if c.CheckBreachOnAuthentication != nil {
		s.SkipBreachOnAuthentication = !*c.CheckBreachOnAuthentication
	}
}

func set[T any](to, from *T) {
	if from != nil {
		*to = *from
	}
}

func (c *projectSet) applyCountries(s *store.ProjectSettings) error {
	s.Countries = applyList(s.Countries, c.Countries)
	s.UnsupportedCountries = applyList(s.UnsupportedCountries, c.UnsupportedCountries)
	s.CountryPolicy = applyPolicies(s.CountryPolicy, c.CountryPolicy, strings.ToUpper)
	s.NumberTypes = applyPolicies(s.NumberTypes, c.NumberTypes, strings.ToLower)
	if len(c.Countries) == 0 && len(c.CountryPolicy) == 0 {
		return nil
	}
	if err := project.CheckSettings(s); err != nil {
		return err
	}
	if risky := project.RiskyCountries(s); len(risky) > 0 && !c.RiskyCountries {
		return fmt.Errorf("carriers deliver badly to %s, or fraud is frequent there: add --risky-countries if you mean it",
			strings.Join(risky, ", "))
	}
	return nil
}

// applyList gives the list that a flag asks for: sorted country codes, none, or nil for the default.
func applyList(now, given []string) []string {
	if len(given) == 0 {
		return now
	}
	if slices.Equal(given, []string{"default"}) || slices.Equal(given, []string{project.NoCountries}) {
		return slices.DeleteFunc(slices.Clone(given), func(word string) bool { return word == "default" })
	}
	list := make([]string, 0, len(given))
	for _, cc := range given {
		list = append(list, strings.ToUpper(strings.TrimSpace(cc)))
	}
	slices.Sort(list)
	return slices.Compact(list)
}

// applyPolicies gives the policies with those that a flag changes.
func applyPolicies(now, given map[string]string, name func(string) string) map[string]string {
	all := maps.Clone(now) // change may run again
	if all == nil {
		all = map[string]string{}
	}
	for key, policy := range given {
		all[name(key)] = policy
		if policy == "default" {
			delete(all, name(key))
		}
	}
	return all
}

func (c *projectSet) applyChannels(s *store.ProjectSettings) error {
	if len(c.Channels) == 0 {
		return nil
	}
	s.Channels = nil
	if slices.Equal(c.Channels, []string{"default"}) {
		return nil
	}
	for _, text := range c.Channels {
		name, wait, timed := strings.Cut(strings.TrimSpace(text), ":")
		seconds, err := strconv.ParseInt(wait, 10, 64)
		if timed && (err != nil || seconds <= 0) {
			return fmt.Errorf("%q: want a channel and seconds, such as sms:30", text)
		}
		s.Channels = append(s.Channels, store.ChannelWait{Channel: name, Seconds: seconds})
	}
	return nil
}

func (c *projectSet) applyLimits(s *store.ProjectSettings) error {
	s.Limits = maps.Clone(s.Limits) // change may run again
	if s.Limits == nil {
		s.Limits = map[string]int64{}
	}
	for name, text := range c.Limits {
		n, err := strconv.ParseInt(text, 10, 64)
		switch {
		case text == "none":
			s.Limits[name] = -1
		case text == "default":
			delete(s.Limits, name)
		case err != nil || n < 0:
			return fmt.Errorf("the limit %s must be a number of sends, none, or default", name)
		default:
			s.Limits[name] = n
		}
	}
	return nil
}

// projectView is a project as people and scripts see it, defaults filled in.
type projectView struct {
	ProjectID              string              `json:"project_id"`
	Env                    string              `json:"env"`
	Name                   string              `json:"name"`
	PublicToken            string              `json:"public_token"`
	CreatedAt              string              `json:"created_at"`
	Countries              []string            `json:"countries"`
	CountryPolicy          map[string]string   `json:"country_policy"`
	NumberTypes            map[string]string   `json:"number_types"`
	UnsupportedCountries   []string            `json:"unsupported_countries"`
	Channels               []store.ChannelWait `json:"channels"`
	Limits                 map[string]int64    `json:"limits"`
	Budgets                map[string]int64    `json:"budgets_micros"`
	EnforceLimits          bool                `json:"enforce_limits"`
	LockAfter              int64               `json:"lock_after"`
	LockMinutes            int64               `json:"lock_minutes"`
	SessionMaxMinutes      int64               `json:"session_max_minutes"`
	WebOTPDomain           string              `json:"webotp_domain"`
	TextSegments           int64               `json:"text_segments"`
	UserinfoURL            string              `json:"userinfo_url"`
	SendWithoutToken       bool                `json:"send_without_token"`
	ReplaceUnverifiedPhone bool                `json:"replace_unverified_phone"`
	RedirectURLs           []store.RedirectURL `json:"redirect_urls"`
	Passwords              passwordView        `json:"passwords"`
}

// passwordView holds the rules for passwords.
type passwordView struct {
	Policy           string `json:"validation_policy"`
	MinLength        int    `json:"luds_min_password_length"`
	MinComplexity    int    `json:"luds_min_password_complexity"`
	BreachOnCreation bool   `json:"check_breach_on_creation"`
	BreachOnAuth     bool   `json:"check_breach_on_authentication"`
	ValidateOnAuth   bool   `json:"validate_on_authentication"`
	CrossOrg         bool   `json:"cross_org_passwords"`
}

func passwordsOf(s *store.ProjectSettings) passwordView {
	v := passwordView{
		Policy: s.ValidationPolicy, MinLength: password.MinLength(s), MinComplexity: password.MinComplexity(s),
		BreachOnCreation: !s.SkipBreachOnCreation, BreachOnAuth: !s.SkipBreachOnAuthentication,
		ValidateOnAuth: s.ValidateOnAuthentication, CrossOrg: s.CrossOrgPasswords,
	}
	if v.Policy == "" {
		v.Policy = project.PasswordPolicies[0]
	}
	return v
}

// line says it in one line for people.
func (v passwordView) line() string {
	rule := "a score of 3 by zxcvbn"
	if v.Policy == password.PolicyLUDS {
		rule = fmt.Sprintf("%d characters of %d classes", v.MinLength, v.MinComplexity)
	}
	return fmt.Sprintf("%s; breach check when chosen: %t, at login: %t; validate at login: %t; in all organizations: %t",
		rule, v.BreachOnCreation, v.BreachOnAuth, v.ValidateOnAuth, v.CrossOrg)
}

func viewOf(p *project.Project) projectView {
	s := &p.Settings
	v := projectView{
		ProjectID: p.ID, Env: string(p.Env), Name: p.Name, PublicToken: p.PublicToken, CreatedAt: stamp(p.CreatedAt),
		Countries: s.Countries, Limits: limit.Defaults(), EnforceLimits: s.EnforceLimits || p.Live(),
		LockAfter: s.LockAfter, LockMinutes: s.LockMinutes, SessionMaxMinutes: s.SessionMaxMinutes,
		WebOTPDomain: s.WebOTPDomain, TextSegments: max(s.TextSegments, 1), UserinfoURL: s.UserinfoURL, SendWithoutToken: s.SendWithoutToken,
		ReplaceUnverifiedPhone: s.ReplaceUnverifiedPhone, RedirectURLs: append([]store.RedirectURL{}, s.RedirectURLs...),
	}
	v.Passwords = passwordsOf(s)
	v.CountryPolicy, v.NumberTypes = s.CountryPolicy, map[string]string{}
	if v.CountryPolicy == nil {
		v.CountryPolicy = map[string]string{}
	}
	for _, kind := range phone.Kinds {
		v.NumberTypes[string(kind)] = guard.KindPolicy(s, kind)
	}
	if v.UnsupportedCountries = s.UnsupportedCountries; len(v.UnsupportedCountries) == 0 {
		v.UnsupportedCountries = []string{"default"}
	}
	v.Channels = channelsOf(s)
	v.Budgets = budgetsOf(s)
	maps.Copy(v.Limits, s.Limits)
	budget := limit.GuessBudget(s)
	v.LockAfter, v.LockMinutes = budget.InARow, int64(budget.Lock/time.Minute)
	if len(v.Countries) == 0 {
		v.Countries = guard.DefaultCountries
	}
	if v.SessionMaxMinutes == 0 {
		v.SessionMaxMinutes = project.MaxSessionMinutes
	}
	return v
}

// channelsOf gives the channels of a code with their waits.
func channelsOf(s *store.ProjectSettings) []store.ChannelWait {
	channels := slices.Clone(s.Channels)
	if len(channels) == 0 {
		channels = []store.ChannelWait{{Channel: project.Channels[0]}}
	}
	for i := range channels {
		if channels[i].Seconds == 0 {
			channels[i].Seconds = project.DefaultChannelSeconds
		}
	}
	return channels
}

// String writes the view for people.
func (v projectView) String() string {
	var b strings.Builder
	line := func(name string, value any) { fmt.Fprintf(&b, "  %-26s%v\n", name, value) }

	fmt.Fprintf(&b, "%s  %s\n", v.ProjectID, v.Name)
	line("env", v.Env)
	line("public token", v.PublicToken)
	line("made", v.CreatedAt)
	line("countries", strings.Join(v.Countries, ","))
	line("country policy", pairs(v.CountryPolicy))
	line("number types", pairs(v.NumberTypes))
	line("unsupported countries", strings.Join(v.UnsupportedCountries, ","))
	channels := make([]string, len(v.Channels))
	for i, c := range v.Channels {
		channels[i] = fmt.Sprintf("%s:%d", c.Channel, c.Seconds)
	}
	line("channels", strings.Join(channels, ","))
	for _, name := range slices.Sorted(maps.Keys(v.Limits)) {
		n := strconv.FormatInt(v.Limits[name], 10)
		if v.Limits[name] < 0 {
			n = "none"
		}
		line("limit "+name, n)
	}
	for _, key := range slices.Sorted(maps.Keys(v.Budgets)) {
		line("budget "+key, dollars(v.Budgets[key])+" a day")
	}
	line("enforce limits", v.EnforceLimits)
	line("lock", fmt.Sprintf("after %d wrong codes, for %d minutes", v.LockAfter, v.LockMinutes))
	line("session max minutes", v.SessionMaxMinutes)
	line("webotp domain", orDash(v.WebOTPDomain))
	line("text segments", v.TextSegments)
	line("userinfo url", orDash(v.UserinfoURL))
	line("send without token", v.SendWithoutToken)
	line("replace unverified phone", v.ReplaceUnverifiedPhone)
	line("passwords", v.Passwords.line())
	for _, u := range v.RedirectURLs {
		line("redirect", u.URL)
	}
	return b.String()
}

// pairs writes a map in one line.
func pairs(m map[string]string) string {
	all := make([]string, 0, len(m))
	for _, key := range slices.Sorted(maps.Keys(m)) {
		all = append(all, key+"="+m[key])
	}
	return orDash(strings.Join(all, ","))
}

// stamp writes a time for people.
func stamp(t time.Time) string {
	if t.IsZero() {
		return "-"
	}
	return t.UTC().Format(time.RFC3339)
}
