package project

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/thimble-auth/thimble/internal/errs"
	"github.com/thimble-auth/thimble/internal/store"
)

// Bounds of the rules for passwords.
const (
	MinPasswordLength     = 8
	MaxPasswordLength     = 32 // that a policy may ask for: passwords themselves may be longer
	MaxPasswordComplexity = 4
)

// PasswordPolicies are how the strength of new passwords is judged. The first one is the default.
var PasswordPolicies = []string{"zxcvbn", "luds"}

func checkPasswords(s *store.ProjectSettings) error {
	var problems []error
	if s.ValidationPolicy != "" && !slices.Contains(PasswordPolicies, s.ValidationPolicy) {
		problems = append(problems, fmt.Errorf("%q is no policy for passwords: they are zxcvbn and luds", s.ValidationPolicy))
	}
	if n := s.LUDSMinLength; n != 0 && (n < MinPasswordLength || n > MaxPasswordLength) {
		problems = append(problems, fmt.Errorf("the length that luds asks for must be from %d to %d",
			MinPasswordLength, MaxPasswordLength))
	}
	if n := s.LUDSMinComplexity; n < 0 || n > MaxPasswordComplexity {
		problems = append(problems, fmt.Errorf("the classes of characters that luds asks for must be from 1 to %d",
			MaxPasswordComplexity))
	}
	return errors.Join(problems...)
}

// checkToggle refuses to turn the passwords of members into those of addresses, or back.
func checkToggle(ctx context.Context, tx *store.Tx, p *Project, before bool) error {
	if p.Settings.CrossOrgPasswords == before {
		return nil
	}
	any, err := tx.AnyPassword(ctx, p.ID)
	if err == nil && any {
		return errs.CannotToggleCrossOrgPasswordsWhenPasswordInUse
	}
	return err
}
