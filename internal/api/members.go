package api

import (
	"context"
	"encoding/json"
	"time"

	"github.com/thimble-auth/thimble/internal/endpoint"
	"github.com/thimble-auth/thimble/internal/errs"
	"github.com/thimble-auth/thimble/internal/ids"
	"github.com/thimble-auth/thimble/internal/member"
	"github.com/thimble-auth/thimble/internal/optional"
	"github.com/thimble-auth/thimble/internal/phone"
	"github.com/thimble-auth/thimble/internal/store"
)

func (a *API) members() []endpoint.Endpoint {
	const (
		one     = "/v1/b2b/organizations/{organization_id}/member"
		several = one + "s"
		ofOne   = several + "/{member_id}"
	)
	return []endpoint.Endpoint{
		endpoint.POST(several, "b2b.organizations.members.create", a.createMember, memberErrors(
			errs.InvalidEmail, errs.DuplicateMemberEmail, errs.ActionNotAllowedEmailDomainIsClaimed,
			errs.InvalidPhoneNumber, errs.InvalidPhoneNumberSandbox, errs.DuplicateMemberPhoneNumber,
			errs.DuplicateMemberExternalID, errs.InvalidRBACRoleID, errs.CannotAssignDefaultRBACRoleID,
			errs.TooManyRoles, errs.MetadataInvalidFormat, errs.MetadataTooManyKeys, errs.MetadataTooLarge,
			errs.CannotUpdateTrustedMetadata)...),
		endpoint.GET(one, "b2b.organizations.members.get", a.getMember,
			organizationErrors(errs.MemberNotFound, errs.InvalidMemberGetFields, errs.InvalidEmail)...),
		endpoint.PUT(ofOne, "b2b.organizations.members.update", a.updateMember, memberErrors(
			errs.MemberNotFound, errs.InvalidEmail, errs.DuplicateMemberEmail,
			errs.ActionNotAllowedEmailDomainIsClaimed, errs.MemberCannotUpdateTheirEmailAddress,
			errs.InvalidPhoneNumber, errs.InvalidPhoneNumberSandbox, errs.DuplicateMemberPhoneNumber,
			errs.DuplicateMemberPhoneNumberForMember, errs.DuplicateMemberExternalID, errs.InvalidRBACRoleID,
			errs.CannotAssignDefaultRBACRoleID, errs.TooManyRoles, errs.InvalidMFADefaultMethod,
			errs.DefaultMFAMemberMissingFactor,
			errs.MetadataInvalidFormat, errs.MetadataTooManyKeys, errs.MetadataTooLarge,
			errs.CannotUpdateTrustedMetadata)...),
		endpoint.DELETE(ofOne, "b2b.organizations.members.delete", a.deleteMember,
			memberErrors(errs.MemberNotFound)...),
		endpoint.PUT(ofOne+"/reactivate", "b2b.organizations.members.reactivate", a.reactivateMember, memberErrors(
			errs.NoDeletedMemberFoundForReactivation, errs.EmailUnverifiedForReactivation,
			errs.ReactivationEmailBelongsToAnotherMember, errs.ActionNotAllowedEmailDomainIsClaimed)...),
		endpoint.DELETE(several+"/mfa_phone_numbers/{member_id}", "b2b.organizations.members.delete_mfa_phone_number",
			a.deleteMemberPhone, memberErrors(errs.MemberNotFound, errs.MemberPhoneNumberNotFound)...),
		endpoint.DELETE(ofOne+"/totp", "b2b.organizations.members.delete_totp", a.deleteMemberTOTP,
			memberErrors(errs.MemberNotFound, errs.TOTPNotFound)...),
		endpoint.DELETE(ofOne+"/external_id", "b2b.organizations.members.delete_external_id",
			a.deleteMemberExternalID, memberErrors(errs.MemberNotFound)...),
	}
}

// memberErrors adds the errors of every call that changes a member.
func memberErrors(others ...*errs.Error) []*errs.Error {
	return organizationErrors(append(others, actingErrors...)...)
}

// MemberReply holds a member with its organization, as most calls about members answer.
type MemberReply struct {
	endpoint.Reply

	MemberID     string        `json:"member_id"`
	Member       *Member       `json:"member" api:"required"`
	Organization *Organization `json:"organization" api:"required"`
}

func memberReply(c endpoint.Call, f *member.Found) MemberReply {
	return replyAbout(c, f.Organization, f.Member, f.At)
}

func replyAbout(c endpoint.Call, o *store.Organization, m *store.Member, at time.Time) MemberReply {
	return MemberReply{MemberID: m.ID, Member: wireMember(o, m, c.Project, at), Organization: wireOrganization(o)}
}

// CreateMemberRequest makes a member.
type CreateMemberRequest struct {
	_ struct{} `schema:"api_organization_v1_organizations_members_CreateRequest"`
	Acting

	// The organization, by id, slug or external id.
	OrganizationID ids.OrgRef `path:"organization_id"`
	// The member's address, unique in the organization.
	EmailAddress string `json:"email_address" api:"required"`
	// What the member is called.
	Name string `json:"name"`
	// Your own id of the member, unique in the organization: up to 128 letters, digits, dots, underscores, hyphens and
	// vertical bars. It can be used wherever the member's id can.
	ExternalID string `json:"external_id"`
	// Makes the member pending instead of active until the first login.
	CreateMemberAsPending bool `json:"create_member_as_pending"`
	// Lets the member log in with methods that the organization does not allow.
	IsBreakglass bool `json:"is_breakglass"`
	// The number for second factors, in E.164 form. It is not verified.
	MFAPhoneNumber phone.Input `json:"mfa_phone_number"`
	// Asks the member for a second factor at every login, even where the organization does not.
	MFAEnrolled bool `json:"mfa_enrolled"`
	// Ids of roles beside the one that every member has.
	Roles []string `json:"roles"`
	// Free JSON that only backends may write.
	TrustedMetadata json.RawMessage `json:"trusted_metadata"`
	// Free JSON that the member may write, too.
	UntrustedMetadata json.RawMessage `json:"untrusted_metadata"`
}

// CreateMemberResponse holds the new member.
type CreateMemberResponse struct {
	_ struct{} `schema:"api_organization_v1_organizations_members_CreateResponse"`
	MemberReply
}

func (a *API) createMember(
	ctx context.Context, c endpoint.Call, in *CreateMemberRequest,
) (*CreateMemberResponse, error) {
	by, err := a.caller(ctx, c, in.Acting)
	if err != nil {
		return nil, err
	}
	f, err := a.Members.Create(ctx, c.Project, by, in.OrganizationID, member.New{
		Email: in.EmailAddress, Name: in.Name, ExternalID: in.ExternalID, Phone: in.MFAPhoneNumber, Roles: in.Roles,
		Pending: in.CreateMemberAsPending, IsBreakglass: in.IsBreakglass, MFAEnrolled: in.MFAEnrolled,
		TrustedMetadata: in.TrustedMetadata, UntrustedMetadata: in.UntrustedMetadata,
	})
	if err != nil {
		return nil, err
	}
	return &CreateMemberResponse{MemberReply: memberReply(c, f)}, nil
}

// GetMemberRequest names a member, by one of two fields.
type GetMemberRequest struct {
	// The organization, by id, slug or external id.
	OrganizationID ids.OrgRef `path:"organization_id"`
	// The member, by id or external id.
	MemberID ids.MemberRef `query:"member_id"`
	// The member's present address.
	EmailAddress string `query:"email_address"`
}

// GetMemberResponse holds the member.
type GetMemberResponse struct {
	_ struct{} `schema:"api_organization_v1_organizations_members_GetResponse"`
	MemberReply
}

func (a *API) getMember(ctx context.Context, c endpoint.Call, in *GetMemberRequest) (*GetMemberResponse, error) {
	f, err := a.Members.Get(ctx, c.Project, in.OrganizationID, in.MemberID, in.EmailAddress)
	if err != nil {
		return nil, err
	}
	return &GetMemberResponse{MemberReply: memberReply(c, f)}, nil
}

// UpdateMemberRequest changes the fields that it holds.
type UpdateMemberRequest struct {
	_ struct{} `schema:"api_organization_v1_organizations_members_UpdateRequest"`
	Acting

	// The organization, by id, slug or external id.
	OrganizationID ids.OrgRef `path:"organization_id"`
	// The member, by id or external id.
	MemberID ids.MemberRef `path:"member_id"`
	// What the member is called.
	Name *string `json:"name"`
	// A new address, not verified. The old one is kept from everybody else.
	EmailAddress string `json:"email_address"`
	// With a new address: sets the old one free.
	UnlinkEmail bool `json:"unlink_email"`
	// Your own id of the member. Null clears it.
	ExternalID optional.Text `json:"external_id"`
	// Lets the member log in with methods that the organization does not allow.
	IsBreakglass *bool `json:"is_breakglass"`
	// The number for second factors, while the member has none.
	MFAPhoneNumber phone.Input `json:"mfa_phone_number"`
	// Asks the member for a second factor at every login, even where the organization does not.
	MFAEnrolled *bool `json:"mfa_enrolled"`
	// The second factor to ask for first: sms_otp or totp. The member must have it.
	DefaultMFAMethod string `json:"default_mfa_method"`
	// Replaces the roles beside the one that every member has.
	Roles []string `json:"roles"`
	// Keeps sessions alive that hold a factor of a connection which gives a role that is taken away here.
	PreserveExistingSessions bool `json:"preserve_existing_sessions"`
	// Free JSON that only backends may write; merged at the top level, a null deletes its key.
	TrustedMetadata json.RawMessage `json:"trusted_metadata"`
	// Free JSON that the member may write, too; merged likewise.
	UntrustedMetadata json.RawMessage `json:"untrusted_metadata"`
}

// UpdateMemberResponse holds the member after the change.
type UpdateMemberResponse struct {
	_ struct{} `schema:"api_organization_v1_organizations_members_UpdateResponse"`
	MemberReply
}

func (a *API) updateMember(
	ctx context.Context, c endpoint.Call, in *UpdateMemberRequest,
) (*UpdateMemberResponse, error) {
	by, err := a.caller(ctx, c, in.Acting)
	if err != nil {
		return nil, err
	}
	f, err := a.Members.Update(ctx, c.Project, by, in.OrganizationID, in.MemberID, member.Changes{
		Name: in.Name, Email: in.EmailAddress, UnlinkEmail: in.UnlinkEmail, ExternalID: in.ExternalID,
		IsBreakglass: in.IsBreakglass, Phone: in.MFAPhoneNumber, MFAEnrolled: in.MFAEnrolled,
		DefaultMFAMethod: in.DefaultMFAMethod, Roles: in.Roles, PreserveSessions: in.PreserveExistingSessions,
		TrustedMetadata: in.TrustedMetadata, UntrustedMetadata: in.UntrustedMetadata,
	})
	if err != nil {
		return nil, err
	}
	return &UpdateMemberResponse{MemberReply: memberReply(c, f)}, nil
}

// DeleteMemberRequest names a member.
type DeleteMemberRequest struct {
	Acting

	// The organization, by id, slug or external id.
	OrganizationID ids.OrgRef `path:"organization_id"`
	// The member, by id or external id.
	MemberID ids.MemberRef `path:"member_id"`
}

// DeleteMemberResponse names the member that is gone.
type DeleteMemberResponse struct {
	_ struct{} `schema:"api_organization_v1_organizations_members_DeleteResponse"`
	endpoint.Reply

	MemberID string `json:"member_id"`
}

// deleteMember deletes a member and ends its sessions.
func (a *API) deleteMember(
	ctx context.Context, c endpoint.Call, in *DeleteMemberRequest,
) (*DeleteMemberResponse, error) {
	by, err := a.caller(ctx, c, in.Acting)
	if err != nil {
		return nil, err
	}
	id, err := a.Members.Delete(ctx, c.Project, by, in.OrganizationID, in.MemberID)
	if err != nil {
		return nil, err
	}
	return &DeleteMemberResponse{MemberID: id}, nil
}

// ReactivateMemberRequest brings a deleted member back.
type ReactivateMemberRequest struct {
	_ struct{} `schema:"api_organization_v1_organizations_members_ReactivateRequest"`
	Acting

	// The organization, by id, slug or external id.
	OrganizationID ids.OrgRef `path:"organization_id"`
	// The member, by id alone.
	MemberID ids.MemberRef `path:"member_id"`
}

// ReactivateMemberResponse holds the member who is back.
type ReactivateMemberResponse struct {
	_ struct{} `schema:"api_organization_v1_organizations_members_ReactivateResponse"`
	MemberReply
}

func (a *API) reactivateMember(
	ctx context.Context, c endpoint.Call, in *ReactivateMemberRequest,
) (*ReactivateMemberResponse, error) {
	by, err := a.caller(ctx, c, in.Acting)
	if err != nil {
		return nil, err
	}
	f, err := a.Members.Reactivate(ctx, c.Project, by, in.OrganizationID, in.MemberID)
	if err != nil {
		return nil, err
	}
	return &ReactivateMemberResponse{MemberReply: memberReply(c, f)}, nil
}

// DeleteMFAPhoneNumberResponse holds the member without a number.
type DeleteMFAPhoneNumberResponse struct {
	_ struct{} `schema:"api_organization_v1_organizations_members_DeleteMFAPhoneNumberResponse"`
	MemberReply
}

// deleteMemberPhone takes a member's number away, so that another one can be set.
func (a *API) deleteMemberPhone(
	ctx context.Context, c endpoint.Call, in *DeleteMemberRequest,
) (*DeleteMFAPhoneNumberResponse, error) {
	by, err := a.caller(ctx, c, in.Acting)
	if err != nil {
		return nil, err
	}
	f, err := a.Members.DeletePhone(ctx, c.Project, by, in.OrganizationID, in.MemberID)
	if err != nil {
		return nil, err
	}
	return &DeleteMFAPhoneNumberResponse{MemberReply: memberReply(c, f)}, nil
}

// DeleteMemberTOTPResponse holds the member without an authenticator app.
type DeleteMemberTOTPResponse struct {
	_ struct{} `schema:"api_organization_v1_organizations_members_DeleteTOTPResponse"`
	MemberReply
}

// deleteMemberTOTP takes a member's authenticator app away with its recovery codes, so that another one can be set up.
func (a *API) deleteMemberTOTP(
	ctx context.Context, c endpoint.Call, in *DeleteMemberRequest,
) (*DeleteMemberTOTPResponse, error) {
	by, err := a.caller(ctx, c, in.Acting)
	if err != nil {
		return nil, err
	}
	f, err := a.Members.DeleteTOTP(ctx, c.Project, by, in.OrganizationID, in.MemberID)
	if err != nil {
		return nil, err
	}
	return &DeleteMemberTOTPResponse{MemberReply: memberReply(c, f)}, nil
}

// DeleteMemberExternalIDResponse holds the member without its external id.
type DeleteMemberExternalIDResponse struct {
	_ struct{} `schema:"api_organization_v1_organizations_members_DeleteExternalIdResponse"`
	MemberReply
}

func (a *API) deleteMemberExternalID(
	ctx context.Context, c endpoint.Call, in *DeleteMemberRequest,
) (*DeleteMemberExternalIDResponse, error) {
	by, err := a.caller(ctx, c, in.Acting)
	if err != nil {
		return nil, err
	}
	f, err := a.Members.DeleteExternalID(ctx, c.Project, by, in.OrganizationID, in.MemberID)
	if err != nil {
		return nil, err
	}
	return &DeleteMemberExternalIDResponse{MemberReply: memberReply(c, f)}, nil
}
