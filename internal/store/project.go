package store

import (
	"context"
	"strings"
	"time"

	"github.com/thimble-auth/thimble/internal/ids"
	"github.com/thimble-auth/thimble/internal/sqldb"
)

// Project is a tenant of this server: its credentials, settings and everything below it are its own.
type Project struct {
	ID          string
	Env         ids.Env
	Name        string
	PublicToken string
	Settings    ProjectSettings
	// Listens are the kinds of events that its webhooks want, and patterns of them; see package event.
	Listens   []string
	CreatedAt time.Time
	UpdatedAt time.Time
}

// Live reports whether the project's messages go to real carriers.
func (p *Project) Live() bool { return p.Env == ids.Live }

// ProjectSettings are kept as JSON. A zero value means the default, so that a new field needs no migration.
type ProjectSettings struct {
	// Countries that texts may go to, ISO 3166-1 alpha-2. Default US and CA.
	Countries []string `json:"countries,omitempty"`
	// CountryPolicy says for a country allow, monitor (texts go, and it is recorded that they would not have) or block.
	// It goes before Countries.
	CountryPolicy map[string]string `json:"country_policy,omitempty"`
	// UnsupportedCountries replaces the built-in list of countries that nobody allows by accident; see package phone.
	// A list of nothing but "none" is an empty one.
	UnsupportedCountries []string `json:"unsupported_countries,omitempty"`
	// NumberTypes says allow, monitor or block for a type of numbers, see package guard. A missing type means its default.
	NumberTypes map[string]string `json:"number_types,omitempty"`
	// Limits by name, see package limit. A missing name means its default, a negative value means no limit.
	Limits map[string]int64 `json:"limits,omitempty"`
	// Budgets are how much may be spent on texts a day. Default: guard.DefaultUnverified for numbers that nobody verified.
	Budgets BudgetSettings `json:"budgets_micros,omitempty"`
	// EnforceLimits makes a test project refuse what a live one would. Live projects always enforce.
	EnforceLimits bool `json:"enforce_limits,omitempty"`
	// LockAfter is how many wrong codes in a row lock a member, 1 to 100. Default 10.
	LockAfter int64 `json:"lock_after,omitempty"`
	// LockMinutes is how long a lock lasts, 5 to 10080. Default 60.
	LockMinutes int64 `json:"lock_minutes,omitempty"`
	// SessionMaxMinutes caps the duration that a caller may ask for. Default 527040.
	SessionMaxMinutes int64 `json:"session_max_minutes,omitempty"`
	// WebOTPDomain makes texts end with a line that browsers read: @domain #code.
	WebOTPDomain string `json:"webotp_domain,omitempty"`
	// Channels are the ways of a code to a number, the preferred one first. Default SMS alone.
	Channels []ChannelWait `json:"channels,omitempty"`
	// TextSegments is how many SMS a text may take whose wording is the project's own, 1 to 3. Default 1.
	TextSegments int64 `json:"text_segments,omitempty"`
	// Texts are what the project's texts say.
	Texts TextSettings `json:"texts,omitzero"`
	// UserinfoURL is where sessions of another system are migrated from: an OpenID Connect userinfo endpoint. Default none.
	UserinfoURL string `json:"userinfo_url,omitempty"`
	// TrustedTokens are the issuers whose tokens become sessions.
	TrustedTokens []TrustedTokenProfile `json:"trusted_tokens,omitempty"`
	// RedirectURLs are where links may lead.
	RedirectURLs []RedirectURL `json:"redirect_urls,omitempty"`
	// SendWithoutToken allows a text to a verified number without any session token.
	SendWithoutToken bool `json:"send_without_token,omitempty"`
	// ValidationPolicy decides which new passwords are good enough: zxcvbn (a score of 3) or luds. Default zxcvbn.
	ValidationPolicy string `json:"validation_policy,omitempty"`
	// LUDSMinLength is the least number of characters under luds, 8 to 32. Default 8.
	LUDSMinLength int64 `json:"luds_min_password_length,omitempty"`
	// LUDSMinComplexity is the least number of classes (lower, upper, digit, symbol) under luds, 1 to 4. Default 3.
	LUDSMinComplexity int64 `json:"luds_min_password_complexity,omitempty"`
	// SkipBreachOnCreation takes new passwords without looking them up in the server's breach file.
	SkipBreachOnCreation bool `json:"skip_breach_on_creation,omitempty"`
	// SkipBreachOnAuthentication lets members in without looking their password up there.
	SkipBreachOnAuthentication bool `json:"skip_breach_on_authentication,omitempty"`
	// ValidateOnAuthentication makes members whose password does not meet the policy any more reset it.
	ValidateOnAuthentication bool `json:"validate_on_authentication,omitempty"`
	// CrossOrgPasswords gives each address one password for all organizations, instead of each member one.
	CrossOrgPasswords bool `json:"cross_org_passwords,omitempty"`
	// ReplaceUnverifiedPhone allows a send to replace a number that nobody verified yet.
	ReplaceUnverifiedPhone bool `json:"replace_unverified_phone,omitempty"`
}

// The words of a policy.
const (
	PolicyAllow   = "allow"
	PolicyMonitor = "monitor" // let it go, and record that it would have been refused
	PolicyBlock   = "block"
)

// ChannelWait is a way of a code, and how long a report that it arrived is waited for before the next way is gone.
type ChannelWait struct {
	// Channel is sms, whatsapp or voice.
	Channel string `json:"channel"`
	// Seconds to wait. Default 30.
	Seconds int64 `json:"wait_seconds,omitempty"`
}

// TextSettings are what texts say instead of the words of this server: those of a project, or of an organization.
type TextSettings struct {
	// DisplayName is the name in texts. "" is that of the project.
	DisplayName string `json:"display_name,omitempty"`
	// Templates by language, see package wording.
	Templates map[string]string `json:"templates,omitempty"`
}

// RedirectURL is a place that links of some purposes may lead to.
type RedirectURL struct {
	URL string `json:"url"`
	// Purposes: login, signup, invite, discovery, reset_password.
	Purposes []string `json:"purposes"`
	// Defaults: the purposes for which this URL is used when a call names none.
	Defaults []string `json:"defaults,omitempty"`
}

// TrustedTokenProfile is an issuer whose tokens become sessions.
type TrustedTokenProfile struct {
	ID   string `json:"profile_id"`
	Name string `json:"name"`
	// Issuer and Audience are what tokens must say in iss and aud.
	Issuer   string `json:"issuer"`
	Audience string `json:"audience"`
	// JWKSURL is where the issuer publishes its keys; else PEMKeys are its keys, up to five.
	JWKSURL string   `json:"jwks_url,omitempty"`
	PEMKeys []string `json:"pem_keys,omitempty"`
	// Claims says in which claim of a token something is: email and token_id, which are needed, and organization_id,
	// external_member_id and role_ids.
	Claims map[string]string `json:"attribute_mapping"`
	// JIT makes members of strangers, and organizations of unknown names.
	JIT bool `json:"can_jit_provision,omitempty"`
}

const projectColumns = `id, env, name, public_token, settings, created_at, updated_at`

// projectRead are the columns that are read: what webhooks want begins empty.
const projectRead = projectColumns + `, listens`

var (
	sqlProject = sqldb.SQL("project", `SELECT `+projectRead+` FROM projects WHERE id = $1`)

	sqlProjects = sqldb.SQL("projects", `SELECT `+projectRead+` FROM projects WHERE id > $1 ORDER BY id LIMIT 1000`)

	sqlInsertProject = sqldb.SQL("insert_project", `
		INSERT INTO projects (`+projectColumns+`) VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING`)

	sqlUpdateProject = sqldb.SQL("update_project", `
		UPDATE projects SET name = $2, settings = $3, updated_at = $4 WHERE id = $1 AND updated_at = $5`)

	sqlProjectListens = sqldb.SQL("project_listens", `
		UPDATE projects SET listens = $2, updated_at = $3 WHERE id = $1 AND updated_at = $4`)

	sqlProjectSecrets = sqldb.SQL("project_secrets", `
		SELECT id, hash, created_at FROM project_secrets WHERE project_id = $1 ORDER BY id`)

	sqlInsertProjectSecret = sqldb.SQL("insert_project_secret", `
		INSERT INTO project_secrets (id, project_id, hash, created_at) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING`)

	sqlDeleteProjectSecret = sqldb.SQL("delete_project_secret", `
		DELETE FROM project_secrets WHERE project_id = $1 AND id = $2`)
)

// ProjectSecret is a credential of a project: only its SHA-256 is kept.
type ProjectSecret struct {
	ID        string
	Hash      []byte
	CreatedAt time.Time
}

func scanProject(scan func(...any) error) (*Project, error) {
	var (
		p                Project
		env, settings    string
		listens          string
		created, updated int64
	)
	if err := scan(&p.ID, &env, &p.Name, &p.PublicToken, &settings, &created, &updated, &listens); err != nil {
		return nil, err
	}
	p.Listens = strings.Fields(listens)
	p.Env, p.CreatedAt, p.UpdatedAt = ids.Env(env), fromMicros(created), fromMicros(updated)
	return &p, fromJSON(settings, &p.Settings)
}

// Project gives a project, or ErrNotFound.
func (tx *Tx) Project(ctx context.Context, id string) (*Project, error) {
	return scanProject(func(dest ...any) error { return tx.QueryRow(ctx, sqlProject, []any{id}, dest...) })
}

// Projects gives all projects, up to a thousand, ordered by id.
func (tx *Tx) Projects(ctx context.Context) ([]*Project, error) {
	var all []*Project
	err := tx.Query(ctx, sqlProjects, []any{""}, func(scan func(...any) error) error {
		p, err := scanProject(scan)
		all = append(all, p)
		return err
	})
	return all, err
}

// InsertProject adds a project and reports whether its id was free.
func (tx *Tx) InsertProject(ctx context.Context, p *Project) (bool, error) {
	n, err := tx.Exec(ctx, sqlInsertProject, p.ID, string(p.Env), p.Name, p.PublicToken, asJSON(p.Settings),
		micros(p.CreatedAt), micros(p.UpdatedAt))
	return n == 1, err
}

// UpdateProject replaces name and settings. It reports false when the project is gone, or changed since it was read.
func (tx *Tx) UpdateProject(ctx context.Context, p *Project) (bool, error) {
	now := tx.afterLast(p)
	n, err := tx.Exec(ctx, sqlUpdateProject, p.ID, p.Name, asJSON(p.Settings), micros(now), micros(p.UpdatedAt))
	if n == 1 {
		p.UpdatedAt = now
	}
	return n == 1, err
}

// UpdateListens replaces what the project's webhooks want. It reports false when the project is gone, or changed since it
// was read: then what the webhooks want may be something else by now, too.
func (tx *Tx) UpdateListens(ctx context.Context, p *Project, kinds []string) (bool, error) {
	now := tx.afterLast(p)
	n, err := tx.Exec(ctx, sqlProjectListens, p.ID, strings.Join(kinds, " "), micros(now), micros(p.UpdatedAt))
	if n == 1 {
		p.UpdatedAt, p.Listens = now, kinds
	}
	return n == 1, err
}

// afterLast gives the time of a change of a project: two changes never have the same.
func (tx *Tx) afterLast(p *Project) time.Time {
	now := tx.Now()
	if !now.After(p.UpdatedAt) {
		now = p.UpdatedAt.Add(time.Microsecond)
	}
	return now
}

// ProjectSecrets gives the credentials of a project.
func (tx *Tx) ProjectSecrets(ctx context.Context, projectID string) ([]ProjectSecret, error) {
	var all []ProjectSecret
	err := tx.Query(ctx, sqlProjectSecrets, []any{projectID}, func(scan func(...any) error) error {
		var s ProjectSecret
		var created int64
		err := scan(&s.ID, &s.Hash, &created)
		s.CreatedAt = fromMicros(created)
		all = append(all, s)
		return err
	})
	return all, err
}

// InsertProjectSecret adds a credential.
func (tx *Tx) InsertProjectSecret(ctx context.Context, projectID string, s ProjectSecret) error {
	_, err := tx.Exec(ctx, sqlInsertProjectSecret, s.ID, projectID, s.Hash, micros(s.CreatedAt))
	return err
}

// DeleteProjectSecret removes a credential and reports whether it was there.
func (tx *Tx) DeleteProjectSecret(ctx context.Context, projectID, id string) (bool, error) {
	n, err := tx.Exec(ctx, sqlDeleteProjectSecret, projectID, id)
	return n == 1, err
}
