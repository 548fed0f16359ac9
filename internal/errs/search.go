package errs

// Searching organizations and members.
var (
	UserSearchInvalidCursor = row(400, "user_search_invalid_cursor",
		"The cursor is not valid. Please start the search again.",
		"The cursor was not given by this search or was changed.",
		"Send next_cursor of the page before, with the same query.")
	UserSearchInvalidOperator = row(400, "user_search_invalid_operator",
		"The operator must be AND or OR.",
		"operator has another value.",
		"Send AND.")
	UserSearchInvalidLimit = row(400, "user_search_invalid_limit",
		"The limit must be between 1 and 1000.",
		"limit is outside this range.",
		"Send a number in the range, or leave the field out for 100.")

	OrganizationSearchFilterNameNotRecognized = row(400, "organization_search_filter_name_not_recognized",
		"One of the filters is not known.", unknownFilter, useKnownFilter)
	OrganizationSearchFilterNameMustBeString = row(400, "organization_search_filter_name_must_be_string",
		"The name of a filter must be a text.", filterNameNoText, useKnownFilter)
	OrganizationSearchMissingFilterName = row(400, "organization_search_missing_filter_name",
		"One of the filters has no name.", noFilterName, useKnownFilter)
	OrganizationSearchMissingFilterValue = row(400, "organization_search_missing_filter_value",
		"One of the filters has no value.", noFilterValue, sendFilterValue)
	OrganizationSearchExpectedArrayOfStrings = row(400, "organization_search_expected_array_of_strings",
		"One of the filters needs a list of texts.", wrongFilterValue, sendFilterValue)
	OrganizationSearchExpectedString = row(400, "organization_search_expected_string",
		"One of the filters needs a text.", wrongFilterValue, sendFilterValue)
	OrganizationSearchExpectedBoolean = row(400, "organization_search_expected_boolean",
		"One of the filters needs true or false.", wrongFilterValue, sendFilterValue)

	OrganizationSearchMissingOrganizationIDs = emptyFilter("organization_search_missing_organization_ids",
		"organization_ids")
	OrganizationSearchMissingOrganizationSlugs = emptyFilter("organization_search_missing_organization_slugs",
		"organization_slugs")
	OrganizationSearchMissingOrganizationSlugFuzzy = emptyFilter("organization_search_missing_organization_slug_fuzzy",
		"organization_slug_fuzzy")
	OrganizationSearchMissingOrganizationNameFuzzy = emptyFilter("organization_search_missing_organization_name_fuzzy",
		"organization_name_fuzzy")
	OrganizationSearchMissingMemberEmails = emptyFilter("organization_search_missing_member_emails",
		"member_emails")
	OrganizationSearchMissingMemberEmailFuzzy = emptyFilter("organization_search_missing_member_email_fuzzy",
		"member_email_fuzzy")
	OrganizationSearchMissingAllowedDomains = emptyFilter("organization_search_missing_allowed_domains",
		"allowed_domains")
	OrganizationSearchMissingAllowedDomainFuzzy = emptyFilter("organization_search_missing_allowed_domain_fuzzy",
		"allowed_domain_fuzzy")
	OrganizationSearchMissingClaimedEmailDomains = emptyFilter("organization_search_missing_claimed_email_domains",
		"claimed_email_domains")
	OrganizationSearchOrganizationSlugFuzzyTooShort = shortFilter(
		"organization_search_organization_slug_fuzzy_too_short", "organization_slug_fuzzy")
	OrganizationSearchOrganizationNameFuzzyTooShort = shortFilter(
		"organization_search_organization_name_fuzzy_too_short", "organization_name_fuzzy")
	OrganizationSearchMemberEmailFuzzyTooShort = shortFilter(
		"organization_search_member_email_fuzzy_too_short", "member_email_fuzzy")
	OrganizationSearchAllowedDomainFuzzyTooShort = shortFilter(
		"organization_search_allowed_domain_fuzzy_too_short", "allowed_domain_fuzzy")

	MemberSearchMissingOrganizationID = row(400, "member_search_missing_organization_id",
		"Please name the organizations to search in.",
		"organization_ids is missing.",
		"Send at least one organization.")
	MemberSearchOrganizationIDsEmpty = row(400, "member_search_organization_ids_empty",
		"Please name at least one organization to search in.",
		"organization_ids is an empty list.",
		"Send at least one organization.")
	MemberSearchCannotMixInternalAndExternalMemberIDs = row(400,
		"member_search_cannot_mix_internal_and_external_member_ids",
		"Please send either ids or external ids of members, not both.",
		"The filter member_ids holds both kinds.",
		"Search twice.")
	MemberSearchFilterNameNotRecognized = row(400, "member_search_filter_name_not_recognized",
		"One of the filters is not known.", unknownFilter, useKnownFilter)
	MemberSearchFilterNameMustBeString = row(400, "member_search_filter_name_must_be_string",
		"The name of a filter must be a text.", filterNameNoText, useKnownFilter)
	MemberSearchMissingFilterName = row(400, "member_search_missing_filter_name",
		"One of the filters has no name.", noFilterName, useKnownFilter)
	MemberSearchMissingFilterValue = row(400, "member_search_missing_filter_value",
		"One of the filters has no value.", noFilterValue, sendFilterValue)
	MemberSearchExpectedArrayOfStrings = row(400, "member_search_expected_array_of_strings",
		"One of the filters needs a list of texts.", wrongFilterValue, sendFilterValue)
	MemberSearchExpectedString = row(400, "member_search_expected_string",
		"One of the filters needs a text.", wrongFilterValue, sendFilterValue)
	MemberSearchExpectedBoolean = row(400, "member_search_expected_boolean",
		"One of the filters needs true or false.", wrongFilterValue, sendFilterValue)

	MemberSearchMissingMemberIDs        = emptyFilter("member_search_missing_member_ids", "member_ids")
	MemberSearchMissingMemberEmails     = emptyFilter("member_search_missing_member_emails", "member_emails")
	MemberSearchMissingMemberEmailFuzzy = emptyFilter("member_search_missing_member_email_fuzzy",
		"member_email_fuzzy")
	MemberSearchMissingMemberRoles    = emptyFilter("member_search_missing_member_roles", "member_roles")
	MemberSearchMissingStatuses       = emptyFilter("member_search_missing_statuses", "statuses")
	MemberSearchMissingIsBreakglass   = emptyFilter("member_search_missing_is_breakglass", "member_is_breakglass")
	MemberSearchMissingPasswordExists = emptyFilter("member_search_missing_password_exists",
		"member_password_exists")
	MemberSearchMissingTOTPExists            = emptyFilter("member_search_missing_totp_exists", "member_totp_exists")
	MemberSearchMissingMFAMemberPhoneNumbers = emptyFilter("member_search_missing_mfa_member_phone_numbers",
		"member_mfa_phone_numbers")
	MemberSearchMissingMFAMemberPhoneNumberFuzzy = emptyFilter("member_search_missing_mfa_member_phone_number_fuzzy",
		"member_mfa_phone_number_fuzzy")
	MemberSearchMissingOrganizationSlug = emptyFilter("member_search_missing_organization_slug",
		"organization_slug")
	MemberSearchMissingOrganizationSlugFuzzy = emptyFilter("member_search_missing_organization_slug_fuzzy",
		"organization_slug_fuzzy")
	MemberSearchMemberEmailFuzzyTooShort = shortFilter("member_search_member_email_fuzzy_too_short",
		"member_email_fuzzy")
	MemberSearchMemberMFAPhoneNumberFuzzyTooShort = shortFilter(
		"member_search_member_mfa_phone_number_fuzzy_too_short", "member_mfa_phone_number_fuzzy")
	MemberSearchOrganizationSlugFuzzyTooShort = shortFilter(
		"member_search_organization_slug_fuzzy_too_short", "organization_slug_fuzzy")
)

// Texts that several rows share.
const (
	unknownFilter    = "filter_name is not the name of a filter of this search."
	filterNameNoText = "filter_name is not a JSON string."
	noFilterName     = "An operand has no filter_name."
	noFilterValue    = "An operand has no filter_value."
	wrongFilterValue = "filter_value has another JSON type than its filter needs."
	useKnownFilter   = "Use the name of a documented filter."
	sendFilterValue  = "Send a filter_value of the documented type."
)

func emptyFilter(name, filter string) *Error {
	return row(400, name, "The filter "+filter+" has no value.",
		"An operand with the filter "+filter+" came with an empty value.", "Send a value, or leave the operand out.")
}

func shortFilter(name, filter string) *Error {
	return row(400, name, "The filter "+filter+" needs at least three characters.",
		"The value is shorter than three characters.", "Send a longer value.")
}
