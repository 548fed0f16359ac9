package store

import (
	"context"
	"errors"
	"time"

	"github.com/thimble-auth/thimble/internal/sqldb"
)

// RecoveryCode stands in once for the authenticator app of a registration.
type RecoveryCode struct {
	ID             string
	ProjectID      string
	MemberID       string
	RegistrationID string
	Sealed         []byte
	UsedAt         time.Time // zero for an unused one
	CreatedAt      time.Time
}

var (
	sqlRecoveryCodes = sqldb.SQL("recovery_codes", `
		SELECT id, project_id, member_id, registration_id, sealed, used_at, created_at FROM recovery_codes
		WHERE member_id = $1 AND registration_id = $2 ORDER BY id`)

	sqlInsertRecoveryCode = sqldb.SQL("insert_recovery_code", `
		INSERT INTO recovery_codes (id, project_id, member_id, registration_id, sealed, used_at, created_at)
		VALUES ($1, $2, $3, $4, $5, 0, $6)`)

	sqlDropRecoveryCodes = sqldb.SQL("drop_recovery_codes", `DELETE FROM recovery_codes WHERE member_id = $1`)

	// Of many callers one is told yes.
	sqlSpendRecoveryCode = sqldb.SQL("spend_recovery_code", `
		UPDATE recovery_codes SET used_at = $3 WHERE id = $1 AND member_id = $2 AND used_at = 0`)

	sqlUnusedRecoveryCodes = sqldb.SQL("unused_recovery_codes", `
		SELECT COUNT(*) FROM recovery_codes WHERE member_id = $1 AND registration_id = $2 AND used_at = 0`)

	// A recovery code is no method that one could prefer: the default stays.
	sqlCompleteRecovery = sqldb.SQL("complete_recovery", `
		UPDATE members SET
			mfa_failures = 0, mfa_failures_total = 0, mfa_locked_at = 0,
			mfa_enrolled = CASE WHEN $3 = 1 THEN TRUE WHEN $3 = 2 THEN FALSE ELSE mfa_enrolled END,
			updated_at = CASE WHEN $3 = 0 OR ($3 = 1) = mfa_enrolled THEN updated_at ELSE $4 END
		WHERE id = $1 AND totp_id = $2 AND status = 'active' AND deleted_at = 0
		RETURNING mfa_enrolled, updated_at`)
)

// RecoveryCodes gives the codes of a registration, used ones too, in an order that stays.
func (tx *Tx) RecoveryCodes(ctx context.Context, memberID, registrationID string) ([]*RecoveryCode, error) {
	var codes []*RecoveryCode
	err := tx.Query(ctx, sqlRecoveryCodes, []any{memberID, registrationID}, func(scan func(...any) error) error {
		var (
			c             RecoveryCode
			used, created int64
		)
		err := scan(&c.ID, &c.ProjectID, &c.MemberID, &c.RegistrationID, &c.Sealed, &used, &created)
		c.UsedAt, c.CreatedAt = fromMicros(used), fromMicros(created)
		codes = append(codes, &c)
		return err
	})
	return codes, err
}

// ReplaceRecoveryCodes makes the codes the member's only ones. It goes out with the statements after it.
func (tx *Tx) ReplaceRecoveryCodes(memberID string, codes []*RecoveryCode) {
	tx.Later(sqlDropRecoveryCodes, -1, memberID)
	for _, c := range codes {
		tx.Later(sqlInsertRecoveryCode, 1, c.ID, c.ProjectID, c.MemberID, c.RegistrationID, c.Sealed, micros(c.CreatedAt))
	}
}

// SpendRecoveryCode uses a code up and reports whether it was unused.
func (tx *Tx) SpendRecoveryCode(ctx context.Context, memberID, id string) (bool, error) {
	n, err := tx.Exec(ctx, sqlSpendRecoveryCode, id, memberID, micros(tx.Now()))
	return n == 1, err
}

// UnusedRecoveryCodes counts the codes of the registration that are left.
func (tx *Tx) UnusedRecoveryCodes(ctx context.Context, memberID, registrationID string) (int64, error) {
	var n int64
	err := tx.QueryRow(ctx, sqlUnusedRecoveryCodes, []any{memberID, registrationID}, &n)
	return n, err
}

// CompleteRecovery notes a success with a recovery code of the registration: no failures, enrolment as told. m then says
// what the row says. It reports false when the member is no longer active with that registration.
func (tx *Tx) CompleteRecovery(ctx context.Context, m *Member, registrationID string, e Enrolment) (bool, error) {
	var updated int64
	err := tx.QueryRow(ctx, sqlCompleteRecovery, []any{m.ID, registrationID, int64(e), micros(tx.Now())},
		&m.MFAEnrolled, &updated)
	if errors.Is(err, ErrNotFound) {
		return false, nil
	}
	m.MFAFailures, m.MFAFailuresTotal, m.UpdatedAt = 0, 0, fromMicros(updated)
	return err == nil, err
}
