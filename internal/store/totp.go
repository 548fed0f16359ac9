package store

import (
	"context"
	"errors"
	"time"

	"github.com/thimble-auth/thimble/internal/sqldb"
)

// TOTP is a registration of an authenticator app. A member has at most one, active or pending.
type TOTP struct {
	ID             string
	ProjectID      string
	OrganizationID string
	MemberID       string
	State          string
	Sealed         []byte    // the seed
	LastStep       int64     // the newest time step whose code was accepted
	ExpiresAt      time.Time // of a pending one
	CreatedAt      time.Time
}

// The states of a registration.
const (
	TOTPPending = "pending"
	TOTPActive  = "active"
)

var (
	sqlTOTP = sqldb.SQL("totp", `
		SELECT id, project_id, organization_id, member_id, state, sealed, last_step, expires_at, created_at
		FROM totp_registrations WHERE member_id = $1 ORDER BY state LIMIT 1`)

	sqlInsertTOTP = sqldb.SQL("insert_totp", `
		INSERT INTO totp_registrations (id, project_id, organization_id, member_id, state, sealed, last_step, expires_at,
			created_at)
		VALUES ($1, $2, $3, $4, $5, $6, 0, $7, $8)`)

	// Holds the member's row to the commit, so that a first code and a new registration come one after the other.
	sqlHoldForTOTP = sqldb.SQL("hold_for_totp", `
		UPDATE members SET totp_id = '' WHERE id = $1 AND totp_id = '' AND mfa_phone_verified = $2 AND deleted_at = 0`)

	sqlHoldTOTP = sqldb.SQL("hold_totp", `UPDATE members SET totp_id = $2 WHERE id = $1 AND totp_id = $2 AND deleted_at = 0`)

	// The seen state of the number matters to a first code alone: see mfa.MayAddApp.
	sqlCompleteTOTP = sqldb.SQL("complete_totp", `
		UPDATE members SET
			totp_id = $2, mfa_failures = 0, mfa_failures_total = 0, mfa_locked_at = 0,
			mfa_enrolled = CASE WHEN $3 = 1 THEN TRUE WHEN $3 = 2 THEN FALSE ELSE mfa_enrolled END,
			default_mfa_method = CASE WHEN $4 = 1 OR default_mfa_method = '' THEN 'totp' ELSE default_mfa_method END,
			updated_at = CASE
				WHEN totp_id = $2 AND ($3 = 0 OR ($3 = 1) = mfa_enrolled)
					AND ($4 = 0 AND default_mfa_method <> '' OR default_mfa_method = 'totp') THEN updated_at
				ELSE $5 END
		WHERE id = $1 AND status = 'active' AND deleted_at = 0
			AND (totp_id = $2 OR totp_id = '' AND mfa_phone_verified = $6)
		RETURNING mfa_enrolled, default_mfa_method, updated_at`)

	// One code of a time step is accepted, and none of a step before it: of many callers one is told yes.
	sqlSpendTOTPStep = sqldb.SQL("spend_totp_step", `
		UPDATE totp_registrations SET last_step = $2, state = 'active', expires_at = 0
		WHERE id = $1 AND last_step < $2 AND (state = 'active' OR expires_at > $3)`)

	sqlGiveTOTP = sqldb.SQL("give_totp", `
		UPDATE members SET totp_id = $2, updated_at = $3,
			default_mfa_method = CASE WHEN default_mfa_method = '' THEN 'totp' ELSE default_mfa_method END
		WHERE id = $1 AND totp_id = '' AND deleted_at = 0
		RETURNING default_mfa_method`)

	sqlDropTOTP = sqldb.SQL("drop_totp", `DELETE FROM totp_registrations WHERE member_id = $1`)

	sqlClearTOTP = sqldb.SQL("clear_totp", `UPDATE members SET totp_id = '' WHERE id = $1`)
)

// TOTP gives the member's registration in whatever state, or ErrNotFound.
func (tx *Tx) TOTP(ctx context.Context, memberID string) (*TOTP, error) {
	var (
		r                TOTP
		expires, created int64
	)
	err := tx.QueryRow(ctx, sqlTOTP, []any{memberID}, &r.ID, &r.ProjectID, &r.OrganizationID, &r.MemberID, &r.State,
		&r.Sealed, &r.LastStep, &expires, &created)
	r.ExpiresAt, r.CreatedAt = fromMicros(expires), fromMicros(created)
	return &r, err
}

// ReplaceTOTP makes r and the codes the member's only ones, for a member without an active registration. It goes out with
// the statements after it.
func (tx *Tx) ReplaceTOTP(r *TOTP, codes []*RecoveryCode) {
	tx.Later(sqlDropTOTP, -1, r.MemberID)
	tx.Later(sqlInsertTOTP, 1, r.ID, r.ProjectID, r.OrganizationID, r.MemberID, r.State, r.Sealed, micros(r.ExpiresAt),
		micros(r.CreatedAt))
	tx.ReplaceRecoveryCodes(r.MemberID, codes)
}

// HoldForTOTP keeps the member's row until the transaction ends. It reports false when the member has an active
// registration by now, or m no longer says whether the number is verified.
func (tx *Tx) HoldForTOTP(ctx context.Context, m *Member) (bool, error) {
	n, err := tx.Exec(ctx, sqlHoldForTOTP, m.ID, m.PhoneVerified)
	return n == 1, err
}

// HoldTOTP keeps the member's row until the transaction ends. It reports false when m.TOTPID is not the member's active
// registration any more.
func (tx *Tx) HoldTOTP(ctx context.Context, m *Member) (bool, error) {
	n, err := tx.Exec(ctx, sqlHoldTOTP, m.ID, m.TOTPID)
	return n == 1, err
}

// CompleteTOTP notes a success with a code of the registration: it is the member's, no failures, enrolment as told, and
// the default method where there is none yet or the caller wants it. m then says what the row says. It reports false when
// the member is no longer active, has another registration, or has verified a number since m was read.
func (tx *Tx) CompleteTOTP(ctx context.Context, m *Member, id string, e Enrolment, makeDefault bool) (bool, error) {
	wish := int64(0)
	if makeDefault {
		wish = 1
	}
	var updated int64
	err := tx.QueryRow(ctx, sqlCompleteTOTP, []any{m.ID, id, int64(e), wish, micros(tx.Now()), m.PhoneVerified},
		&m.MFAEnrolled, &m.DefaultMFAMethod, &updated)
	if errors.Is(err, ErrNotFound) {
		return false, nil
	}
	m.TOTPID, m.MFAFailures, m.MFAFailuresTotal, m.UpdatedAt = id, 0, 0, fromMicros(updated)
	return err == nil, err
}

// SpendTOTPStep accepts the code of a time step, which makes a pending registration active. It reports false when a code
// of that step or a later one was accepted before, and when the registration is gone or has expired.
func (tx *Tx) SpendTOTPStep(ctx context.Context, id string, step int64) (bool, error) {
	n, err := tx.Exec(ctx, sqlSpendTOTPStep, id, step, micros(tx.Now()))
	return n == 1, err
}

// GiveTOTP makes an active registration the member's, and its default method where there is none. It reports false when
// the member has one or is gone. m then says what the row says.
func (tx *Tx) GiveTOTP(ctx context.Context, m *Member, id string) (bool, error) {
	err := tx.QueryRow(ctx, sqlGiveTOTP, []any{m.ID, id, micros(tx.Now())}, &m.DefaultMFAMethod)
	if errors.Is(err, ErrNotFound) {
		return false, nil
	}
	m.TOTPID, m.UpdatedAt = id, tx.Now()
	return err == nil, err
}

// DropTOTP takes the member's registration away with its recovery codes. It goes out with the statements after it.
func (tx *Tx) DropTOTP(memberID string) {
	tx.Later(sqlClearTOTP, -1, memberID)
	tx.Later(sqlDropTOTP, -1, memberID)
	tx.Later(sqlDropRecoveryCodes, -1, memberID)
}
