package store

import (
	"context"
	"errors"
	"time"

	"github.com/thimble-auth/thimble/internal/sqldb"
)

var (
	sqlLinkPhone = sqldb.SQL("link_phone", `
		UPDATE members SET mfa_phone = $2, mfa_phone_id = $3, mfa_phone_verified = FALSE, mfa_phone_asked_at = $4,
			updated_at = $4
		WHERE id = $1 AND deleted_at = 0 AND mfa_phone_verified = FALSE AND mfa_phone = $5`)

	sqlAskPhone = sqldb.SQL("ask_phone", `
		UPDATE members SET mfa_phone_asked_at = $3
		WHERE id = $1 AND deleted_at = 0 AND mfa_phone = $2 AND mfa_phone_verified = FALSE`)

	// An unverified claim holds for a while after its last send and no longer, so that nobody squats a colleague's number.
	sqlPhoneTaken = sqldb.SQL("phone_taken", `
		SELECT COUNT(*) FROM members
		WHERE organization_id = $1 AND mfa_phone = $2 AND mfa_phone <> '' AND id <> $3
			AND (mfa_phone_verified = TRUE OR mfa_phone_asked_at > $4)`)

	// One more guess, if there is one left: fewer than the limit in a row, or a lock that is over; and fewer than the
	// total after which the factor is disabled. The failure is counted before anything is compared. The time is that of
	// the last lock, or of the disabling.
	sqlReserveGuess = sqldb.SQL("reserve_guess", `
		UPDATE members SET
			mfa_failures = CASE WHEN mfa_failures >= $2 THEN 1 ELSE mfa_failures + 1 END,
			mfa_failures_total = mfa_failures_total + 1,
			mfa_locked_at = CASE
				WHEN mfa_failures + 1 >= $2 AND (mfa_failures < $2 OR $2 = 1) OR mfa_failures_total + 1 >= $5 THEN $3
				ELSE mfa_locked_at END
		WHERE id = $1 AND deleted_at = 0 AND (mfa_failures < $2 OR mfa_locked_at <= $4) AND mfa_failures_total < $5
		RETURNING mfa_failures, mfa_failures_total`)

	sqlReturnGuess = sqldb.SQL("return_guess", `
		UPDATE members SET
			mfa_failures = CASE WHEN mfa_failures > 0 THEN mfa_failures - 1 ELSE 0 END,
			mfa_failures_total = CASE WHEN mfa_failures_total > 0 THEN mfa_failures_total - 1 ELSE 0 END
		WHERE id = $1`)

	sqlUnlockMember = sqldb.SQL("unlock_member", `
		UPDATE members SET mfa_failures = 0, mfa_failures_total = 0, mfa_locked_at = 0 WHERE project_id = $1 AND id = $2`)

	// Whoever reads a member between the attempt and this must not be undone: what stays is decided here.
	sqlCompletePhone = sqldb.SQL("complete_phone", `
		UPDATE members SET
			mfa_phone_verified = TRUE, mfa_failures = 0, mfa_failures_total = 0, mfa_locked_at = 0,
			mfa_enrolled = CASE WHEN $3 = 1 THEN TRUE WHEN $3 = 2 THEN FALSE ELSE mfa_enrolled END,
			default_mfa_method = CASE WHEN $4 = 1 OR default_mfa_method = '' THEN 'sms_otp' ELSE default_mfa_method END,
			updated_at = CASE
				WHEN mfa_phone_verified = TRUE AND ($3 = 0 OR ($3 = 1) = mfa_enrolled)
					AND ($4 = 0 AND default_mfa_method <> '' OR default_mfa_method = 'sms_otp') THEN updated_at
				ELSE $5 END
		WHERE id = $1 AND mfa_phone = $2 AND status = 'active' AND deleted_at = 0
		RETURNING mfa_enrolled, default_mfa_method, updated_at`)

	sqlActivateMember = sqldb.SQL("activate_member", `
		UPDATE members SET status = 'active', email_verified = $3, updated_at = $4
		WHERE id = $1 AND email_id = $2 AND deleted_at = 0`)
)

// PhoneTaken reports whether another member of the organization has verified the number, or asked for a code to it after
// the time given.
func (tx *Tx) PhoneTaken(ctx context.Context, orgID, phone, memberID string, since time.Time) (bool, error) {
	var n int64
	err := tx.QueryRow(ctx, sqlPhoneTaken, []any{orgID, phone, memberID, micros(since)}, &n)
	return n > 0, err
}

// LinkPhone gives a member an unverified number in place of the unverified one (or none) that the caller saw, and reports
// whether the member still had that one.
func (tx *Tx) LinkPhone(ctx context.Context, memberID, seen, phone, phoneID string) (bool, error) {
	n, err := tx.Exec(ctx, sqlLinkPhone, memberID, phone, phoneID, micros(tx.Now()), seen)
	return n == 1, err
}

// AskPhone notes that a code goes to the member's unverified number. It goes out with the statements after it and
// fails the transaction when the number is no longer that one.
func (tx *Tx) AskPhone(memberID, phone string) {
	tx.Later(sqlAskPhone, 1, memberID, phone, micros(tx.Now()))
}

// GuessBudget is how many wrong second factors a member may try.
type GuessBudget struct {
	InARow  int64         // until a lock
	Lock    time.Duration // how long a lock lasts
	InTotal int64         // across locks, until the factor is disabled
}

// Reserved is what counting a guess as a failure in advance came to.
type Reserved struct {
	Left     bool // there was one
	Locks    bool // and it was the last one until a lock is over
	Disables bool // or the last one of all
}

// ReserveGuess counts a failure in advance, if the member has a guess left.
func (tx *Tx) ReserveGuess(ctx context.Context, memberID string, b GuessBudget) (Reserved, error) {
	now := tx.Now()
	var inARow, inTotal int64
	err := tx.QueryRow(ctx, sqlReserveGuess,
		[]any{memberID, b.InARow, micros(now), micros(now.Add(-b.Lock)), b.InTotal}, &inARow, &inTotal)
	if errors.Is(err, ErrNotFound) {
		return Reserved{}, nil
	}
	return Reserved{Left: err == nil, Locks: inARow >= b.InARow, Disables: inTotal >= b.InTotal}, err
}

// ReturnGuess takes back one reserved failure. It goes out with the statements after it.
func (tx *Tx) ReturnGuess(memberID string) {
	tx.Later(sqlReturnGuess, -1, memberID)
}

// UnlockMember forgets all failures and reports whether the member exists in the project.
func (tx *Tx) UnlockMember(ctx context.Context, projectID, memberID string) (bool, error) {
	n, err := tx.Exec(ctx, sqlUnlockMember, projectID, memberID)
	return n == 1, err
}

// Enrolment is what a completed second factor does to whether the member is enrolled in MFA.
type Enrolment int64

// The kinds of Enrolment.
const (
	KeepEnrolment Enrolment = iota
	Enrol
	Unenrol
)

// CompletePhone notes a success with a code to m.Phone: verified, no failures, enrolment as told, and the default method
// where there is none yet or the caller wants it. m then says what the row says. It reports false when the member is no
// longer active with that number. It fails with sqldb.ErrUnique when another member of the organization verified the
// number first.
func (tx *Tx) CompletePhone(ctx context.Context, m *Member, e Enrolment, makeDefault bool) (bool, error) {
	wish := int64(0)
	if makeDefault {
		wish = 1
	}
	var updated int64
	err := tx.QueryRow(ctx, sqlCompletePhone, []any{m.ID, m.Phone, int64(e), wish, micros(tx.Now())},
		&m.MFAEnrolled, &m.DefaultMFAMethod, &updated)
	if errors.Is(err, ErrNotFound) {
		return false, nil
	}
	m.PhoneVerified, m.MFAFailures, m.MFAFailuresTotal, m.UpdatedAt = true, 0, 0, fromMicros(updated)
	return err == nil, err
}

// ActivateMember makes a member active. It reports false when the member is gone or has another address by now.
func (tx *Tx) ActivateMember(ctx context.Context, m *Member) (bool, error) {
	n, err := tx.Exec(ctx, sqlActivateMember, m.ID, m.EmailID, m.EmailVerified, micros(m.UpdatedAt))
	return n == 1, err
}
