package member

import (
	"slices"

	"github.com/thimble-auth/thimble/internal/email"
	"github.com/thimble-auth/thimble/internal/errs"
	"github.com/thimble-auth/thimble/internal/store"
)

// MayJoinByEmail decides whether somebody with the address may become a member by proving the mailbox. It fails with
// errs.EmailJITProvisioningNotAllowed or errs.InvalidEmailForJITProvisioning.
func MayJoinByEmail(o *store.Organization, address email.Address) error {
	if o.Settings.EmailJITProvisioning != store.Restricted {
		return errs.EmailJITProvisioningNotAllowed
	}
	if !slices.Contains(o.Settings.EmailAllowedDomains, address.Domain()) {
		return errs.InvalidEmailForJITProvisioning
	}
	return nil
}
