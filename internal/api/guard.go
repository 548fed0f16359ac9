package api

import (
	"context"
	"time"

	"github.com/thimble-auth/thimble/internal/endpoint"
	"github.com/thimble-auth/thimble/internal/errs"
	"github.com/thimble-auth/thimble/internal/guard"
	"github.com/thimble-auth/thimble/internal/ids"
	"github.com/thimble-auth/thimble/internal/rbac"
	"github.com/thimble-auth/thimble/internal/store"
)

// guards lists the calls about who gets texts: this server's own, beyond the API that it is compatible with.
func (a *API) guards() []endpoint.Endpoint {
	const (
		safe      = "/v1/thimble/guard/safe_list"
		countries = "/v1/thimble/guard/organizations/{organization_id}/country_policy"
	)
	return []endpoint.Endpoint{
		endpoint.GET(safe, "thimble.guard.safe_list.get", a.getSafeList),
		endpoint.POST(safe, "thimble.guard.safe_list.add", a.addSafe, errs.InvalidArgument),
		endpoint.DELETE(safe+"/{safe_list_entry_id}", "thimble.guard.safe_list.delete", a.deleteSafe,
			errs.SafeListEntryNotFound),
		endpoint.GET(countries, "thimble.guard.country_policy.get", a.getCountryPolicy, organizationErrors()...),
		endpoint.PUT(countries, "thimble.guard.country_policy.set", a.setCountryPolicy,
			organizationErrors(errs.InvalidArgument)...),
	}
}

// SafeListEntry is what the guard lets pass: rules about prefixes, about codes that nobody uses, about neighbouring
// numbers and about types of numbers do not hold for it. Limits of a number, a member, an organization and the project do.
type SafeListEntry struct {
	SafeListEntryID string `json:"safe_list_entry_id"`
	// A number or its beginning with + and at least four digits, or the id of an organization or a member.
	Value string `json:"value"`
	// number, prefix, organization or member.
	Kind   string `json:"kind"`
	Reason string `json:"reason"`
	// RFC 3339.
	ExpiresAt string `json:"expires_at"`
	CreatedAt string `json:"created_at"`
}

func wireSafe(e *store.SafeEntry) SafeListEntry {
	return SafeListEntry{
		SafeListEntryID: e.ID, Value: e.Value, Kind: guard.SafeKind(e.Value), Reason: e.Reason,
		ExpiresAt: e.ExpiresAt.Format(time.RFC3339), CreatedAt: e.CreatedAt.Format(time.RFC3339),
	}
}

// GetSafeListRequest asks for the whole list.
type GetSafeListRequest struct{}

// GetSafeListResponse has the entries that have not expired.
type GetSafeListResponse struct {
	endpoint.Reply

	// In the order of their values.
	SafeList []SafeListEntry `json:"safe_list" api:"required"`
}

// Gives what the guard lets pass in this project.
func (a *API) getSafeList(ctx context.Context, c endpoint.Call, _ *GetSafeListRequest) (*GetSafeListResponse, error) {
	found, err := a.Guard.SafeList(ctx, c.Project)
	if err != nil {
		return nil, err
	}
	all := make([]SafeListEntry, len(found))
	for i := range found {
		all[i] = wireSafe(&found[i])
	}
	return &GetSafeListResponse{SafeList: all}, nil
}

// AddSafeRequest puts something on the list, in place of an entry that it has already.
type AddSafeRequest struct {
	// A number or its beginning with + and at least four digits, or the id of an organization or a member.
	Value string `json:"value" api:"required"`
	// Why, for whoever reads the list later.
	Reason string `json:"reason" api:"required"`
	// For how many days, 1 to 366.
	Days int64 `json:"days" api:"required"`
}

// AddSafeResponse has the new entry.
type AddSafeResponse struct {
	endpoint.Reply

	Entry SafeListEntry `json:"entry" api:"required"`
}

// Lets something pass for a reason and a time.
func (a *API) addSafe(ctx context.Context, c endpoint.Call, in *AddSafeRequest) (*AddSafeResponse, error) {
	e, err := a.Guard.AddSafe(ctx, c.Project, in.Value, in.Reason, guard.Days(in.Days))
	if err != nil {
		return nil, err
	}
	return &AddSafeResponse{Entry: wireSafe(e)}, nil
}

// DeleteSafeRequest names an entry.
type DeleteSafeRequest struct {
	// The id of the entry.
	ID string `path:"safe_list_entry_id"`
}

// DeleteSafeResponse says no more than that it is gone.
type DeleteSafeResponse struct {
	endpoint.Reply
}

// Takes an entry off the list.
func (a *API) deleteSafe(ctx context.Context, c endpoint.Call, in *DeleteSafeRequest) (*DeleteSafeResponse, error) {
	found, err := a.Guard.RemoveSafe(ctx, c.Project, in.ID)
	if err != nil {
		return nil, err
	}
	if !found {
		return nil, errs.SafeListEntryNotFound
	}
	return &DeleteSafeResponse{}, nil
}

// GetCountryPolicyRequest names an organization.
type GetCountryPolicyRequest struct {
	// The organization, by id, slug or external id.
	OrganizationID ids.OrgRef `path:"organization_id"`
}

// CountryPolicyResponse has an organization's country policy.
type CountryPolicyResponse struct {
	endpoint.Reply

	OrganizationID string `json:"organization_id" api:"required"`
	// allow, monitor or block by ISO 3166-1 alpha-2 code, or by * for all countries that are not named.
	CountryPolicy map[string]string `json:"country_policy" api:"required"`
}

func wireCountries(o *store.Organization) *CountryPolicyResponse {
	policy := o.Settings.CountryPolicy
	if policy == nil {
		policy = map[string]string{}
	}
	return &CountryPolicyResponse{OrganizationID: o.ID, CountryPolicy: policy}
}

// Gives how an organization narrows where the project's texts go.
func (a *API) getCountryPolicy(
	ctx context.Context, c endpoint.Call, in *GetCountryPolicyRequest,
) (*CountryPolicyResponse, error) {
	o, err := a.Organizations.Get(ctx, c.Project, in.OrganizationID)
	if err != nil {
		return nil, err
	}
	return wireCountries(o), nil
}

// SetCountryPolicyRequest replaces the policy.
type SetCountryPolicyRequest struct {
	// The organization, by id, slug or external id.
	OrganizationID ids.OrgRef `path:"organization_id"`
	// allow, monitor or block by ISO 3166-1 alpha-2 code, or by * for all countries that are not named. What the project
	// blocks stays blocked.
	CountryPolicy map[string]string `json:"country_policy"`
}

// Says where an organization's members get texts, within what the project allows.
func (a *API) setCountryPolicy(
	ctx context.Context, c endpoint.Call, in *SetCountryPolicyRequest,
) (*CountryPolicyResponse, error) {
	o, err := a.Organizations.SetCountryPolicy(
		ctx, c.Project, rbac.Caller{RequestID: c.RequestID}, in.OrganizationID, in.CountryPolicy)
	if err != nil {
		return nil, err
	}
	return wireCountries(o), nil
}
