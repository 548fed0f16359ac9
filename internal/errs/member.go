package errs

// Members: finding them, their addresses, numbers and roles, and the tokens that providers gave them.
var (
	MemberNotFound = row(404, "member_not_found",
		"The member does not exist.",
		"No member of the organization has this id or external id, or the member was deleted.",
		"Check the reference, and that it belongs to the organization named beside it.")
	MemberDoesNotExistInOrganization = row(404, "member_does_not_exist_in_organization",
		"The member does not belong to this organization.",
		"The member exists, in another organization.",
		"Name the member's own organization.")
	EmailNotFound = row(404, "email_not_found",
		"The email address was not found.",
		"The member has no such address.",
		"Check the address or its id.")
	MemberPhoneNumberNotFound = row(404, "member_phone_number_not_found",
		"The member has no phone number.",
		"There is no number to delete.",
		"Nothing is left to do.")
	MemberPasswordNotFound = row(404, "member_password_not_found",
		"The password was not found.",
		"No member of the organization has a password with this id.",
		"Take the id from the member's member_password_id.")
	NoDeletedMemberFoundForReactivation = row(404, "no_deleted_member_found_for_reactivation",
		"There is no deleted member to bring back.",
		"The member is not deleted or does not exist.",
		"Look the member up first.")
	MemberOAuthTokenNotFound = row(404, "member_oauth_token_not_found",
		"No token of this provider is stored for the member.",
		"The member never signed in through this provider, or it gave no token.",
		"Let the member sign in through the provider again.")
	MemberOIDCTokenNotFound = row(404, "member_oidc_token_not_found",
		"No token of an identity provider is stored for the member.",
		"The member never signed in through an OIDC connection.",
		"Let the member sign in through the connection again.")

	InvalidMemberGetFields = row(400, "invalid_member_get_fields",
		"Please name the member by member_id or by email_address.",
		"Neither of the two query values was sent.",
		"Send one of them.")
	InvalidEmail = row(400, "invalid_email",
		"The email address is not valid. Please check it.",
		"The address cannot be an address that receives mail.",
		"Correct the address.")
	InactiveEmail = row(400, "inactive_email",
		"Mail to this address comes back. Please use another one.",
		"Earlier mail to the address could not be delivered.",
		"Use another address, or have the mailbox repaired.")
	EmailInDenylist = row(403, "email_in_denylist",
		"This email address cannot be used.",
		"The project's deny list holds the address or its domain.",
		"Use another address, or change the list.")
	EmailNotInAllowlist = row(403, "email_not_in_allowlist",
		"This email address cannot be used.",
		"The project has an allow list, and the address is not on it.",
		"Use an address from the list, or change the list.")
	DuplicateMemberEmail = row(400, "duplicate_member_email",
		"A member with this email address exists already.",
		"Addresses are unique in an organization, retired ones included.",
		"Update the member that has the address, or use another one.")
	DuplicateMemberExternalID = row(400, "duplicate_member_external_id",
		"A member with this external id exists already.",
		"External ids of members are unique in an organization.",
		"Choose another external id.")
	TooManyRoles = row(400, "too_many_roles",
		"Too many roles are listed.",
		"The list of roles is longer than allowed.",
		"Assign fewer roles.")
	CannotPreserveExistingSessions = row(400, "cannot_preserve_existing_sessions",
		"The member's sessions can only be kept when roles change.",
		"preserve_existing_sessions came without a change of roles.",
		"Leave the field out.")
	MemberCannotUpdateTheirEmailAddress = row(400, "member_cannot_update_their_email_address",
		"Members cannot change their own address in this way.",
		"The session in the header belongs to the member whose address would change.",
		"Start an email update, which proves the new address first.")
	EmailUnverifiedForReactivation = row(400, "email_unverified_for_reactivation",
		"The member has no verified address and cannot be brought back.",
		"Only deleted members with a verified address can be active again.",
		"Make a new member instead.")
	ReactivationEmailBelongsToAnotherMember = row(400, "reactivation_email_belongs_to_another_member",
		"Another member uses this address by now.",
		"The deleted member's address was given to somebody else.",
		"Change the other member's address first, or make a new member.")
	RetiredEmailMissingEmailIdentifiers = row(400, "retired_email_missing_email_identifiers",
		"Please name the retired address by email_id or email_address.",
		"Neither of the two fields was sent.",
		"Send one of them, or both of the same address.")
	RetiredMemberEmail = row(400, "retired_member_email",
		"This address belonged to a member before and cannot be used.",
		"The address is retired and still linked to its member.",
		"Unlink the retired address first, or use another one.")
	EmailUpdatesAvailableOnlyForActiveMembers = row(400, "email_updates_available_only_for_active_members",
		"Only active members can change their address.",
		"The member is pending, invited or deleted.",
		"Let the member sign in once first.")
	MemberHasNoActiveVerifiedEmail = row(400, "member_has_no_active_verified_email",
		"The member's present address must be verified first.",
		"The member has no verified address.",
		"Let the member sign in by email once first.")
	DesiredEmailDeactivatedByDifferentMember = row(400, "desired_email_deactivated_by_different_member",
		"This address cannot be used.",
		"The address is a retired one of another member.",
		"Use another address, or unlink it from the other member.")
	DesiredEmailUpdatingForDifferentMember = row(400, "desired_email_updating_for_different_member",
		"Somebody else is about to use this address. Please try again later.",
		"Another member asked for the same address within the last five minutes.",
		"Wait five minutes, or use another address.")
	UnableToVerifyMemberEmailUpdate = row(400, "unable_to_verify_member_email_update",
		"The change of address could not be completed. Please start it again.",
		"The request for the change is too old or was replaced.",
		"Start the email update again.")

	MissingOAuthRefreshToken = row(400, "missing_oauth_refresh_token",
		"The provider's token is too old and cannot be renewed.",
		"The stored access token is over, and the provider gave no refresh token.",
		"Let the member sign in through the provider again.")
	MissingOIDCRefreshToken = row(400, "missing_oidc_refresh_token",
		"The identity provider's token is too old and cannot be renewed.",
		"The stored access token is over, and the provider gave no refresh token.",
		"Let the member sign in through the connection again.")
	UnableToRefreshOAuthToken = row(400, "unable_to_refresh_oauth_token",
		"The provider did not renew its token.",
		"The provider refused the stored refresh token.",
		"Let the member sign in through the provider again.")
	UnableToRefreshOIDCToken = row(400, "unable_to_refresh_oidc_token",
		"The identity provider did not renew its token.",
		"The provider refused the stored refresh token.",
		"Let the member sign in through the connection again.")
	ConnectedAppNotAllowedForOrg = row(403, "connected_app_not_allowed_for_org",
		"The organization does not allow this app.",
		"The organization's settings for connected apps exclude it.",
		"Ask an administrator of the organization.")
)
